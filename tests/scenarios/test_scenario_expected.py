"""The situation of a scenario, what is expected of it, and its remedy."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.errors import UsageError
from qwensim.scenarios import Outcome, Played, Scenario, play, reproduce

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
