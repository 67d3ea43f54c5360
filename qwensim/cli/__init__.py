"""The command line. It starts fast: each command imports what it needs when it runs."""

from qwensim.cli.app import main

__all__ = ["main"]
