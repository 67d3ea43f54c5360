"""What the real anthropic SDK raises, and what a key says of its plan."""

from collections.abc import Callable
from typing import Any

import anthropic
import pytest

from qwensim.catalog.rows import Plan
from qwensim.server import serve
from qwensim.simulator import Simulator

KEYS: dict[Plan, str] = {"standard": "sk-0123456789", "coding": "sk-sp-0123456789"}
HOSTS = {"standard": "dashscope-intl.aliyuncs.com", "coding": "coding-intl.dashscope.aliyuncs.com"}


@pytest.mark.parametrize(
    ("changed", "error", "body"),
    [
        ({"model": "moon"}, anthropic.BadRequestError, ("InvalidParameter", "Model not exist.")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            anthropic.BadRequestError,
            (
                "InvalidParameter",
                "max_completion_tokens [4096] must be greater than thinking_budget [4096]",
            ),
        ),
    ],
)
def test_errors_are_flat(
    client: anthropic.Anthropic,
    changed: Any,
    error: type[anthropic.APIStatusError],
    body: Any,
    asking: Callable[..., dict[str, Any]],
) -> None:
    with pytest.raises(error) as caught:
        client.messages.create(**asking(**changed))
    told: Any = caught.value.body
    assert (told["code"], told["message"]) == body
    assert told["request_id"] == caught.value.response.headers["x-request-id"]


def test_an_error_in_mid_stream(
    client: anthropic.Anthropic, simulator: Simulator, asking: Callable[..., dict[str, Any]]
) -> None:
    simulator.fault("error-event", error="anthropic-serving-error", after=3)
    stream = client.messages.create(**asking(), stream=True)
    seen: list[str] = []
    with pytest.raises(anthropic.APIStatusError, match="An error occurred in model serving"):
        seen.extend(event.type for event in stream)
    assert seen == ["message_start", "content_block_start"]
    assert simulator.journal[-1].error == "anthropic-serving-error"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate-limit", anthropic.RateLimitError),
        ("internal-error", anthropic.InternalServerError),
        ("overloaded", anthropic.OverloadedError),
    ],
)
def test_a_service_in_trouble(
    client: anthropic.Anthropic,
    simulator: Simulator,
    kind: str,
    error: type[Exception],
    asking: Callable[..., dict[str, Any]],
) -> None:
    simulator.fault("error", error=kind)
    with pytest.raises(error):
        client.messages.create(**asking())


def test_a_wrong_key_is_forbidden(
    simulator: Simulator,
    asking: Callable[..., dict[str, Any]],
    settings: Callable[..., dict[str, Any]],
) -> None:
    with serve(simulator) as server:
        wrong = {**settings(server.url), "api_key": "sk-9999999999"}
        with (
            anthropic.Anthropic(**wrong) as client,
            pytest.raises(anthropic.PermissionDeniedError, match="invalid api-key"),
        ):
            client.messages.create(**asking())


@pytest.mark.parametrize("held", ["api_key", "auth_token"])
@pytest.mark.parametrize("plan", ["standard", "coding"])
def test_the_key_says_which_plan_a_bare_address_stands_for(
    simulator: Simulator,
    plan: Plan,
    held: str,
    monkeypatch: pytest.MonkeyPatch,
    asking: Callable[..., dict[str, Any]],
    settings: Callable[..., dict[str, Any]],
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with serve(simulator) as server:
        given = settings(server.url, plan)
        given[held] = given.pop("api_key")
        with anthropic.Anthropic(**given) as client:
            assert client.messages.create(**asking()).stop_reason == "end_turn"
    assert simulator.journal[-1].host == HOSTS[plan]


def test_the_coding_plan_refuses_in_its_own_shape(
    simulator: Simulator,
    asking: Callable[..., dict[str, Any]],
    settings: Callable[..., dict[str, Any]],
) -> None:
    simulator.fault("error", error="plan-quota", values={"scope": "hour"})
    with serve(simulator) as server:
        base = f"{server.url}/{HOSTS['coding']}/apps/anthropic"
        given = {**settings(server.url, "coding"), "base_url": base}
        with anthropic.Anthropic(**given) as client:
            with pytest.raises(anthropic.RateLimitError, match="hour allocated quota exceeded"):
                client.messages.create(**asking())
            with pytest.raises(anthropic.BadRequestError, match="`moon` is not supported"):
                client.messages.create(**asking(model="moon"))
        with (
            anthropic.Anthropic(**{**given, "api_key": KEYS["standard"]}) as client,
            pytest.raises(anthropic.AuthenticationError, match="token expired"),
        ):
            client.messages.create(**asking())
