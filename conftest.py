"""Settings of the whole test suite."""

import signal

import pytest
from hypothesis import settings

settings.register_profile("qwensim", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("qwensim")

pytest_plugins = ("pytester",)


def pytest_configure() -> None:
    # What nohup or a shell's "&" has ignored, the programs that tests start would ignore too; a
    # handler is not inherited.
    for name in ("SIGHUP", "SIGINT", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            handler = signal.default_int_handler if name == "SIGINT" else lambda *_: None
            signal.signal(number, handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--qwensim-target",
        action="append",
        choices=("fake", "served", "cassettes", "gateway", "live"),
        help="What the contract's cases are held against; repeatable. Live needs keys, and spends"
        " tokens. [default: all but live]",
    )
