"""Recording and playing around unmodified clients."""

import contextlib
import datetime as dt
import gzip
import http.client
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import msgspec
import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from qwensim.errors import UsageError
from qwensim.exchange import Headers
from qwensim.recording import (
    Cassette,
    CassetteError,
    Interaction,
    Provenance,
    read,
    use_cassette,
    write,
)
from qwensim.server import serve

URL = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
KEY = "sk-0123456789abcdef"
CONNECTION = {"transfer-encoding", "connection"}

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


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_recorded_plays_as_it_came(
    client: Any, fake: Any, chat: Chat, path: Path, stream: bool
) -> None:
    fields = chat(stream=stream)
    with use_cassette(path, record="all", clock=fake.now):
        live = client(fake, **fields)
    with use_cassette(path):
        played = client(None, **fields)
    assert played == live
    assert live.status == 200
    assert (len(live.pieces) > 3) is stream


def test_a_recording_of_one_library_plays_for_another(
    ask: Any, ask_httpx: Any, fake: Any, chat: Chat, path: Path
) -> None:
    with use_cassette(path, record="all"):
        live = ask(fake, **chat(stream=True))
    with use_cassette(path):
        assert ask_httpx(None, **chat(stream=True)) == live


def test_a_recording_made_through_a_socket_plays_without_it(
    fake: Any, chat: Chat, path: Path
) -> None:
    with serve(fake.simulator) as server:
        url = f"{server.url}/compatible-mode/v1/chat/completions"
        with use_cassette(path, record="once"):
            live = httpx2.post(url, **chat(stream=True))
    with use_cassette(path):
        assert httpx2.post(url, **chat(stream=True)).content == live.content


