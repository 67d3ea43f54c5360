"""The fake service: no I/O, no clock and no chance of its own."""

from qwensim.simulator.accounts import Account, read_accounts
from qwensim.simulator.clock import Clock, VirtualClock
from qwensim.simulator.faults import Fault
from qwensim.simulator.journal import Entry, Journal
from qwensim.simulator.pace import INSTANT, PACES, REALISTIC, Pace
from qwensim.simulator.replies.reply import Ask, Counts, ToolCall
from qwensim.simulator.replies.scripts import Script
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.service import Simulator

__all__ = [
    "INSTANT",
    "PACES",
    "REALISTIC",
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
    "Tokenizer",
    "ToolCall",
    "VirtualClock",
    "read_accounts",
]
