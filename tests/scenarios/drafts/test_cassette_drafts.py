"""A draft from a cassette reproduces what is on record, and says what it leaves out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.recording import Interaction
from qwensim.recording import read as read_cassette
from qwensim.scenarios import Result, Scenario
from qwensim.scenarios.drafting import Draft, draft
from qwensim.simulator import Simulator
from qwensim.transport import transport

CASSETTES = Path(__file__).parents[3] / "cassettes"
SAMPLE = sorted(CASSETTES.rglob("*.yaml"))[::25]

STANDARD = "dashscope-intl.aliyuncs.com"
CODING = "coding-intl.dashscope.aliyuncs.com"
CHAT = f"https://{STANDARD}/compatible-mode/v1/chat/completions"
PLAN_CHAT = f"https://{CODING}/v1/chat/completions"
KEY = "sk-not-a-real-key"

Cassette = Callable[..., Path]
BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hello"}],
}


def statuses(result: Result) -> list[int]:
    return [
        exchange.status or 0 for outcome in result.played.outcomes for exchange in outcome.exchanges
    ]


def is_download(interaction: Interaction) -> bool:
    """Whether an interaction is of a signed address, which the cassette has without what signs."""
    return ".oss-" in interaction.uri


class TestCassettes:
    @pytest.mark.parametrize("path", SAMPLE, ids=lambda path: f"{path.parts[-3][:12]}-{path.stem}")
    def test_a_case_of_the_contract_is_seen_again(
        self, path: Path, played: Callable[[Draft], Result]
    ) -> None:
        made = draft(path)
        recorded = read_cassette(path).interactions
        assert made.requests == len(recorded)
        assert statuses(played(made)) == [
            403 if is_download(interaction) else interaction.status for interaction in recorded
        ]
        told = "response.status: 200 is on record, here 403"
        assert {line.partition(", ")[2] for line in made.left_out} == (
            {told} if any(map(is_download, recorded)) else set()
        )

    def test_an_error_that_nobody_has_told_before_becomes_a_row(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
    ) -> None:
        error = {"message": "Out of {paper}, $5", "type": "odd", "param": None, "code": "Odd"}
        made = draft(cassette(interaction(status=418, body={"error": error, "request_id": "1"})))
        result = played(made)
        (exchange,) = result.played.outcomes[0].exchanges
        assert exchange.status == 418
        assert exchange.response_json["error"] == error
        (row,) = drafted(made).overlay["error"]
        assert (row["id"], row["envelope"]) == ("seen-1", "gateway")

    def test_the_same_odd_error_twice_is_one_row(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
    ) -> None:
        odd = interaction(status=502, body="<html>$Bad gateway</html>", kind="text/html")
        good = interaction(body=_completion("Hi."))
        made = draft(cassette(odd, good, odd))
        assert [len(rows) for rows in drafted(made).overlay.values()] == [1, 1]
        result = played(made)
        assert statuses(result) == [502, 200, 502]
        (exchange,) = result.played.outcomes[0].exchanges
        assert exchange.text == "<html>$Bad gateway</html>"
        assert dict(exchange.response_headers)["content-type"] == "text/html"

    def test_an_empty_error_is_one_again(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        made = draft(cassette(interaction(status=504, body="")))
        (exchange,) = played(made).played.outcomes[0].exchanges
        assert (exchange.status, exchange.text) == (504, "")

    def test_what_the_model_said_is_said_again(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
        first, second = _completion("One."), _completion("", tool_calls=calls, finish="tool_calls")
        tools = [{"type": "function", "function": {"name": "f"}}]
        made = draft(
            cassette(
                interaction(body=first),
                interaction({**BODY, "temperature": 9}, status=400, body=_TEMPERATURE),
                interaction({**BODY, "tools": tools}, body=second),
            )
        )
        outcomes = played(made).played.outcomes
        said = [outcome.exchanges[0].response_json for outcome in outcomes]
        assert said[0]["choices"][0]["message"]["content"] == "One."
        assert said[0]["usage"]["total_tokens"] == first["usage"]["total_tokens"]
        assert said[2]["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "f"
        assert "overlay" not in made.text
        assert "faults" not in made.text

    def test_what_a_native_stream_said_is_said_again(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        texts = ["Ho", "Ho ho", "Ho ho ho."]
        frames = [_native(text, "null" if text != texts[-1] else "stop") for text in texts]
        body = {"model": "qwen-plus", "input": {"prompt": "Laugh."}}
        made = draft(
            cassette(
                interaction(
                    body,
                    url=f"https://{STANDARD}/api/v1/services/aigc/text-generation/generation",
                    headers={"x-dashscope-sse": "enable"},
                    kind="text/event-stream;charset=UTF-8",
                    answer="".join(frames),
                )
            )
        )
        (exchange,) = played(made).played.outcomes[0].exchanges
        assert exchange.frames[-1]["output"]["text"] == "Ho ho ho."
        assert exchange.frames[-1]["usage"]["output_tokens"] == 3

    @pytest.mark.parametrize("gone", ['"usage":{', "[DONE]"], ids=["usage", "done"])
    def test_what_is_missing_in_a_stream_is_missing_again(
        self,
        gone: str,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        frames = _streamed({"stream_options": {"include_usage": True}})
        left = "".join(
            f"{frame}\n\n" for frame in frames.split("\n\n") if frame and gone not in frame
        )
        asked = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
        made = draft(cassette(interaction(asked, kind="text/event-stream", answer=left)))
        (exchange,) = played(made).played.outcomes[0].exchanges
        assert gone not in (exchange.text or "")
        assert made.left_out == ()

    def test_a_model_of_which_nothing_was_known_is_served(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
    ) -> None:
        asked = {**BODY, "model": "qwen9-mega"}
        made = draft(cassette(interaction(asked, body=_completion("Hi.", model="qwen9-mega"))))
        assert statuses(played(made)) == [200]
        assert drafted(made).overlay["model"] == (
            {"id": "qwen9-mega", "hosts": [STANDARD], "thinking": "on"},
        )

    def test_a_model_that_was_elsewhere_only_is_served_there_too(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
    ) -> None:
        asked = {**BODY, "model": "qwen3-vl-plus"}
        answer = _completion("Hi.", model="qwen3-vl-plus")
        made = draft(cassette(interaction(asked, url=PLAN_CHAT, body=answer)))
        assert statuses(played(made)) == [200]
        assert CODING in drafted(made).overlay["model"][0]["hosts"]

    def test_what_does_not_come_again_is_told(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        task = f"https://{STANDARD}/api/v1/tasks/1f0c8e9a"
        output = {"output": {"task_id": "1f0c8e9a", "task_status": "SUCCEEDED"}}
        made = draft(
            cassette(
                interaction(None, method="GET", url=task, body=output),
                interaction(url="https://api.example.com/v1/chat/completions"),
                interaction(method="PATCH", url=task),
            )
        )
        assert statuses(played(made)) == [200]
        assert made.left_out == (
            "POST api.example.com: is no request to the service",
            f"PATCH {STANDARD}: is no request to the service",
            'call 1, response.body.output.task_status: "SUCCEEDED" is on record, here "UNKNOWN"',
        )
        for line in made.left_out:
            assert f"#   {line}\n" in made.text

    def test_the_day_and_the_waits_are_those_of_the_recording(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
    ) -> None:
        answer = _completion("Hi.")
        made = draft(
            cassette(
                interaction(body=answer, moment="Tue, 07 Apr 2026 10:00:00 GMT"),
                interaction(body=answer, moment="Tue, 07 Apr 2026 10:01:30 GMT", arrived=None),
                interaction({**BODY, "seed": 1}, body=answer, arrived=1775556092500),
            )
        )
        found = drafted(made)
        assert f"{found.as_of}" == "2026-04-07"
        assert [call.wait for call in found.calls] == [90.0, 2.5]
        assert found.calls[0].repeat == 2
        assert statuses(played(made)) == [200, 200, 200]

    def test_bodies_that_are_no_objects_are_sent_as_they_were(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        long = {**BODY, "extra": {"text": "a", "times": 3}}
        bodies = ["[1, 2]", "{broken", json.dumps(long)]
        made = draft(
            cassette(*(interaction(text, status=400, body=_TEMPERATURE) for text in bodies))
        )
        sent = [outcome.exchanges[0].content.decode() for outcome in played(made).played.outcomes]
        assert sent == bodies

    def test_a_fake_behind_a_socket_is_known_by_its_paths(
        self,
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        drafted: Callable[[Draft], Scenario],
    ) -> None:
        url = f"http://127.0.0.1:8000/{STANDARD}/compatible-mode/v1/chat/completions"
        made = draft(cassette(interaction(url=url, body=_completion("Hi."))))
        assert drafted(made).calls[0].host == STANDARD  # type: ignore[union-attr]  # it is http


_TEMPERATURE = {
    "error": {
        "message": "Temperature should be in [0.0, 2.0)",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_parameter_error",
    },
    "request_id": "1",
}


def _completion(
    text: str, *, model: str = "qwen-plus", finish: str = "stop", **message: Any
) -> dict[str, Any]:
    return {
        "choices": [
            {
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish,
                "index": 0,
            }
        ],
        "object": "chat.completion",
        "usage": {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38},
        "model": model,
    }


def _native(text: str, finish: str) -> str:
    output = {"text": text, "finish_reason": finish}
    usage = {"input_tokens": 5, "output_tokens": len(text.split()), "total_tokens": 8}
    data = json.dumps({"output": output, "usage": usage, "request_id": "1"})
    return f"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n"


def _streamed(options: dict[str, Any]) -> str:
    client = httpx2.Client(transport=transport(Simulator(), httpx2))
    body = {**BODY, "stream": True, **options}
    return client.post(CHAT, json=body, headers={"authorization": f"Bearer {KEY}"}).text