def test_the_standard_library_is_recorded_too_and_its_key_taken_out(fake: Any, path: Path) -> None:
    def fetch() -> bytes:
        path = "/compatible-mode/v1/models?api_key=my-own-form"
        headers = {"Authorization": f"Bearer {KEY}"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().read()

    with serve(fake.simulator) as server, use_cassette(path, record="all"):
        live = fetch()
    with use_cassette(path):
        assert fetch() == live
    text = path.read_text("utf-8")
    assert KEY not in text
    assert "my-own-form" not in text


def test_once_records_where_there_is_no_file_and_plays_where_there_is(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    with use_cassette(path, record="once"):
        first = ask(fake, **chat())
    with use_cassette(path, record="once"):
        assert ask(None, **chat()) == first


def test_all_records_anew_and_leaves_nothing_of_the_old_recording(
    ask: Any, fake: Any, chat: Chat, path: Path
) -> None:
    with use_cassette(path, record="all"):
        ask(fake, **chat("One"))
        ask(fake, **chat("Two"))
    with use_cassette(path, record="all"):
        ask(fake, **chat("Three"))
    (interaction,) = read(path).interactions
    assert b"Three" in interaction.request_body


def test_all_does_not_mind_a_broken_file(ask: Any, fake: Any, chat: Chat, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("[broken")
    with use_cassette(path, record="all"):
        ask(fake, **chat())
    assert len(read(path).interactions) == 1


def test_a_block_that_asks_nothing_leaves_a_cassette_that_says_so(path: Path) -> None:
    with use_cassette(path, record="once"):
        pass
    assert read(path).interactions == ()


def test_without_a_cassette_there_is_nothing_to_play(path: Path) -> None:
    with pytest.raises(UsageError, match=r"case\.yaml.*record='once'"), use_cassette(path):
        pass


def test_an_unknown_mode_is_named_with_those_that_exist(path: Path) -> None:
    with (
        pytest.raises(UsageError, match="'new'; there are: none, once, all"),
        use_cassette(path, record="new"),  # type: ignore[arg-type]  # the mistake itself
    ):
        pass


def test_a_broken_cassette_is_named_with_its_line(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("version: 1\ninteractions: [\n")
    with pytest.raises(CassetteError, match=r"case\.yaml: line 3"), use_cassette(path):
        pass


def test_a_cassette_played_in_part_fails_and_names_what_was_left(ask: Any, path: Path) -> None:
    recorded(path, b'{"a": 1}', b'{"a": 2}')
    with (
        pytest.raises(AssertionError, match=rf"1 of the 2 recordings in .*: 2 \(POST {URL}\)"),
        use_cassette(path),
    ):
        ask(None, json={"a": 1})
    with use_cassette(path, whole=False):
        ask(None, json={"a": 1})


def test_a_failure_in_the_block_is_not_covered_by_what_was_left(path: Path) -> None:
    recorded(path, b"{}")
    with pytest.raises(KeyError, match="mine"), use_cassette(path):
        raise KeyError("mine")


def test_the_same_request_plays_its_answers_in_order(ask: Any, path: Path) -> None:
    recorded(path, b'{"a": 1}', b'{"a": 1}')
    with use_cassette(path):
        assert [ask(None, json={"a": 1}).body for _ in range(2)] == [b"0", b"1"]


@pytest.mark.parametrize(
    ("content", "plays"),
    [
        (b'{"b": [true], "a": 1.0}', True),
        (b'{ "a":1,\n"b":[true] }', True),
        (b'{"a": 1, "b": [false]}', False),
        (b'{"a": 1}', False),
    ],
)
def test_bodies_are_compared_as_json(ask: Any, path: Path, content: bytes, plays: bool) -> None:
    recorded(path, b'{"a": 1, "b": [true]}')
    headers = {"content-type": "application/json"}
    if plays:
        with use_cassette(path):
            assert ask(None, content=content, headers=headers).body == b"0"
    else:
        with (
            pytest.raises(CannotOverwriteExistingCassetteException, match="closest differ in body"),
            use_cassette(path),
        ):
            ask(None, content=content, headers=headers)


@pytest.mark.parametrize(
    ("url", "differs"),
    [
        (URL.replace("https", "http").replace(".com/", ".com:8080/"), None),
        (URL.replace("dashscope.", "dashscope-intl."), "host"),
        (f"{URL}/more", "path"),
        (f"{URL}?a=1", "query"),
    ],
)
def test_host_path_and_query_count_and_scheme_and_port_do_not(
    ask: Any, path: Path, url: str, differs: str | None
) -> None:
    recorded(path, b"{}")
    if differs is None:
        with use_cassette(path):
            assert ask(None, url, json={}).body == b"0"
        return
    with (
        pytest.raises(
            CannotOverwriteExistingCassetteException, match=f"closest differ in {differs}"
        ),
        use_cassette(path),
    ):
        ask(None, url, json={})


def test_a_miss_is_explained_where_a_client_hides_it(ask: Any, path: Path) -> None:
    def hide() -> None:
        try:
            ask(None, json={"model": "qwen-max"})
        except CannotOverwriteExistingCassetteException:
            raise ConnectionError from None

    recorded(path, b'{"model": "qwen-plus"}')
    with pytest.raises(ConnectionError) as raised, use_cassette(path):
        hide()
    (note,) = raised.value.__notes__
    assert note.endswith("\n\nIf the request changed on purpose, record it anew.")
    assert '+  "model": "qwen-max"' in note


def test_a_miss_that_nobody_heard_of_fails_the_block(ask: Any, path: Path) -> None:
    recorded(path)
    with (
        pytest.raises(AssertionError, match="nothing similar"),
        use_cassette(path),
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        ask(None, json={})


def test_a_miss_tells_of_no_key(ask: Any, path: Path) -> None:
    recorded(path, b"{}")
    with pytest.raises(CannotOverwriteExistingCassetteException) as raised, use_cassette(path):
        ask(None, f"{URL}?api_key=my-own-form", json={"say": KEY})
    assert "[redacted]" in str(raised.value)
    assert KEY not in str(raised.value)
    assert "my-own-form" not in str(raised.value)


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
