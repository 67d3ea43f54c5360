"""What counts as a difference, and what does not: the fake against altered answers of its own."""

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


def _drop(*path: Any) -> Any:
    *outer, last = path

    def alter(body: Any) -> None:
        for key in outer:
            body = body[key]
        del body[last]

    return alter


def _put(value: Any, *path: Any) -> Any:
    *outer, last = path

    def alter(body: Any) -> None:
        for key in outer:
            body = body[key]
        body[last] = value

    return alter


def _reversed(body: Any) -> None:
    items = list(body.items())
    body.clear()
    body.update(reversed(items))


ALTERED = {
    "a key is missing": (_drop("system_fingerprint"), "system_fingerprint"),
    "a key is new": (_put("x", "service_tier"), "service_tier"),
    "a type": (_put("7", "created"), "created"),
    "null": (_put(None, "usage"), "usage"),
    "a role": (_put("bot", "choices", 0, "message", "role"), "choices[0].message.role"),
    "why it ended": (_put("end", "choices", 0, "finish_reason"), "choices[0].finish_reason"),
    "what it is": (_put("text_completion", "object"), "object"),
    "no choice": (_put([], "choices"), "choices"),
    "a detail of usage": (
        _put(0, "usage", "prompt_tokens_details", "audio_tokens"),
        "usage.prompt_tokens_details.audio_tokens",
    ),
    "the order of keys": (_reversed, "order of body"),
    "an empty id": (_put("", "id"), "id"),
}


@pytest.mark.parametrize(("alter", "where"), ALTERED.values(), ids=ALTERED)
def test_an_altered_answer_differs_where_it_was_altered(
    record: Any, chat: Any, find: Any, alter: Any, where: str
) -> None:
    finding = find(record(chat()).saying(alter))
    assert finding.outcome == "differs"
    assert [difference.where for difference in finding.differences] == [where]


ALIKE = {
    "another text": _put("Quite another text.", "choices", 0, "message", "content"),
    "an id": _put("chatcmpl-0", "id"),
    "counts": _put(
        {
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "total_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": 1},
        },
        "usage",
    ),
    "a time": _put(1_700_000_000, "created"),
}


@pytest.mark.parametrize("alter", ALIKE.values(), ids=ALIKE)
def test_texts_ids_and_counts_are_not_compared(
    record: Any, chat: Any, find: Any, alter: Any
) -> None:
    assert find(record(chat()).saying(alter)).outcome == "same"


ERRORS = {
    "code": (_put("other", "error", "code"), "error.code"),
    "message": (_put("Something else.", "error", "message"), "error.message"),
    "type": (_put("other", "error", "type"), "error.type"),
    "the order of its keys": (lambda body: _reversed(body["error"]), "order of error"),
}


@pytest.mark.parametrize(("alter", "where"), ERRORS.values(), ids=ERRORS)
def test_an_altered_error_differs_where_it_was_altered(
    record: Any, chat: Any, find: Any, alter: Any, where: str
) -> None:
    finding = find(record(chat(top_p=7)).saying(alter))
    assert [difference.where for difference in finding.differences] == [where]


def test_links_and_ids_in_messages_are_not_compared(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(), key="sk-wrong")
    link = "For details, see: https://help.aliyun.com/zh/model-studio/error-code#apikey-error"

    def relink(body: Any) -> None:
        assert "https://www.alibabacloud.com" in body["error"]["message"]
        body["error"]["message"] = f"Incorrect API key provided. {link}"

    assert find(tape.saying(relink)).outcome == "same"


def test_status_media_type_and_header_names_are_compared(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat())
    headers = {**tape.headers, "x-new": "1", "content-type": "text/html"}
    del headers["x-dashscope-call-gateway"]
    finding = find(replace(tape, status=201, headers=headers, body="{}"))
    seen = {found.where: (found.recorded, found.fake) for found in finding.differences}
    assert seen["status"] == ("201", "200")
    assert seen["media type"] == ("text/html", "application/json")
    assert seen["header x-new"] == ("sent", "-")
    assert seen["header x-dashscope-call-gateway"] == ("-", "sent")


