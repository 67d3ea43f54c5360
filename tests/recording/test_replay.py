"""Recordings served to any client."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import httpx2
import msgspec
import openai
import pytest

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.exchange import Chunk, End, Event, Head, Request, Wait
from qwensim.recording import (
    Cassette,
    CassetteError,
    Interaction,
    Player,
    Recorded,
    read_all,
    use_cassette,
    write,
)
from qwensim.recording.replay import Pace
from qwensim.server import serve
from qwensim.simulator import Simulator

HOST = "dashscope.aliyuncs.com"
PATH = "/compatible-mode/v1/chat/completions"
JSON = (("content-type", "application/json"),)


def interaction(asked: Any = None, /, **fields: Any) -> Interaction:
    return Interaction(
        **{
            "method": "POST",
            "uri": f"https://{HOST}{PATH}",
            "request_headers": JSON,
            "request_body": msgspec.json.encode(asked),
            "status": 200,
            "headers": JSON,
            "body": b"{}",
            **fields,
        }
    )


def player(*interactions: Interaction, pace: Pace = "recorded") -> Player:
    recordings = [
        Recorded(file=Path(f"{number}.yaml"), interaction=item)
        for number, item in enumerate(interactions, start=1)
    ]
    return Player(recordings, catalog=load(), pace=pace)


def ask(service: Player, said: Any = None, /, **fields: Any) -> list[Event]:
    request = Request(
        **{
            "method": "POST",
            "host": HOST,
            "path": PATH,
            "headers": JSON,
            "body": msgspec.json.encode(said),
            **fields,
        }
    )
    return [*service.handle(request)]


def said(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Chunk))


def test_an_answer_is_played_as_it_was_recorded() -> None:
    recorded = interaction({"a": 1}, status=429, headers=(("retry-after", "3"),), body=b"later")
    assert ask(player(recorded), {"a": 1}) == [
        Head(status=429, headers=(("retry-after", "3"),)),
        Wait(seconds=0.0),
        Chunk(data=b"later"),
        End(),
    ]


@pytest.mark.parametrize(
    ("pace", "waits"), [("recorded", [0.5, 0.0, 0.25, 1.25]), ("instant", [0.0, 0.0, 0.0])]
)
def test_chunks_are_played_when_they_came_or_at_once(pace: Pace, waits: list[float]) -> None:
    recorded = interaction(body=b"abcdef", chunks=((0.5, 1), (0.75, 2), (2.0, 3)))
    events = ask(player(recorded, pace=pace))
    assert [event.seconds for event in events if isinstance(event, Wait)] == waits
    assert [event.data for event in events if isinstance(event, Chunk)] == [b"a", b"bc", b"def"]


def test_headers_of_the_recorded_connection_are_not_sent() -> None:
    headers = (("transfer-encoding", "chunked"), ("connection", "close"), ("x-a", "1"))
    head = ask(player(interaction(headers=headers)))[0]
    assert head == Head(status=200, headers=(("x-a", "1"),))


def test_bodies_are_compared_as_json_and_keys_do_not_count() -> None:
    service = player(interaction({"a": [1, None], "b": "[redacted]"}))
    body = b'{"b": "sk-0123456789",\n "a": [1.0, null]}'
    headers = (*JSON, ("authorization", "Bearer sk-0123456789"))
    events = ask(service, body=body, headers=headers)
    assert said(events) == b"{}"


def test_other_bodies_are_compared_as_they_are() -> None:
    service = player(interaction(request_body=b"{broken"), interaction(request_body=b"x=1"))
    assert said(ask(service, body=b"{broken")) == b"{}"
    assert said(ask(service, body=b"x=1", headers=())) == b"{}"
    assert ask(service, body=b"x=2", headers=())[0] != ask(service, body=b"x=1", headers=())[0]


def test_what_was_asked_several_times_is_played_in_order_and_anew() -> None:
    service = player(interaction(body=b"1"), interaction({"other": 1}), interaction(body=b"2"))
    assert [said(ask(service)) for _ in range(5)] == [b"1", b"2", b"1", b"2", b"1"]


@pytest.mark.parametrize(
    ("fields", "difference"),
    [
        ({"body": {"a": 1, "b": 3}}, "2.yaml, but the body differs: --- recorded"),
        ({"path": f"{PATH}/x"}, f"1.yaml, but the path differs: {PATH}/x != {PATH}"),
        ({"method": "GET"}, "1.yaml, but the method differs: GET != POST"),
        ({"query": "a=1"}, "1.yaml, but the query differs: [('a', '1')] != []"),
        ({"host": "coding.dashscope.aliyuncs.com"}, "1.yaml, but the host differs"),
    ],
)
def test_a_miss_names_the_nearest_recording_and_the_difference(
    fields: dict[str, Any], difference: str
) -> None:
    service = player(interaction({"all": "other"}), interaction({"a": 1, "b": 2}))
    wanted = {"all": "other"}
    if "body" in fields:
        wanted = fields.pop("body")
    head, body, end = ask(service, wanted, **fields)
    assert isinstance(head, Head)
    assert (head.status, end) == (404, End())
    error = msgspec.json.decode(cast("Chunk", body).data)["error"]
    assert error["code"] == "no_recording"
    assert "no recording answers" in error["message"]
    assert difference in error["message"]


def test_a_miss_tells_of_no_key() -> None:
    events = ask(player(interaction()), {"say": "sk-0123456789"}, query="api_key=abcdef")
    assert b"0123456789" not in said(events)
    assert b"abcdef" not in said(events)


def test_without_anything_alike_a_miss_names_nothing() -> None:
    service = player(interaction(uri="https://example.com/a?b=1", method="GET"))
    message = msgspec.json.decode(said(ask(service, {"a": 1})))["error"]["message"]
    assert message == f"no recording answers POST https://{HOST}{PATH}"


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_stream_is_served_to_any_client_under_a_prefix(library: Any) -> None:
    stream = (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))
    recorded = interaction(
        headers=stream, body=b"data: 1\n\ndata: 2\n\n", chunks=((0.0, 9), (0.0, 9))
    )
    with (
        serve(cast("Simulator", player(recorded))) as server,
        library.stream(
            "POST", f"{server.url}/{HOST}{PATH}", json=None, content=b"null", headers=dict(JSON)
        ) as response,
    ):
        assert b"".join(response.iter_bytes()) == b"data: 1\n\ndata: 2\n\n"
        assert response.headers["content-type"] == "text/event-stream"


def test_recordings_of_other_services_are_served_under_their_names() -> None:
    service = player(interaction(uri="https://api.example.com/v1/chat"))
    assert service.hosts == ("api.example.com",)
    with serve(cast("Simulator", service)) as server:
        url = f"{server.base_urls['api.example.com']}v1/chat"
        assert httpx2.post(url, content=b"null", headers=dict(JSON)).text == "{}"


def test_a_recorded_conversation_is_replayed_to_the_sdk(
    fake: Any, tmp_path: Path, chat: Callable[..., dict[str, Any]]
) -> None:
    fake.simulator.script("The sky is blue.")

    def converse(base_url: str) -> str:
        with openai.OpenAI(api_key="sk-0123456789", base_url=base_url, max_retries=0) as client:
            stream = client.chat.completions.create(
                model="qwen-plus", messages=[{"role": "user", "content": "Why?"}], stream=True
            )
            return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    with serve(fake.simulator) as server:
        path = server.base_urls[HOST].removeprefix(server.url)
        with use_cassette(tmp_path / "a.yaml", record="all"):
            assert converse(f"{server.url}{path}") == "The sky is blue."
    recordings = [
        msgspec.structs.replace(
            item,
            interaction=msgspec.structs.replace(item.interaction, uri=f"https://{HOST}{PATH}"),
        )
        for item in read_all(tmp_path)
    ]
    with serve(cast("Simulator", Player(recordings, catalog=load(), pace="instant"))) as server:
        assert converse(server.base_urls[HOST]) == "The sky is blue."


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    for name in ("b/2.yaml", "a/1.yml", "a/note.txt"):
        write(tmp_path / name, Cassette(interactions=(interaction(name),)))
    found = read_all(tmp_path)
    assert [item.file for item in found] == [tmp_path / "a/1.yml", tmp_path / "b/2.yaml"]
    assert read_all(tmp_path / "a/1.yml") == found[:1]


def test_where_there_is_nothing_to_replay_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no recordings in .*: give a cassette or a folder"):
        read_all(tmp_path)
    with pytest.raises(CassetteError, match=r"cannot be read \(No such file"):
        read_all(tmp_path / "missing.yaml")


def test_the_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", Cassette(interactions=(interaction(body=b'{"a":1}'),)))
    program = "import sys; from qwensim.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-uc", program, "replay", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("Replaying 1 recording at http://127.0.0.1:")
        url = first.split()[4]
        answer = httpx2.post(f"{url}/{HOST}{PATH}", content=b"null", headers=dict(JSON))
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert answer.text == '{"a":1}'
    assert process.returncode == 0
    assert f"\nBy host:\n  {url}/{HOST}/compatible-mode/v1\n" in rest
    assert rest.endswith("Stopped.\n")
