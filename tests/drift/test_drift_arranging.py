"""What was said is said again: the fake is brought into the state that was recorded."""

import json
from dataclasses import replace
from typing import Any

import pytest

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("lookup", "tides")
]
CALLS = [("lookup", {"place": "the harbour", "limit": 20}), ("tides", {})]
PLAN = {"host": "coding-intl.dashscope.aliyuncs.com", "path": "/v1/chat/completions"}
PLAN_KEY = "sk-sp-the-key-of-a-test"

ANSWERED = {
    "whole": {},
    "streamed": STREAMED,
    "streamed without usage": {"stream": True},
    "thinking": {"enable_thinking": True, **STREAMED},
    "thinking by default": {"model": "qwen3.5-plus", **STREAMED},
    "thinking off, whole": {"model": "qwen3.5-plus", "enable_thinking": False},
    "cut": {"max_tokens": 2},
    "logprobs": {"logprobs": True, "top_logprobs": 3, **STREAMED},
    "two choices": {"n": 2, **STREAMED},
}

REFUSED = {
    "unknown model": {"model": "no-such-model"},
    "parameter": {"top_p": 7},
    "parameter, streamed": {"top_p": 7, "stream": True},
    "role": {"messages": [{"role": "boss", "content": "?"}]},
}


@pytest.mark.parametrize("fields", ANSWERED.values(), ids=ANSWERED)
def test_what_the_fake_said_it_says_again(record: Any, chat: Any, find: Any, fields: Any) -> None:
    tape = record(chat(**fields))
    assert tape.status == 200
    assert find(tape).outcome == "same"


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED)
def test_what_the_fake_refused_it_refuses_again(
    record: Any, chat: Any, find: Any, fields: Any
) -> None:
    tape = record(chat(**fields))
    assert tape.status in (400, 404)
    assert find(tape).outcome == "same"


@pytest.mark.parametrize("delivery", [{}, STREAMED], ids=["whole", "streamed"])
def test_recorded_tool_calls_are_called_again(
    record: Any, chat: Any, find: Any, delivery: Any
) -> None:
    script = {"tool_calls": CALLS}
    tape = record(chat(tools=TOOLS, parallel_tool_calls=True, **delivery), scripts=[script])
    assert find(tape).outcome == "same"
    text = record(chat(tools=TOOLS, **delivery), scripts=[{"text": "No tool is wanted."}])
    assert find(text).outcome == "same"


def test_the_plan_is_asked_with_a_key_of_its_own(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat("qwen3.5-plus", **STREAMED), key=PLAN_KEY, **PLAN)
    assert tape.status == 200
    placeholder = replace(tape, request_headers={"Authorization": "Bearer REDACTED"})
    assert find(placeholder).outcome == "same"


@pytest.mark.parametrize("place", [{}, PLAN], ids=["standard", "plan"])
@pytest.mark.parametrize("key", [None, "sk-wrong", "none at all"])
def test_a_401_is_brought_about_again(
    record: Any, chat: Any, find: Any, place: Any, key: str | None
) -> None:
    tape = record(chat("qwen3.5-plus"), key=key, **place)
    assert tape.status == 401
    assert find(tape).outcome == "same"
    stripped = replace(tape, request_headers={"user-agent": "test/1"})
    assert find(stripped).outcome == "same"


def test_a_valid_looking_key_of_a_401_stays_wrong(record: Any, chat: Any, find: Any) -> None:
    someone = {"key": "sk-the-key-of-someone"}
    tape = record(chat(), key="sk-revoked-but-well-formed", accounts=[someone])
    assert tape.status == 401
    assert find(tape).outcome == "same"


def test_an_account_in_bad_standing_is_arranged(record: Any, chat: Any, find: Any) -> None:
    account = {"key": "sk-the-key-of-a-test", "state": "overdue"}
    tape = record(chat(), accounts=[account])
    assert "Arrearage" in tape.body
    assert find(tape).outcome == "same"
    odd = tape.saying(lambda body: body["error"].update(message="Pay!"))
    assert find(odd).outcome == "differs"


@pytest.mark.parametrize(
    ("error", "values"), [("rate-limit", {}), ("moderation-input", {}), ("internal-error", {})]
)
def test_what_the_service_was_in_is_arranged(
    record: Any, chat: Any, find: Any, error: str, values: Any
) -> None:
    tape = record(chat(), scripts=[{"error": error, "values": values}])
    assert tape.status >= 400
    assert find(tape).outcome == "same"


def test_a_quota_is_arranged_with_its_window(record: Any, chat: Any, find: Any) -> None:
    account = {"key": PLAN_KEY, "plan": "coding", "spent": "week"}
    tape = record(chat("qwen3.5-plus"), key=PLAN_KEY, accounts=[account], **PLAN)
    assert "week" in tape.body
    assert find(tape).outcome == "same"


def test_an_error_that_the_request_does_not_bring_about_differs(
    record: Any, chat: Any, find: Any
) -> None:
    tape = replace(record(chat(top_p=7)), request=chat())
    finding = find(tape)
    assert finding.outcome == "differs"
    assert [difference.where for difference in finding.differences] == ["status", "answer"]
    assert finding.differences[1].fake == "no error"


def test_an_empty_404_and_the_models_are_compared_too(record: Any, find: Any) -> None:
    nothing = record(None, method="GET", path="/compatible-mode/v1")
    assert (nothing.status, nothing.body) == (404, "")
    assert find(nothing).outcome == "same"
    models = record(None, method="GET", path="/compatible-mode/v1/models")
    assert models.status == 200
    finding = find(models)
    assert (finding.outcome, finding.surface) == ("same", "GET /compatible-mode/v1/models")


def test_the_agents_only_page_is_met_without_a_user_agent(
    record: Any, chat: Any, find: Any
) -> None:
    tape = record(chat("qwen3.5-plus"), key=PLAN_KEY, **PLAN)
    page = json.dumps({"error": "Coding Plan is currently only available for Coding Agents"})
    refused = replace(
        tape,
        status=405,
        request_headers={"Authorization": "x"},
        body=page,
        headers={name: value for name, value in tape.headers.items() if "dashscope" not in name},
    )
    assert find(refused).outcome == "same"


def test_the_fake_is_that_of_the_recorded_day(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat("qwen3.6-plus", **STREAMED))
    assert find(tape).outcome == "same"
    date = {name: value for name, value in tape.headers.items() if name != "req-arrive-time"}
    early = replace(tape, headers={**date, "date": "Mon, 02 Feb 2026 10:00:00 GMT"})
    finding = find(early)
    assert str(finding.day) == "2026-02-02"
    assert finding.differences[0].where == "status"
