"""What is recorded, what is not, and what is taken out."""

import datetime as dt
import gzip
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import msgspec
import pytest

from qwensim.exchange import Headers
from qwensim.recording import (
    Cassette,
    Interaction,
    Provenance,
    read,
    use_cassette,
    write,
)

URL = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
KEY = "sk-0123456789abcdef"
Chat = Callable[..., dict[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "case.yaml"


def recorded(path: Path, *bodies: bytes) -> None:
    """Write a cassette of requests with these JSON bodies."""
    interactions = tuple(
        Interaction(
            method="POST",
            uri=URL,
            request_headers=(("content-type", "application/json"),),
            request_body=body,
            status=200,
            body=b"%d" % number,
        )
        for number, body in enumerate(bodies)
    )
    write(path, Cassette(interactions=interactions))


def test_vcrpy_logs_no_key(
    ask: Any, chat: Chat, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="vcr")

    def echo(request: Any) -> Any:
        return httpx2.Response(
            200, headers={"set-cookie": f"a={KEY}"}, stream=httpx2.ByteStream(request.content)
        )

    with use_cassette(path, record="all"):
        ask(echo, f"{URL}?api_key=my-own-form", **chat(f"Say {KEY}, my-own-form"))
    with use_cassette(path):
        ask(None, f"{URL}?api_key=my-own-form", **chat(f"Say {KEY}, my-own-form"))
    assert "Appending request" in caplog.text
    assert KEY not in caplog.text
    assert "my-own-form" not in caplog.text


def test_the_client_gets_its_answer_unredacted_while_it_is_recorded(
    ask: Any, chat: Chat, path: Path
) -> None:
    with use_cassette(path, record="all"):
        answer = ask(
            lambda request: httpx2.Response(200, stream=httpx2.ByteStream(request.content)),
            **chat(KEY),
        )
    assert KEY.encode() in answer.body
    assert KEY not in path.read_text("utf-8")


@pytest.mark.parametrize("failure", [KeyError("mine"), KeyboardInterrupt()])
def test_nothing_is_recorded_where_the_block_raises(
    ask: Any, fake: Any, chat: Chat, path: Path, failure: BaseException
) -> None:
    def fail() -> None:
        ask(fake, **chat())
        raise failure

    with pytest.raises(type(failure)), use_cassette(path, record="all"):
        fail()
    assert not path.exists()


def test_an_answer_that_breaks_off_is_not_recorded(
    client: Any, fake: Any, chat: Chat, path: Path
) -> None:
    fake.simulator.fault("drop", after=2)
    with use_cassette(path, record="all"), pytest.raises(client.library.RemoteProtocolError):
        client(fake, **chat(stream=True))
    assert read(path).interactions == ()


def transports() -> Iterator[Any]:
    for library in (httpx2, httpx):
        yield library.HTTPTransport.handle_request
        yield library.AsyncHTTPTransport.handle_async_request
        yield library.MockTransport.handle_request
        yield library.MockTransport.handle_async_request


def test_a_file_that_cannot_be_written_is_left_alone_and_so_are_the_libraries(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    (path / "in-the-way").mkdir(parents=True)
    before = [*transports()]
    with pytest.raises(IsADirectoryError), use_cassette(path, record="all"):
        during = ask(fake, **chat()) and [*transports()]
    assert not set(before) & set(during)
    assert [*transports()] == before
    assert [*path.parent.iterdir()] == [path]


def test_a_write_that_fails_midway_leaves_the_old_file(path: Path) -> None:
    recorded(path, b"{}")
    before = path.read_bytes()
    unwritable: Headers = (("x", object()),)  # type: ignore[assignment]  # no YAML can hold it
    with pytest.raises(Exception, match="cannot represent an object"):
        write(
            path,
            Cassette(
                interactions=(Interaction(method="GET", uri=URL, status=1, headers=unwritable),)
            ),
        )
    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]


def test_compressed_answers_are_kept_readable_and_scrubbed(
    client: Any, chat: Chat, path: Path
) -> None:
    def service(request: Any) -> Any:
        assert request.headers["accept-encoding"] == "identity"
        stream = client.library.ByteStream(gzip.compress(f'{{"key": "{KEY}"}}'.encode()))
        headers = {
            "content-encoding": "gzip",
            "content-length": "39",
            "content-type": "application/json",
        }
        return client.library.Response(200, headers=headers, stream=stream)

    with use_cassette(path, record="all"):
        client(service, **chat())
    (interaction,) = read(path).interactions
    assert interaction.body == b'{"key":"[redacted]"}'
    assert ("content-length", str(len(interaction.body))) in interaction.headers
    assert "content-encoding" not in dict(interaction.headers)


def test_chunks_are_timed_by_the_clock_that_is_given(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    with use_cassette(path, record="all", clock=fake.now):
        live = ask(fake, **chat(stream=True))
        ask(fake, **chat(stream=False))
    stream, whole = read(path).interactions
    assert [length for _, length in stream.chunks] == [len(piece) for piece in live.pieces]
    moments = [moment for moment, _ in stream.chunks]
    assert moments == sorted(moments)
    assert moments[0] > 0.1
    assert moments[-1] > moments[0]
    assert whole.chunks == ()


def test_a_recording_of_unknown_origin_says_no_more_than_it_knows(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    with use_cassette(path, record="all"):
        ask(fake, **chat())
        ask(fake, URL.replace("dashscope.", "dashscope-intl."), **chat())
    assert read(path).provenance == Provenance(
        kind="unknown",
        date=dt.datetime.now(dt.UTC).date(),
        client=f"python-httpx2/{httpx2.__version__}",
        host="dashscope.aliyuncs.com, dashscope-intl.aliyuncs.com",
    )


@pytest.mark.parametrize(
    ("given", "written"), [("", "dashscope.aliyuncs.com"), ("a gateway", "a gateway")]
)
def test_the_origin_that_is_given_is_kept_and_lacks_no_host(
    ask: Any, fake: Any, chat: Chat, path: Path, given: str, written: str
) -> None:
    told = Provenance(kind="published", source="https://a/1", date=dt.date(2026, 1, 2), host=given)
    with use_cassette(path, record="all", provenance=told):
        ask(fake, **chat())
    assert read(path).provenance == msgspec.structs.replace(told, host=written)


def test_an_app_in_this_process_runs_and_is_not_recorded(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return list(ask(fake, **chat()).pieces)

    def answer(library: Any) -> bytes:
        with library.Client(transport=library.WSGITransport(app)) as client:
            return bytes(client.get("http://app.test/").content)

    with use_cassette(path, record="once"):
        live = answer(httpx2)
    with use_cassette(path):
        assert answer(httpx) == live
    assert [item.uri for item in read(path).interactions] == [URL]


def test_headers_that_tell_of_the_machine_are_left_out(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    fields = chat()
    fields["headers"] |= {"x-stainless-os": "Linux", "x-my-token": "t", "X-DashScope-SSE": "enable"}
    with use_cassette(path, record="all"):
        ask(fake, **fields)
    (interaction,) = read(path).interactions
    assert {name for name, _ in interaction.request_headers} == {
        "accept",
        "authorization",
        "content-type",
        "user-agent",
        "x-dashscope-sse",
    }
