"""Other people's programs, run so that the fake answers for the service's hosts."""

from qwensim.running.command import NOT_FOUND, NOT_RUNNABLE, run_to_end
from qwensim.running.environment import AUTHORITIES, DIRECT, missing_keys, variables
from qwensim.running.node import obstacle

__all__ = [
    "AUTHORITIES",
    "DIRECT",
    "NOT_FOUND",
    "NOT_RUNNABLE",
    "missing_keys",
    "obstacle",
    "run_to_end",
    "variables",
]
