"""The journal: what was asked and how it was answered, bounded, in order, whatever asks at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from qwensim.simulator import Simulator

Send = Callable[..., Any]


def test_an_answer_is_entered(send: Send) -> None:
    simulator = Simulator()
    reply = send(simulator, query="a=1", stream=True, max_tokens=3)
    entry = simulator.journal[-1]
    assert entry.number == 1
    assert entry.at == simulator.clock.now()
    assert (entry.method, entry.host, entry.path, entry.query) == (
        "POST",
        "dashscope-intl.aliyuncs.com",
        "/compatible-mode/v1/chat/completions",
        "a=1",
    )
    assert entry.headers == (
        ("user-agent", "OpenAI/Python 3.0.0"),
        ("authorization", "[redacted]"),
    )
    assert entry.body["max_tokens"] == 3
    assert (entry.status, entry.error, entry.message) == (200, None, None)
    assert entry.request_id == reply.headers["x-request-id"]
    assert (entry.model, entry.stream, entry.scripted, entry.fault) == (
        "qwen3-max",
        True,
        False,
        None,
    )
    assert (entry.usage or {})["completion"] == 3


def test_a_refusal_is_entered_with_the_service_s_words(send: Send) -> None:
    simulator = Simulator()
    reply = send(simulator, top_p=0, stream=True)
    entry = simulator.journal[-1]
    assert (entry.status, entry.error, entry.stream) == (400, "top-p-range", True)
    assert entry.message == reply.error["message"]
    assert (entry.model, entry.usage) == ("qwen3-max", None)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"", None),
        (b'{"a": 1}', {"a": 1}),
        (b"[1, null]", [1, None]),
        (b"null", None),
        (b'{"a"', '{"a"'),
        (b"a=1&b=2", "a=1&b=2"),
        (b"a%20b+c", "a%20b+c"),
        (b"\xff", "\ufffd"),
        (b'{"a":1e400}', '{"a":1e400}'),
    ],
)
@pytest.mark.parametrize("key", [None, "sk-12345678"])
def test_the_body_is_kept_as_json_or_as_text(
    send: Send, raw: bytes, kept: Any, key: str | None
) -> None:
    simulator = Simulator()
    send(simulator, raw=raw, key=key)
    assert simulator.journal[-1].body == kept


def test_a_body_nested_too_deep_is_kept_as_text(send: Send) -> None:
    simulator = Simulator()
    raw = b'{"k":"sk-12345678","a":' + b"[" * 700 + b"]" * 700 + b"}"
    send(simulator, raw=raw)
    assert simulator.journal[-1].body == raw.decode().replace("sk-12345678", "[redacted]")


def test_the_last_exchanges_are_kept(send: Send) -> None:
    simulator = Simulator(journal_size=3)
    for number in range(5):
        send(simulator, seed=number)
    assert len(simulator.journal) == 3
    assert [entry.number for entry in simulator.journal] == [3, 4, 5]
    assert [entry.body["seed"] for entry in simulator.journal] == [2, 3, 4]
    assert [simulator.journal[index].number for index in (0, -1)] == [3, 5]


def test_a_thousand_exchanges_are_kept_by_default(send: Send) -> None:
    simulator = Simulator()
    for _ in range(1001):
        send(simulator, raw=b"{")
    assert len(simulator.journal) == 1000
    assert simulator.journal[0].number == 2


def test_entries_are_found_by_a_condition(send: Send) -> None:
    simulator = Simulator()
    send(simulator)
    send(simulator, model="nope")
    found = simulator.journal.matching(lambda entry: entry.error is not None)
    assert [entry.number for entry in found] == [2]


def test_the_journal_can_be_written_as_json(send: Send) -> None:
    simulator = Simulator()
    send(simulator, n=2**70)
    send(simulator, raw=b"\xff")
    entries = msgspec.json.decode(msgspec.json.encode(list(simulator.journal)))
    assert [entry["number"] for entry in entries] == [1, 2]


def test_an_entry_is_made_before_the_answer_is_played(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("drop-before-headers")
    send(simulator)
    assert simulator.journal[-1].fault == "drop-before-headers"


def test_threads_share_a_simulator(send: Send) -> None:
    simulator = Simulator()
    simulator.script("scripted", times=10)

    def ask(number: int) -> Any:
        return send(simulator, stream=bool(number % 2), user=str(number % 4))

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(ask, range(200)))
    assert {reply.status for reply in replies} == {200}
    ids = {reply.headers["x-request-id"] for reply in replies}
    assert len(ids) == 200
    assert ids == {entry.request_id for entry in simulator.journal}
    assert [entry.number for entry in simulator.journal] == list(range(1, 201))
    assert [reply.text for reply in replies].count("scripted") == 10
    assert len({reply.text for reply in replies} - {"scripted"}) == 4


def test_two_simulators_never_meet(send: Send) -> None:
    one, other = Simulator(), Simulator()
    one.script("one")
    one.fault("connect-error", times=None, model="qwen-plus")
    assert send(other).text != "one"
    assert send(other, model="qwen-plus").status == 200
    assert (len(one.journal), len(other.journal)) == (0, 2)


def test_ids_stay_unlike_when_the_memory_of_requests_starts_anew(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwensim.simulator.identifiers._REMEMBERED", 3)
    simulator = Simulator()
    ids = [send(simulator, seed=number % 5).headers["x-request-id"] for number in range(50)]
    assert len(set(ids)) == 50


def test_an_id_depends_on_its_own_request_alone(send: Send) -> None:
    busy, quiet = Simulator(), Simulator()
    send(busy, model="qwen-plus")
    ids = [send(simulator).headers["x-request-id"] for simulator in (busy, quiet)]
    assert ids[0] == ids[1]
