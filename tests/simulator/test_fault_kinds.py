"""The kinds of faults that change an answer and leave it to come to its end, and their headers."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any, get_args

import pytest

from qwensim.errors import UsageError
from qwensim.exchange import Abort, End, Head, Wait
from qwensim.simulator import Fault, Simulator
from qwensim.simulator.faults import KINDS, Kind

Send = Callable[..., Any]

STREAM = {"stream": True, "stream_options": {"include_usage": True}}
CHINESE = [{"role": "user", "content": "你好，请问？"}]
NATIVE = "/api/v1/services/aigc/text-generation/generation"
STORAGE = "dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com"


def with_fault(send: Send, kind: Any, fields: Any = None, **fault: Any) -> Any:
    simulator = Simulator()
    simulator.fault(kind, **fault)
    return send(simulator, **(STREAM if fields is None else fields))


def plain(send: Send, fields: Any = None) -> Any:
    return send(Simulator(), **(STREAM if fields is None else fields))


def test_every_kind_is_in_the_table_and_no_other() -> None:
    assert [*KINDS] == [*get_args(Kind)]


def test_a_stall_at_every_position(send: Send) -> None:
    events = plain(send).events
    for position in range(len(plain(send).chunks)):
        reply = with_fault(send, "stall", after=position, seconds=30)
        expected = [*events]
        expected.insert(events.index(plain(send).chunks[position]), Wait(seconds=30))
        assert reply.events == expected


def test_a_slow_first_token_comes_long_behind_the_headers(send: Send) -> None:
    reply = with_fault(send, "stall", seconds=20)
    assert isinstance(reply.events[0], Head)
    assert reply.events[1] == Wait(seconds=20)


@pytest.mark.parametrize("stream", [False, True])
def test_a_duplicate_chunk(send: Send, stream: bool) -> None:
    if not stream:
        assert with_fault(send, "duplicate-chunk", {}).events == plain(send, {}).events
        return
    for position, chunk in enumerate(plain(send).chunks):
        reply = with_fault(send, "duplicate-chunk", after=position)
        assert reply.chunks[position : position + 2] == [chunk, chunk]
        assert reply.chunks[:position] + reply.chunks[position + 1 :] == plain(send).chunks


@pytest.mark.parametrize("fields", [STREAM, {**STREAM, "n": 3}, {**STREAM, "model": "qwen-plus"}])
def test_usage_on_the_wrong_chunk(send: Send, fields: Any) -> None:
    expected = plain(send, fields)
    reply = with_fault(send, "misplaced-usage", fields)
    assert "usage" not in reply.kinds
    assert len(reply.chunks) == len(expected.chunks) - 1
    *others, finish = reply.frames
    assert finish["usage"] == expected.usage
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert others == expected.frames[:-2]
    assert {**finish, "usage": None} == expected.frames[-2]
    assert [*finish] == [*expected.frames[-2]], "the order of the keys"
    assert reply.chunks[-2].data.startswith(b"data: {")
    assert reply.chunks[-2].data.endswith(b"}\n\n")
    assert b": " not in reply.chunks[-2].data.removeprefix(b"data: ")


def test_usage_that_was_not_asked_for_is_nowhere(send: Send) -> None:
    fields = {"stream": True}
    assert with_fault(send, "misplaced-usage", fields).events == plain(send, fields).events


def test_usage_that_is_no_longer_json_stays_where_it_is(send: Send) -> None:
    finish = len(plain(send, STREAM).chunks) - 3
    broken = with_fault(send, "malformed-chunk", after=finish)
    simulator = Simulator()
    simulator.fault("malformed-chunk", after=finish)
    simulator.fault("misplaced-usage")
    assert send(simulator, **STREAM).events == broken.events


@pytest.mark.parametrize("fields", [STREAM, {}])
def test_characters_cut_by_the_end_of_a_write(send: Send, fields: Any) -> None:
    fields = {**fields, "messages": CHINESE}
    simulator = Simulator()
    simulator.script("é 好 \N{SLICE OF PIZZA}!", times=None)
    expected = send(simulator, **fields)
    simulator.fault("split-utf8")
    reply = send(simulator, **fields)
    assert reply.body == expected.body.replace(
        expected.headers["x-request-id"].encode(), reply.headers["x-request-id"].encode()
    )
    with_more = [chunk for chunk in expected.chunks if not chunk.data.isascii()]
    assert with_more
    assert len(reply.chunks) == len(expected.chunks) + len(with_more)
    broken = [chunk.data for chunk in reply.chunks if not is_utf8(chunk.data)]
    assert len(broken) == 2 * len(with_more)
    assert all(
        is_utf8(first + second) for first, second in zip(broken[::2], broken[1::2], strict=True)
    )


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_ascii_has_no_characters_to_cut(send: Send) -> None:
    assert with_fault(send, "split-utf8").events == plain(send).events


@pytest.mark.parametrize("fields", [STREAM, {}, {"model": "nope"}])
@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=utf-8"])
def test_a_wrong_content_type(send: Send, fields: Any, kind: str) -> None:
    headers = {} if kind == "text/plain" else {"Content-Type": kind}
    reply, expected = (
        with_fault(send, "wrong-content-type", fields, headers=headers),
        plain(send, fields),
    )
    assert reply.events[1:] == expected.events[1:]
    assert reply.headers == {**expected.headers, "content-type": kind}
    assert [name for name, _ in reply.header_list] == [name for name, _ in expected.header_list]


@pytest.mark.parametrize("fields", [STREAM, {}, {"model": "nope"}])
def test_gzip(send: Send, fields: Any) -> None:
    reply, expected = with_fault(send, "gzip", fields), plain(send, fields)
    assert reply.headers == {**expected.headers, "content-encoding": "gzip"}
    assert gzip.decompress(reply.body) == expected.body
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = [unpacker.decompress(chunk.data) for chunk in reply.chunks]
    assert unpacked[:-1] == [chunk.data for chunk in expected.chunks], "each as it comes"
    assert unpacker.eof
    assert reply.events[-1] == End()


def test_gzip_that_breaks_off_has_no_end(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("drop", after=2)
    simulator.fault("gzip")
    reply = send(simulator, **STREAM)
    assert reply.events[-1] == Abort()
    with pytest.raises(EOFError):
        gzip.decompress(reply.body)


def test_nothing_is_not_packed(send: Send) -> None:
    fields = {"path": "/nowhere"}
    assert with_fault(send, "gzip", fields).events == plain(send, fields).events


@pytest.mark.parametrize("kind", ["gzip", "malformed-chunk"])
def test_a_length_that_is_no_longer_true_is_not_told(send: Send, kind: Any) -> None:
    fields = {"host": STORAGE, "path": "/1d/nothing.mp4", "method": "GET", "raw": b""}
    expected = plain(send, fields)
    assert "content-length" in expected.headers
    assert "content-length" not in with_fault(send, kind, fields).headers


@pytest.mark.parametrize("after", [0, 3])
def test_keep_alive_comments(send: Send, after: int) -> None:
    reply, expected = with_fault(send, "keep-alive", after=after), plain(send)
    assert reply.kinds.count("comment") == len(expected.chunks) - after
    assert [chunk for chunk in reply.chunks if chunk.kind != "comment"] == expected.chunks
    assert reply.kinds[after::2] == ["comment"] * (len(expected.chunks) - after)
    comments = {chunk.data for chunk in reply.chunks if chunk.kind == "comment"}
    assert comments == {b": keep-alive\n\n"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "headers", [{}, {"Retry-After": "7"}, {"retry-after-ms": "50", "x-request-id": "none"}]
)
def test_an_error_with_headers_and_without(
    send: Send, stream: bool, headers: dict[str, str]
) -> None:
    fields = {"stream": stream}
    reply = with_fault(send, "error", fields, error="rate-limit", headers=headers)
    expected = with_fault(send, "error", fields, error="rate-limit")
    assert "retry-after" not in expected.headers
    lower = {name.lower(): value for name, value in headers.items()}
    assert reply.headers == {**expected.headers, **lower}
    assert reply.status == 429
    assert reply.body == expected.body


def test_a_script_s_error_has_headers_too(send: Send) -> None:
    simulator = Simulator()
    simulator.script(fault=Fault(kind="error", error="rate-limit", headers={"retry-after": "7"}))
    reply = send(simulator)
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("kind", ["gzip", "keep-alive", "split-utf8", "duplicate-chunk", "stall"])
def test_the_native_surface_has_faults_too(send: Send, kind: Any) -> None:
    fields = {
        "path": NATIVE,
        "headers": (("x-dashscope-sse", "enable"),),
        "input": {"messages": CHINESE},
        "without": "messages",
    }
    simulator = Simulator()
    simulator.fault(kind)
    reply = send(simulator, **fields)
    assert reply.events != plain(send, fields).events
    assert simulator.journal[-1].fault == kind
    assert json.loads(unpacked(reply).split(b"\n\n")[-2].partition(b"data:")[2])["output"], (
        "it ends as it should"
    )


def unpacked(reply: Any) -> bytes:
    body: bytes = reply.body
    return gzip.decompress(body) if "content-encoding" in reply.headers else body


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"kind": "drop", "headers": {"retry-after": "1"}},
            "'drop' has no headers; the kinds that have: error, wrong-content-type",
        ),
        ({"kind": "error", "headers": {"": "1"}}, "headers: '' is no name of a header"),
        ({"kind": "error", "headers": {"a b": "1"}}, "headers: 'a b' is no name of a header"),
        (
            {"kind": "error", "headers": {"a": "1\r\nb: 2"}},
            r"headers: a cannot be '1\\r\\nb: 2': it has characters of no header",
        ),
        (
            {"kind": "error", "headers": {"Content-Length": "1"}},
            "headers: Content-Length follows from the body and cannot be set",
        ),
        ({"kind": "error", "headers": {"a": 1}}, r"headers\.a: Expected `str`, got `int`; seen: 1"),
        (
            {"kind": "missing-usage", "host": STORAGE},
            f"'missing-usage' is for streams, and {STORAGE} sends none",
        ),
    ],
)
def test_faults_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    simulator = Simulator()
    with pytest.raises(UsageError, match=problem):
        simulator.fault(Fault(**fields))


def test_an_error_has_no_stream_to_spoil() -> None:
    problem = "fault: 'keep-alive' is for streams, and the script answers with the error 'overdue'"
    with pytest.raises(UsageError, match=problem):
        Simulator().script(error="overdue", fault=Fault(kind="keep-alive"))
    Simulator().script(error="overdue", fault=Fault(kind="gzip"))