def test_volatile_and_hop_by_hop_headers_are_not_compared(
    record: Any, chat: Any, find: Any
) -> None:
    tape = record(chat(**STREAMED))
    extra = {"Set-Cookie": "acw_tc=1", "Transfer-Encoding": "chunked", "Content-Length": "7"}
    media_type = {"content-type": "Text/Event-Stream; charset=UTF-8"}
    headers = {**tape.headers, **extra, **media_type}
    assert find(replace(tape, headers=headers)).outcome == "same"


def test_an_event_that_is_missing_added_or_moved_is_found(
    record: Any, chat: Any, find: Any
) -> None:
    tape = record(chat(**STREAMED), scripts=[{"text": "one two three four five six seven"}])
    events = tape.events
    for altered in (
        events[1:],
        events[:-1],
        [*events, {"ping": 1}],
        [events[-1], *events[:-1]],
    ):
        assert find(tape.streaming(altered)).outcome == "differs"
    undone = replace(tape, body=tape.body.removesuffix("data: [DONE]\n\n"))
    [difference] = find(undone).differences
    assert (difference.where, difference.fake) == ("events", "[DONE]")


def test_how_a_stream_is_cut_is_not_compared(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED), scripts=[{"text": "one two three four five six seven"}])
    first, second, text, *others, finish, usage = tape.events
    assert text["choices"][0]["delta"]["content"]
    for events in (
        [first, second, text, finish, usage],
        [first, second, *[text] * 20, *others, finish, usage],
        [first, second, finish, usage],
    ):
        assert find(tape.streaming(events)).outcome == "same"


def test_like_differences_of_many_events_are_one(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED))
    events = tape.events
    for event in events:
        del event["system_fingerprint"]
    [difference] = find(tape.streaming(events)).differences
    assert difference.where == "system_fingerprint"
    assert difference.events == (1, 2, 3, 4, 5)


def test_the_framing_of_events_is_compared(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED))
    [difference] = find(replace(tape, body=tape.body.replace("data: ", "data:"))).differences
    assert (difference.where, difference.recorded, difference.fake) == (
        "framing",
        "data:",
        "data: ",
    )


def test_a_longer_answer_than_the_limit_still_ends_by_length(
    record: Any, chat: Any, find: Any
) -> None:
    tape = record(chat(**STREAMED), scripts=[{"text": "a b c d e f", "finish_reason": "length"}])
    assert find(tape).outcome == "same"


def test_an_error_in_a_stream_is_told_from_an_answer(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED))
    body = 'data: {"error":{"code":"x","message":"Stop."}}\n\n'
    finding = find(replace(tape, body=body))
    [difference] = finding.differences
    assert (difference.where, difference.recorded) == ("answer", "error: Stop.")


def test_a_flat_error_is_an_error(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(), path="/compatible-mode/v1/chat/completions/more")
    assert json.loads(tape.body)["code"] == "InvalidParameter"
    assert find(tape).outcome == "same"
    altered = tape.saying(_put("Other", "code"))
    assert [found.where for found in find(altered).differences] == ["code"]


@pytest.mark.parametrize("where", ["completely another host", "another path"])
def test_what_the_fake_does_not_answer_for_is_not_modelled(
    record: Any, chat: Any, find: Any, where: str
) -> None:
    tape = record(chat())
    place = {"host": "api.example.com"} if "host" in where else {"path": "/api/v1/files/1234"}
    finding = find(replace(tape, **place))
    assert finding.outcome == "not modelled"
    assert finding.differences == ()
    if "path" in where:
        assert finding.surface == "POST /api/v1/files/*"


def test_the_fake_is_that_of_the_recorded_day(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat("qwen3.6-plus", **STREAMED))
    assert find(tape).outcome == "same"
    date = {name: value for name, value in tape.headers.items() if name != "req-arrive-time"}
    early = replace(tape, headers={**date, "date": "Mon, 02 Feb 2026 10:00:00 GMT"})
    finding = find(early)
    assert str(finding.day) == "2026-02-02"
    assert finding.differences[0].where == "status"


def test_keys_are_not_shown(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(), key="sk-wrong")
    told = tape.saying(_put("Incorrect key sk-abcdefghijklmnop.", "error", "message"))
    assert "abcdefgh" not in str(find(told))
    assert "[redacted]" in str(find(told))
