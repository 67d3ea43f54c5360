"""What counts as a difference, and what does not: the fake against altered answers of its own."""

import json
from dataclasses import replace
from typing import Any

import pytest

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


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


def test_keys_are_not_shown(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(), key="sk-wrong")
    told = tape.saying(_put("Incorrect key sk-abcdefghijklmnop.", "error", "message"))
    assert "abcdefgh" not in str(find(told))
    assert "[redacted]" in str(find(told))
