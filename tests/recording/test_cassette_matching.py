"""Which answer of a cassette a request gets, and what is told where it gets none."""

from pathlib import Path
from typing import Any

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from qwensim.recording import (
    Cassette,
    Interaction,
    use_cassette,
    write,
)

URL = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
KEY = "sk-0123456789abcdef"


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
