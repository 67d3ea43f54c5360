"""Settings of the whole test suite."""

import signal

import pytest
from hypothesis import settings

settings.register_profile("qwensim", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("qwensim")

pytest_plugins = ("pytester",)


def pytest_configure() -> None:
    # A shell has what it starts with "&" ignore Ctrl-C, and so would the programs of the tests.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--qwensim-target",
        action="append",
        choices=("fake", "served", "cassettes", "gateway", "live"),
        help="What the contract's cases are held against; repeatable. Live needs keys, and spends"
        " tokens. [default: all but live]",
    )
