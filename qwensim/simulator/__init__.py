"""The fake service: no I/O, no clock and no chance of its own."""

from qwensim.simulator.accounts import Account, Used, read_accounts
from qwensim.simulator.clock import Clock, VirtualClock
from qwensim.simulator.faults import Fault
from qwensim.simulator.journal import Entry, Journal
from qwensim.simulator.pace import INSTANT, PACES, REALISTIC, Pace
from qwensim.simulator.replies.reply import Ask, Counts, ToolCall
from qwensim.simulator.replies.scripts import Script
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.service import Simulator
from qwensim.simulator.tasks import TASK_PACES, TaskPace

__all__ = [
    "INSTANT",
    "PACES",
    "REALISTIC",
    "TASK_PACES",
    "Account",
    "Ask",
    "Clock",
    "Counts",
    "Entry",
    "Fault",
    "Journal",
    "Pace",
    "Script",
    "Simulator",
    "TaskPace",
    "Tokenizer",
    "ToolCall",
    "Used",
    "VirtualClock",
    "read_accounts",
]
