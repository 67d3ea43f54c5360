"""Recording and playing around unmodified clients."""

import contextlib
import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.errors import UsageError
from qwensim.recording import (
    CassetteError,
    read,
    use_cassette,
)
from qwensim.server import serve

KEY = "sk-0123456789abcdef"
Chat = Callable[..., dict[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "case.yaml"


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
