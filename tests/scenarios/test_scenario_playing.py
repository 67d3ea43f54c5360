"""Calls of every kind, and all that can be seen of them."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.errors import UsageError
from qwensim.scenarios import Exchange, Outcome, Played, Scenario, play, reproduce

MakeScenario = Callable[..., Scenario]

INTL = "dashscope-intl.aliyuncs.com"
CHAT = "/compatible-mode/v1/chat/completions"
STANDARD = {"auth_choice": "qwen-standard-api-key", "key": "standard"}
HELLO = {"model": "qwen3.5-plus", "messages": [{"role": "user", "content": "Hello"}]}


def http(**fields: Any) -> dict[str, Any]:
    return {"do": "http", "host": INTL, "path": CHAT, "key": "standard", "body": HELLO, **fields}


def only(played: Played) -> Outcome:
    (outcome,) = played.outcomes
    return outcome


def of_http(scenario: MakeScenario, **fields: Any) -> Outcome:
    seen = [{"requests": 1}]
    return only(play(scenario(calls=[http(**fields)], reproduced=seen)))


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_is_a_reply(scenario: MakeScenario, stream: bool) -> None:
    call = {"do": "chat", "model": "qwen/qwen3.5-plus", "thinking": "off", "stream": stream}
    script = {"text": "Hello!", "usage": {"prompt": 5, "completion": 2}}
    outcome = only(play(scenario(calls=[call], scripts=[script])))
    assert outcome.reply is not None
    assert outcome.reply.text == "Hello!"
    assert outcome.reply.reasoning is None
    assert (outcome.reply.prompt_tokens, outcome.reply.total_tokens) == (5, 7)
    assert outcome.summary == "a reply"
    assert outcome.exchanges[0].request_json["enable_thinking"] is False


def test_a_chat_has_parameters_and_long_texts(scenario: MakeScenario) -> None:
    call = {
        "do": "chat",
        "model": "qwen/qwen3.5-plus",
        "messages": [{"role": "user", "content": {"text": "ab", "times": 3}}],
        "parameters": {"max_tokens": 9, "user": {"text": "c", "times": 2}},
    }
    body = only(play(scenario(calls=[call]))).exchanges[0].request_json
    assert body["messages"] == [{"role": "user", "content": "ababab"}]
    assert (body["max_tokens"], body["user"]) == (9, "cc")


def test_an_error_of_the_provider_has_all_its_fields(scenario: MakeScenario) -> None:
    call = {"do": "chat", "model": "qwen/qwen3.5-plus", "stream": True, "thinking": "off"}
    fault = {"kind": "error-event", "error": "moderation-output", "after": 3}
    error = only(play(scenario(calls=[call], faults=[fault]))).error
    assert error is not None
    assert (error.type, error.kind, error.status) == ("ModerationError", "moderation", 200)
    assert error.code == "data_inspection_failed"
    assert error.partial
    assert "rephrase" in (error.advice or "")


def test_retries_wait_on_the_clock_of_the_service(scenario: MakeScenario) -> None:
    played = play(scenario(faults=[{"kind": "error", "error": "overloaded", "times": 2}]))
    assert only(played).reply is not None
    assert [exchange.status for exchange in only(played).exchanges] == [503, 503, 200]
    times = [entry.at for entry in played.entries]
    assert times == sorted(set(times))


def test_a_call_is_repeated_after_waits(scenario: MakeScenario) -> None:
    played = play(scenario(calls=[http(repeat=3, wait=60)], reproduced=[{"requests": 3}]))
    assert len(only(played).exchanges) == 3
    first, second, third = (entry.at for entry in played.entries)
    assert (first - scenario().midnight, second - first, third - second) == (60, 60, 60)


def test_a_picture_and_a_video_are_described(scenario: MakeScenario) -> None:
    calls = [
        {"do": "describe", "kind": "image", "source": "https://example.com/a.png"},
        {
            "do": "describe",
            "kind": "video",
            "source": "https://example.com/a.mp4",
            "prompt": "What?",
        },
    ]
    image, video = play(scenario(calls=calls)).outcomes
    assert image.reply is not None
    assert video.reply is not None
    assert video.exchanges[0].request_json["messages"][0]["content"][0]["text"] == "What?"


def test_a_video_is_made_and_downloaded(scenario: MakeScenario) -> None:
    call = {"do": "video", "prompt": "A cat.", "duration": 5, "download_after": 60}
    outcome = only(play(scenario(calls=[call])))
    assert outcome.reply is not None
    assert outcome.reply.downloaded
    assert outcome.reply.seconds == 5
    assert outcome.exchanges[0].request_json["parameters"]["duration"] == 5
    assert outcome.exchanges[-1].host != INTL


def test_a_video_that_nobody_fetched_for_a_day_is_gone(scenario: MakeScenario) -> None:
    call = {"do": "video", "prompt": "A cat.", "download_after": 86_401}
    error = only(play(scenario(calls=[call]))).error
    assert error is not None
    assert error.status == 403


def test_a_task_of_another_day_is_unknown(scenario: MakeScenario) -> None:
    error = only(play(scenario(calls=[{"do": "task", "id": "nope"}]))).error
    assert error is not None
    assert error.type == "TaskError"


@pytest.mark.parametrize("served", [False, True])
def test_a_call_takes_from_the_answers_before_it(scenario: MakeScenario, served: bool) -> None:
    order = http(
        path="/api/v1/services/aigc/video-generation/video-synthesis",
        headers={"x-dashscope-async": "enable"},
        body={"model": "wan2.6-t2v", "input": {"prompt": "A cat."}},
    )
    ask = http(method="GET", path="/api/v1/tasks/{1.output.task_id}?again=1", body=None)
    calls = [order, ask, {"do": "task", "id": "{2.output.task_id}"}]
    ordered, asked, done = play(
        scenario(calls=calls, reproduced=[{"requests": 1}]), served=served
    ).outcomes
    assert asked.answer["output"]["task_id"] == ordered.answer["output"]["task_id"]
    assert asked.exchanges[0].path == f"/api/v1/tasks/{ordered.answer['output']['task_id']}?again=1"
    assert done.reply is not None
    assert done.reply.url


def test_what_a_call_takes_cannot_lead_out_of_its_place(scenario: MakeScenario) -> None:
    calls = [http(), http(path="/api/v1/tasks/{1.choices.0.message.content}", method="GET")]
    scripts = [{"text": "a/../b?c\n\u00e9"}]
    made = scenario(calls=calls, scripts=scripts, reproduced=[{"requests": 1}])
    assert play(made).outcomes[1].exchanges[0].path == "/api/v1/tasks/a%2F..%2Fb%3Fc%0A%C3%A9"


def test_what_no_answer_has_stays_as_it_is_written(scenario: MakeScenario) -> None:
    calls = [http(path="/nothing"), {"do": "models"}, {"do": "task", "id": "{1.a}-{2.data}"}]
    made = scenario(calls=calls, reproduced=[{"requests": 1}])
    path = play(made).outcomes[2].exchanges[0].path
    assert path.startswith("/api/v1/tasks/%7B1.a%7D-")


def test_models_are_those_of_the_endpoint(scenario: MakeScenario) -> None:
    reply = only(play(scenario(calls=[{"do": "models"}]))).reply
    assert reply is not None
    assert "qwen3.5-plus" in (reply.models or ())


def test_the_catalogue_is_that_of_the_configuration(scenario: MakeScenario) -> None:
    model = {"id": "qwen3.6-plus", "name": "Qwen"}
    coding = {"baseUrl": "https://coding-intl.dashscope.aliyuncs.com/v1"}
    for models, listed in (([], False), ([model], True)):
        config = {"models": {"providers": {"qwen": {**coding, "models": models}}}}
        client = {"config": config}
        reply = only(play(scenario(calls=[{"do": "catalogue"}], client=client))).reply
        assert reply is not None
        assert ("qwen3.6-plus" in (reply.models or ())) is listed


def test_an_auth_choice_is_onboarded_into_files(scenario: MakeScenario) -> None:
    client = {"auth_choice": "qwen-api-key", "key": "coding", "config": {}}
    outcome = only(play(scenario(client=client)))
    assert outcome.exchanges[0].host == "coding-intl.dashscope.aliyuncs.com"
    assert ("authorization", "Bearer [coding]") in outcome.exchanges[0].headers


def test_an_auth_profile_wins_over_the_environment(scenario: MakeScenario) -> None:
    client = {
        "config": {
            "models": {"providers": {"qwen": {"baseUrl": f"https://{INTL}/compatible-mode/v1"}}}
        },
        "profile": "standard",
        "env": {"QWEN_API_KEY": {"key": "coding"}},
    }
    outcome = only(play(scenario(client=client)))
    assert ("authorization", "Bearer [standard]") in outcome.exchanges[0].headers


def test_a_login_shell_is_not_asked(scenario: MakeScenario) -> None:
    client = {"config": {"env": {"shellEnv": {"enabled": True}}}, "env": {"SHELL": "/bin/false"}}
    error = only(play(scenario(client=client))).error
    assert error is not None
    assert "no API key" in error.message


def test_what_the_provider_refuses_itself_is_an_error_without_the_home(
    scenario: MakeScenario,
) -> None:
    outcome = only(play(scenario(client={"config": {"models": {"mode": "mrege"}}})))
    assert outcome.error is not None
    assert outcome.error.type == "ConfigError"
    assert outcome.error.message.startswith("~/.openclaw/openclaw.json: models.mode")
    assert outcome.exchanges == ()
    assert outcome.summary.startswith("ConfigError: ~/")


def test_a_legacy_auth_choice_is_no_warning(scenario: MakeScenario) -> None:
    client = {"auth_choice": "modelstudio-standard-api-key", "key": "standard"}
    assert only(play(scenario(client=client))).reply is not None


def test_a_client_that_is_impatient_gives_up(scenario: MakeScenario) -> None:
    delay = {"kind": "delay", "seconds": 30, "times": None}
    outcome = only(play(scenario(client={**STANDARD, "timeout": 10}, faults=[delay])))
    assert outcome.error is not None
    assert outcome.error.code == "timed_out"
    assert (outcome.exchanges[-1].failure or "").startswith("ReadTimeout")


def test_http_sends_what_is_said(scenario: MakeScenario) -> None:
    headers = {"user-agent": None, "X-Mine": "1", "x-api-key": {"key": "coding"}}
    exchange = of_http(scenario, path=f"{CHAT}?a=b", headers=headers).exchanges[0]
    assert exchange.path == f"{CHAT}?a=b"
    sent = dict(exchange.headers)
    assert sent["authorization"] == "Bearer [standard]"
    assert sent["x-api-key"] == "[coding]"
    assert sent["x-mine"] == "1"
    assert "user-agent" not in sent
    assert exchange.request_json == HELLO


def test_http_can_do_without_key_and_body(scenario: MakeScenario) -> None:
    outcome = of_http(scenario, method="GET", path="/nothing", key=None, body=None)
    exchange = outcome.exchanges[0]
    assert exchange.status == 404
    assert not {"authorization", "content-type"} & dict(exchange.headers).keys()
    assert exchange.text == ""
    assert outcome.summary == "an answer with status 404"


def test_http_can_send_what_is_no_json(scenario: MakeScenario) -> None:
    exchange = of_http(scenario, body="{nope").exchanges[0]
    assert exchange.content == b"{nope"
    assert exchange.status == 400


def test_a_connection_that_breaks_is_an_error_and_keeps_what_came(scenario: MakeScenario) -> None:
    body = {**HELLO, "stream": True}
    drop = {"kind": "drop", "after": 2}
    made = scenario(calls=[http(body=body)], faults=[drop], reproduced=[{"error": {}}])
    outcome = only(play(made))
    assert outcome.error is not None
    assert outcome.error.type == "RemoteProtocolError"
    exchange = outcome.exchanges[0]
    assert len(exchange.frames) == 2
    assert (exchange.failure or "").startswith("RemoteProtocolError: ")


@pytest.mark.parametrize("kind", ["connect-error", "drop-before-headers"])
def test_an_answer_that_never_came_has_no_status(scenario: MakeScenario, kind: str) -> None:
    seen: list[Any] = [{"response": {}}]
    made = scenario(calls=[http()], faults=[{"kind": kind}], reproduced=seen)
    result = reproduce(made)
    assert result.played.outcomes[0].exchanges[0].status is None
    assert result.played.outcomes[0].exchanges[0].text is None
    (finding,) = result.findings
    assert not finding.holds
    assert "Error: " in finding.seen


def test_a_compressed_answer_is_read(scenario: MakeScenario) -> None:
    made = scenario(calls=[http()], faults=[{"kind": "gzip"}], reproduced=[{"requests": 1}])
    exchange = only(play(made)).exchanges[0]
    assert exchange.received[:2] == b"\x1f\x8b"
    assert exchange.response_json["object"] == "chat.completion"


def test_a_compressed_answer_that_breaks_off_is_shown_as_it_came(scenario: MakeScenario) -> None:
    faults = [{"kind": "gzip"}, {"kind": "truncated-chunk"}]
    seen = [{"requests": 1}]
    exchange = only(play(scenario(calls=[http()], faults=faults, reproduced=seen))).exchanges[0]
    assert exchange.failure
    assert exchange.text is not None
    assert exchange.frames == []


def test_an_answer_that_is_not_compressed_as_it_says_is_shown_as_it_came() -> None:
    exchange = Exchange(
        method="GET",
        host=INTL,
        path="/",
        headers=(),
        content=b"",
        status=200,
        response_headers=(("content-encoding", "gzip"),),
        received=bytearray(b'{"a": 1}'),
    )
    assert exchange.response_json == {"a": 1}


def test_an_account_may_be_named_as_its_plan(scenario: MakeScenario) -> None:
    outcome = only(play(scenario(accounts=[{"key": "standard"}])))
    assert outcome.reply is not None
    assert ("authorization", "Bearer [standard]") in outcome.exchanges[0].headers


def test_a_profile_alone_makes_files(scenario: MakeScenario) -> None:
    outcome = only(play(scenario(client={"profile": "coding"})))
    assert outcome.exchanges[0].host == "coding-intl.dashscope.aliyuncs.com"


def test_no_key_is_kept_anywhere(scenario: MakeScenario) -> None:
    made = scenario(accounts=[{"key": "mine"}], client={**STANDARD, "key": "mine"})
    played = play(made)
    shown = repr(played)
    for key in (*FAKE_KEYS.values(), "sk-mine-not-a-real-key"):
        assert key not in shown
    assert "Bearer [mine]" in shown


@pytest.mark.parametrize("served", [False, True])
def test_limits_accounts_and_overlays_are_those_of_the_scenario(
    scenario: MakeScenario, served: bool
) -> None:
    made = scenario(
        overlay={"model": [{"id": "qwen9-plus", "hosts": ["coding"]}]},
        accounts=[
            {"key": "full", "plan": "coding", "used": {"week": 9000}},
            {"key": "free", "plan": "coding"},
        ],
        limits=True,
        client={"auth_choice": "qwen-api-key", "key": "free"},
        calls=[
            {"do": "chat", "model": "qwen/qwen9-plus"},
            http(
                host="coding-intl.dashscope.aliyuncs.com", path="/v1/chat/completions", key="full"
            ),
            http(
                host="coding-intl.dashscope.aliyuncs.com", path="/v1/chat/completions", key="coding"
            ),
        ],
        reproduced=[
            {"call": 1, "reply": {}},
            {"call": 2, "response": {"status": 429, "text": {"contains": "week allocated"}}},
            {"call": 3, "response": {"status": 401}},
        ],
    )
    result = reproduce(made, served=served)
    assert result.as_expected, result.findings


def test_everything_about_a_call_can_be_expected(scenario: MakeScenario) -> None:
    body = {**HELLO, "stream": True, "stream_options": {"include_usage": True}}
    made = scenario(
        calls=[http(body=body)],
        scripts=[{"text": "Hello!"}],
        reproduced=[
            {
                "requests": 1,
                "request": {
                    "method": "POST",
                    "host": INTL,
                    "path": CHAT,
                    "headers": {"Authorization": "Bearer [standard]", "x-no": {"present": False}},
                    "body": {"messages.0.role": "user"},
                },
                "response": {
                    "status": 200,
                    "headers": {"content-type": {"contains": "text/event-stream"}},
                    "text": {"contains": "data: [DONE]"},
                    "body": {"choices": {"present": False}},
                    "frames": {
                        "count": {"least": 3},
                        "first": {"object": "chat.completion.chunk"},
                        "last": {"choices": [], "usage.total_tokens": {"least": 1}},
                        "any": {"choices.0.finish_reason": "stop"},
                        "none": {"error": {"present": True}},
                    },
                },
            }
        ],
    )
    result = reproduce(made)
    assert result.as_expected, [finding for finding in result.findings if not finding.holds]
    assert len(result.findings) == 17


@pytest.mark.parametrize(
    ("expected", "place"),
    [
        ({"error": {}}, "error"),
        ({"error": {"status": 400}}, "error.status"),
        ({"reply": {"text": "Goodbye!"}}, "reply.text"),
        ({"requests": 2}, "requests"),
        ({"request": {"host": "example.com"}}, "request.host"),
        ({"request": {"body": {"stream": True}}}, "request.body.stream"),
        (
            {"response": {"headers": {"retry-after": {"present": True}}}},
            "response.headers.retry-after",
        ),
        ({"response": {"frames": {"any": {"a": 1}}}}, "response.frames.any"),
        ({"response": {"frames": {"last": {"a": 1}}}}, "response.frames.last.a"),
    ],
)
def test_what_is_not_seen_is_told(
    scenario: MakeScenario, expected: dict[str, Any], place: str
) -> None:
    result = reproduce(scenario(scripts=[{"text": "Hello!"}], reproduced=[expected]))
    assert not result.as_expected
    assert place in [finding.place for finding in result.findings if not finding.holds]


def test_nothing_holds_of_a_request_that_was_not_sent(scenario: MakeScenario) -> None:
    made = scenario(client={}, reproduced=[{"request": {"host": INTL}, "response": {}}])
    result = reproduce(made)
    assert [finding.place for finding in result.findings] == ["request", "response"]
    assert not any(finding.holds for finding in result.findings)


def test_a_remedy_that_leaves_the_symptom_is_none(scenario: MakeScenario) -> None:
    seen: list[Any] = [{"reply": {}}]
    made = scenario(remedy={"words": "Do nothing.", "limits": True, "seen": seen})
    result = reproduce(made, remedy=True)
    assert result.symptom
    assert all(finding.holds for finding in result.findings)
    assert not result.as_expected


def test_a_remedy_may_make_fewer_calls(scenario: MakeScenario) -> None:
    made = scenario(
        calls=[http(), http(key="coding")],
        reproduced=[{"call": 2, "response": {"status": 401}}],
        remedy={
            "words": "Do not.",
            "calls": [http()],
            "seen": [{"response": {"status": 200}}],
        },
    )
    assert reproduce(made).as_expected
    assert reproduce(made, remedy=True).as_expected


def test_a_scenario_without_a_remedy_says_so(scenario: MakeScenario) -> None:
    with pytest.raises(UsageError, match="has no remedy yet"):
        reproduce(scenario(), remedy=True)
