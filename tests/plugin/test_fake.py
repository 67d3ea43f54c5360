"""`Fake`: the journal's assertions and the problems at the end of a test."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim import Account, Fake, Fault, Script, Simulator, UsageError
from qwensim.exchange import Request
from qwensim.server import SystemClock

GLOBAL = "dashscope-intl.aliyuncs.com"
CODING = "coding.dashscope.aliyuncs.com"
QUESTION = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Why is it blue?"}]}


def ask(
    fake: Fake, body: Any = None, *, host: str = GLOBAL, key: str = "sk-not-a-real-key", **more: Any
) -> None:
    path = "/v1" if host.startswith("coding") else "/compatible-mode/v1"
    content = {**QUESTION, **more} if body is None else body
    request = Request(
        method="POST",
        host=host,
        path=f"{path}/chat/completions",
        headers=(("authorization", f"Bearer {key}"), ("user-agent", "test")),
        body=json.dumps(content).encode(),
    )
    list(fake.simulator.handle(request))


def failure(assertion: Any, **expected: Any) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        assertion(**expected)
    return str(caught.value).splitlines()


def test_what_is_set_on_the_fake_is_set_on_its_simulator() -> None:
    fake = Fake()
    assert fake.script("Hello", model="qwen*") == Script(text="Hello", model="qwen*")
    assert fake.fault("delay", seconds=2) == Fault(kind="delay", seconds=2)
    account = fake.account(key="sk-1234567890")
    assert account == Account(key="sk-1234567890")
    ask(fake, key="sk-0987654321")
    assert fake.requests[0].status == 401
    assert fake.requests[0].fault == "delay"
    ask(fake, key=account.key)
    assert fake.requests[1].scripted


def test_time_goes_when_it_is_told_to() -> None:
    fake = Fake()
    start = fake.simulator.clock.now()
    fake.advance(90)
    assert fake.simulator.clock.now() == start + 90
    ask(fake)
    assert fake.requests[0].at == start + 90
    with pytest.raises(UsageError, match="forward only"):
        fake.advance(-1)


def test_a_clock_that_goes_by_itself_cannot_be_moved() -> None:
    fake = Fake(Simulator(clock=SystemClock()))
    with pytest.raises(UsageError, match="this simulator has a SystemClock"):
        fake.advance(1)


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"model": "qwen-plus"},
        {"model": "qwen-*", "host": "*-intl.*", "stream": False},
        {"thinking": True},
        {"last_user": "is it"},
        {"last_user": re.compile("^Why .*[?]$")},
        {"temperature": 0.5, "seed": None, "top_p": None},
        {"messages": [{"role": "user", "content": re.compile("blue")}]},
        {"status": 200, "error": None, "method": "POST", "scripted": False},
        {"times": 1},
    ],
    ids=str,
)
def test_a_request_that_fits_is_returned(expected: dict[str, Any]) -> None:
    fake = Fake()
    ask(fake, temperature=0.5, enable_thinking=True, seed=None)
    assert fake.assert_requested(**expected) == fake.requests
    conditions = {name: value for name, value in expected.items() if name != "times"}
    with pytest.raises(AssertionError, match="expected no request"):
        fake.assert_not_requested(**conditions)


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        ({"model": "qwen3*"}, "model: expected 'qwen3*', was 'qwen-plus'"),
        ({"host": CODING}, f"host: expected '{CODING}', was '{GLOBAL}'"),
        ({"stream": True}, "stream: expected True, was False"),
        ({"thinking": True}, "thinking: expected True, was absent"),
        ({"last_user": "green"}, "last_user: expected 'green', was 'Why is it blue?'"),
        ({"last_user": re.compile("^is")}, "last_user: expected '^is', was 'Why is it blue?'"),
        ({"temperature": None}, "temperature: expected None, was 0.5"),
        ({"temperature": 0.7}, "temperature: expected 0.7, was 0.5"),
        ({"n": True}, "n: expected True, was 1"),
        ({"status": 401}, "status: expected 401, was 200"),
        (
            {"messages": [{"role": "system", "content": "Why is it blue?"}]},
            "messages[0].role: expected 'system', was 'user'",
        ),
        ({"messages": []}, "messages[0]: expected absent, was {"),
        ({"stop": ["a"]}, "stop: expected ['a'], was absent"),
        ({"metadata": {"a": {"b": 1, "c": 2}}}, "metadata.a.b: expected 1, was 0"),
    ],
    ids=str,
)
def test_the_nearest_request_is_told_apart_field_by_field(
    expected: dict[str, Any], line: str
) -> None:
    fake = Fake()
    ask(fake, temperature=0.5, n=1, metadata={"a": {"b": 0, "c": 2}})
    lines = failure(fake.assert_requested, **expected)
    assert lines[1] == "found 0 of 1 so far"
    assert lines[2].startswith(f"nearest: request 1, POST {GLOBAL}/compatible-mode/v1")
    assert lines[3].startswith(f"  {line}")
    fake.assert_not_requested(**expected)


def test_the_nearest_request_is_the_latest_of_those_with_the_fewest_differences() -> None:
    fake = Fake()
    ask(fake, model="qwen-max", top_p=0.1)
    ask(fake, top_p=0.2)
    ask(fake, top_p=0.3)
    ask(fake, model="qwen-max", top_p=0.4)
    lines = failure(fake.assert_requested, model="qwen-plus", top_p=0.9)
    assert lines[0] == "expected a request with model='qwen-plus', top_p=0.9"
    assert lines[2].startswith("nearest: request 3,")
    assert lines[3:] == ["  top_p: expected 0.9, was 0.3"]


def test_a_refused_request_is_asked_about_by_what_it_asked_for() -> None:
    fake = Fake()
    ask(fake, key="sk-sp-of-another-plan")
    fake.assert_requested(model="qwen-plus", last_user="blue", status=401, error="wrong-key")
    assert "answered 401 wrong-key" in failure(fake.assert_requested, model="x")[2]


def test_without_a_request_there_is_none_to_show() -> None:
    lines = failure(Fake().assert_requested, model="qwen-plus")
    assert lines == ["expected a request with model='qwen-plus'", "found 0 of 0 so far"]
    assert failure(Fake().assert_requested)[0] == "expected a request"


def test_how_often_is_counted_exactly() -> None:
    fake = Fake()
    ask(fake)
    ask(fake)
    ask(fake, model="qwen-max")
    assert len(fake.assert_requested(times=2, model="qwen-plus")) == 2
    more = failure(fake.assert_requested, times=3, model="qwen-plus")
    assert more[:2] == ["expected 3 requests with model='qwen-plus'", "found 2 of 3 so far"]
    assert [line[:11] for line in more[2:4]] == ["  request 1", "  request 2"]
    assert more[4:][0].startswith("nearest: request 3")
    fewer = failure(fake.assert_requested, times=1, model="qwen-plus")
    assert fewer[0] == "expected 1 request with model='qwen-plus'"
    assert len(fewer) == 4
    none = failure(fake.assert_not_requested, model="qwen-max")
    assert none[0] == "expected no request with model='qwen-max'"
    assert none[2].startswith("  request 3, POST")
    with pytest.raises(UsageError, match="not -1"):
        fake.assert_requested(times=-1)


def test_a_request_that_never_came_through_says_so() -> None:
    fake = Fake()
    fake.fault("connect-error")
    ask(fake)
    assert "not answered" in failure(fake.assert_not_requested)[2]


def test_text_parts_are_read_as_one_text() -> None:
    fake = Fake()
    parts = [{"type": "text", "text": "Why is"}, {"type": "text", "text": " it blue?"}]
    ask(fake, messages=[{"role": "user", "content": parts}, {"role": "assistant", "content": "x"}])
    fake.assert_requested(last_user="Why is it blue?")


def test_what_a_user_says_in_several_messages_is_one_turn() -> None:
    fake = Fake()
    fake.script("Blue light scatters.", last_user="blue")
    system = {"role": "system", "content": "Be short."}
    texts = ("Hello", None, "Why is it blue?", "It is noon.")
    hello, _, why, noon = ({"role": "user", "content": text} for text in texts)
    ask(fake, messages=[hello, {"role": "assistant", "content": "Yes?"}, why, system, noon])
    fake.assert_requested(last_user=re.compile("^Why is it blue[?]\nIt is noon[.]$"), scripted=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(body=JSON | st.fixed_dictionaries({"messages": JSON}), wanted=JSON)
def test_any_body_can_be_asked_about(body: Any, wanted: Any) -> None:
    fake = Fake()
    ask(fake, [] if body is None else body)
    expected = {"last_user": wanted, "thinking": wanted, "messages": wanted, "model": wanted}
    fitting = all(is_requested(fake, **{name: wanted}) for name in expected)
    assert is_requested(fake, **expected) == fitting


def is_requested(fake: Fake, **expected: Any) -> bool:
    try:
        fake.assert_requested(**expected)
    except AssertionError:
        fake.assert_not_requested(**expected)
        return False
    return True


def test_no_assertion_shows_a_key() -> None:
    fake = Fake()
    ask(fake, key="sk-a-very-secret-key", user="sk-a-very-secret-key")
    shown = "\n".join(failure(fake.assert_requested, user="me"))
    assert "user: expected 'me', was '[redacted]'" in shown
    assert "very-secret" not in shown


def test_what_is_left_at_the_end_is_a_problem() -> None:
    fake = Fake()
    assert fake.problems() == []
    fake.script("One", model="qwen-max")
    fake.script("Two", times=2)
    fake.script("sk-a-very-secret-key", times=None)
    ask(fake)
    fake.refuse("api.openai.com")
    fake.refuse("api.openai.com")
    assert fake.problems() == [
        "script not used up: text='One', model='qwen-max'",
        "script not used up: text='Two', times=2",
        "script not used up: text='[redacted]', times=None",
        "host refused: api.openai.com (requests: 2); allow('api.openai.com') would let them pass",
    ]


def test_a_script_without_end_has_to_be_used_once() -> None:
    fake = Fake()
    fake.script("Hello", times=None)
    assert len(fake.problems()) == 1
    ask(fake)
    assert fake.problems() == []


def test_under_strict_a_reply_needs_a_script() -> None:
    fake = Fake(strict=True)
    fake.script("Hello")
    ask(fake)
    ask(fake, model="qwen-max")
    ask(fake, key="sk-sp-refused-key")
    (line,) = fake.problems()
    assert line.startswith("no script matched: request 2, POST")
    assert line.endswith("model qwen-max")
    assert fake.problems(strict=False) == []
    lax = Fake()
    ask(lax)
    assert lax.problems() == []
    assert len(lax.problems(strict=True)) == 1


def test_a_host_is_allowed_by_name_or_wildcard() -> None:
    fake = Fake(allow=["Example.com."])
    assert fake.allows("example.com")
    assert not fake.allows("www.example.com")
    fake.allow("*.example.com")
    assert fake.allows("www.example.com")
    assert not fake.allows("example.org")
    with pytest.raises(UsageError, match=f"{GLOBAL} is the service's own host"):
        fake.allow(GLOBAL)
    with pytest.raises(UsageError, match=r"must be a list of hosts, not the string 'a\.com'"):
        Fake(allow="a.com")


def test_a_refusal_says_how_to_allow_the_host() -> None:
    fake = Fake()
    told = fake.refuse("api.openai.com")
    assert told.startswith("api.openai.com is refused")
    assert told.endswith("allow('api.openai.com')")
    assert all(host in told for host in fake.simulator.catalog.hosts)
