"""Wrong arguments from Python: each is a `UsageError` that names what was seen and what may be."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
import pytest

from qwensim import (
    Account,
    Counts,
    Script,
    Simulator,
    TaskPace,
    Used,
    VirtualClock,
    mock,
    mount,
    serve,
)
from qwensim.errors import UsageError
from qwensim.server import SystemClock
from qwensim.transport import transport


def wrong(value: object) -> Any:
    return value


def told(call: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"seed": "a"}, "seed is a whole number, not 'a'"),
        ({"seed": 1.5}, "seed is a whole number, not 1.5"),
        ({"catalog": "my.toml"}, "catalog is a Catalog, such as load_catalog(), not 'my.toml'"),
        ({"clock": 3}, "clock is a Clock, such as VirtualClock(), not 3"),
        (
            {"tokenizer": "exact"},
            "tokenizer is a Tokenizer, such as exact_tokenizer(), not 'exact'",
        ),
        ({"accounts": ["sk-sp-0123456789"]}, "an account is an Account, not '[redacted]'"),
        ({"accounts": 3}, "accounts is a list of Account, not 3"),
        ({"journal_size": -3}, "journal_size is a whole number from 0 on, not -3"),
        ({"journal_size": "x"}, "journal_size is a whole number from 0 on, not 'x'"),
        ({"pace": "slow"}, "pace is a Pace, such as INSTANT or REALISTIC, not 'slow'"),
        ({"task_pace": TaskPace(polls=0)}, "TaskPace: polls: Expected `int` >= 1; seen: 0"),
    ],
)
def test_a_simulator_that_cannot_be(settings: dict[str, Any], problem: str) -> None:
    assert told(lambda: Simulator(**settings)) == problem


def test_a_key_of_the_wrong_type_is_not_told() -> None:
    account = Account(key=wrong(b"sk-sp-0123456789"), plan="coding")
    message = told(lambda: Simulator(accounts=[account]))
    assert message.startswith("Account: key: Expected `str`, got `bytes`")
    assert "0123456789" not in message


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": "delay", "seconds": -1}, "Fault: seconds: Expected `float` >= 0.0; seen: -1"),
        ({"kind": "drop", "after": "x"}, "Fault: after: Expected `int`, got `str`; seen: 'x'"),
        ({"kind": "drop", "nope": 3}, "Fault: Unexpected keyword argument 'nope'; there are: kind"),
    ],
)
def test_a_fault_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    kind = fields.pop("kind")
    assert told(lambda: Simulator().fault(kind, **fields)).startswith(problem)


def test_an_account_that_cannot_be() -> None:
    simulator = Simulator()
    assert told(lambda: simulator.account(nope=3)).startswith("Account: Unexpected keyword")
    assert told(simulator.account) == (
        "Account: Missing required argument 'key'; there are: key, plan, region, state, models, "
        "denied, spent, tier, subscription_day, used"
    )
    assert told(lambda: simulator.account(wrong(3))) == "an account is an Account, not 3"
    late = Account(key="sk-sp-0123456789", plan="coding", used=Used(hours=-3))
    assert told(lambda: simulator.account(late)) == "Used: hours: Expected `int` >= 0; seen: -3"


def test_a_script_that_is_given_twice_is_none() -> None:
    simulator = Simulator()
    assert told(lambda: simulator.script("a", text="b")) == (
        "a script's text is given twice: 'a' and 'b'"
    )
    ready = simulator.script("a")
    assert told(lambda: simulator.script(ready, model="qwen-plus")) == (
        "a Script has its fields already; model cannot be given beside it"
    )
    ready_fault = simulator.fault("drop")
    assert told(lambda: simulator.fault(ready_fault, after=1)) == (
        "a Fault has its fields already; after cannot be given beside it"
    )


def test_the_counts_of_a_script_are_checked() -> None:
    for prompt, problem in ((-1, "`int` >= 0"), ("x", "`int | null`, got `str`")):
        counts = Counts(prompt=wrong(prompt))
        script = Script(text="a", usage=counts)
        message = told(partial(Simulator().script, script))
        assert message == f"Counts: prompt: Expected {problem}; seen: {prompt!r}"


@pytest.mark.parametrize("clock", [VirtualClock, SystemClock])
@pytest.mark.parametrize("seconds", [-3, "x", float("nan")])
def test_a_clock_goes_forward_only(clock: Any, seconds: Any) -> None:
    message = f"a clock goes forward only, by seconds from 0 on, not by {seconds!r}"
    assert told(lambda: clock().advance(seconds)) == message


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: serve(wrong(3)).__enter__(), "simulator is a Simulator, not 3"),
        (lambda: serve(Simulator(), port=wrong("x")).__enter__(), "no port 'x': give one from 1"),
        (lambda: serve(Simulator(), host=wrong(3)).__enter__(), "host is a name or an address"),
        (lambda: transport(wrong(3), httpx2), "simulator is a Simulator, not 3"),
        (lambda: transport(Simulator(), wrong(3)), "library is the module httpx2 or httpx, not 3"),
        (lambda: mock(simulator=wrong(3)).__enter__(), "simulator is a Simulator, not 3"),
        (lambda: mock(strict=wrong("x")).__enter__(), "strict is True or False, not 'x'"),
        (lambda: mock(allow=wrong([3])).__enter__(), "a host to allow is a text, not 3"),
        (lambda: mock(allow=wrong(3)).__enter__(), "allow is a list of hosts, not 3"),
        (lambda: mount(wrong(3), Simulator()), "router is a respx.Router, not 3"),
    ],
)
def test_an_adapter_that_cannot_be(call: Callable[[], object], problem: str) -> None:
    assert told(call).startswith(problem)


def test_a_port_in_use_is_told_in_few_words() -> None:
    with serve(Simulator()) as server:
        message = told(lambda: serve(Simulator(), port=server.port).__enter__())
    assert re.fullmatch(
        r"cannot listen on 127\.0\.0\.1 port \d+ \(Address already in use\): give another port, .*",
        message,
    )
