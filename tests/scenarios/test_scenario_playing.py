"""Calls of every kind, and all that can be seen of them."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from qwensim.scenarios import Outcome, Played, Scenario, play
from qwensim.simulator import TaskPace

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


@pytest.mark.parametrize("model", [None, "qwen/wan2.6-t2i"])
def test_an_image_is_made_and_downloaded(scenario: MakeScenario, model: str | None) -> None:
    call = {"do": "image", "prompt": "A cat.", "model": model, "seed": 7, "download_after": 60}
    outcome = only(play(scenario(calls=[call])))
    assert outcome.reply is not None
    assert outcome.reply.images == 1
    assert outcome.reply.downloaded
    assert outcome.exchanges[0].request_json["parameters"]["seed"] == 7
    assert outcome.exchanges[-1].host != INTL


def test_an_image_that_nobody_fetched_for_a_day_is_gone(scenario: MakeScenario) -> None:
    image = {"do": "image", "prompt": "A cat."}
    calls = [image, {**image, "download_after": 86_401}]
    there, gone = play(scenario(calls=calls)).outcomes
    assert there.reply is not None
    assert (there.reply.images, there.reply.downloaded) == (1, None)
    assert gone.error is not None
    assert gone.error.status == 403


@pytest.mark.parametrize("served", [False, True])
def test_a_task_takes_as_long_as_the_scenario_says(scenario: MakeScenario, served: bool) -> None:
    calls = [{"do": "video", "prompt": "A cat.", "timeout": 100}]
    made = scenario(calls=calls, task_pace={"pending": 1, "running": 120})
    error = only(play(made, served=served)).error
    assert error is not None
    assert error.type == "UnfinishedTaskError"
    assert only(play(replace(made, task_pace=TaskPace(running=60)), served=served)).reply


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
