"""`qwensim doctor`: what each state of configuration, key, account and endpoint is called."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.questions import ASKED, Finding, examine
from qwensim.provider import QwenProvider
from qwensim.simulator import Simulator
from qwensim.simulator.accounts import Account
from qwensim.transport import transport

CODING = "https://coding-intl.dashscope.aliyuncs.com/v1"
Examine = Callable[..., dict[str, Finding]]


def verdicts(found: dict[str, Finding]) -> dict[str, str]:
    return {question: finding.verdict for question, finding in found.items()}


def expected(failed: str | None = None) -> dict[str, str]:
    """Return the verdicts if nothing fails but one question, which leaves those after it open."""
    position = ASKED.index(failed) if failed else len(ASKED)
    return {
        question: "works" if index < position else "fails" if index == position else "open"
        for index, question in enumerate(ASKED)
    }


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def ask(simulator: Simulator) -> Iterator[Examine]:
    """Examine a model in process; time is the simulator's."""
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:

        def run(
            model: str = "qwen3.5-plus", *, key: str = FAKE_KEYS["coding"], base_url: str = CODING
        ) -> dict[str, Finding]:
            provider = QwenProvider(
                base_url=base_url, api_key=key, http_client=client, sleep=lambda _: None
            )
            found = examine(provider, f"qwen/{model}", load(), provider_id="qwen")
            return {finding.question: finding for finding in found}

        yield run


# ---- what the requests decide


def test_two_requests_decide_that_all_is_well(ask: Examine, simulator: Simulator) -> None:
    found = ask()
    assert verdicts(found) == expected()
    assert found["plan"].detail == "Coding Plan, global"
    assert found["thinking"].detail == "off and on as asked"
    assert "tokens" in found["streaming usage"].detail
    assert len(simulator.journal) == 2


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        ("plan-wrong-key", "key"),
        ("overdue", "plan"),
        ("plan-client-refused", "plan"),
        ("plan-unknown-model", "model"),
        ("not-found", "route"),
    ],
)
def test_a_refusal_decides_one_question_with_one_request(
    ask: Examine, simulator: Simulator, error: str, failed: str
) -> None:
    simulator.fault("error", error=error, times=None, values={"model": "qwen3.5-plus"})
    found = ask()
    assert verdicts(found) == expected(failed)
    assert found[failed].fix
    assert len(simulator.journal) == 1


def test_a_refused_model_names_the_plan_that_has_it(ask: Examine) -> None:
    found = ask("qwen3.6-plus")
    assert verdicts(found) == expected("model")
    assert found["model"].detail.startswith("model `qwen3.6-plus` is not supported. (400, ")
    assert "qwen-standard-api-key" in found["model"].fix


def test_no_connection_is_a_wrong_route(ask: Examine) -> None:
    found = ask(base_url="https://nowhere.invalid/v1")
    assert verdicts(found) == expected("route")
    assert "check the address" in found["route"].fix


def test_a_key_in_an_error_is_not_shown(ask: Examine, simulator: Simulator) -> None:
    simulator.account(Account(key="sk-sp-another-key-00", plan="coding"))
    found = ask()
    assert verdicts(found) == expected("key")
    assert not any(FAKE_KEYS["coding"] in f"{finding}" for finding in found.values())


# ---- thinking


def test_a_model_that_always_thinks_works(ask: Examine, simulator: Simulator) -> None:
    found = ask("MiniMax-M2.5")
    assert verdicts(found) == expected()
    assert found["thinking"].detail.startswith("always on: The value of the enable_thinking")
    assert len(simulator.journal) == 2


def test_a_model_that_never_thinks_works(ask: Examine) -> None:
    assert ask("qwen3-coder-plus")["thinking"].detail == "the model does not think"


def test_a_model_that_refuses_the_flag_is_asked_without_it(
    ask: Examine, simulator: Simulator
) -> None:
    simulator.fault("error", error="thinking-flag-unsupported", times=2, values={"model": "m"})
    found = ask("qwen3-coder-plus")
    assert verdicts(found) == expected()
    assert found["thinking"].detail.startswith("takes no flag: ")
    assert len(simulator.journal) == 3


class Proxy(httpx2.BaseTransport):
    """Stands between client and Coding Plan, and changes what is asked."""

    def __init__(self, simulator: Simulator, change: Callable[[dict[str, Any]], object]) -> None:
        self._service = transport(simulator, httpx2)
        self._change = change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        self._change(body)
        headers = {"authorization": request.headers["authorization"], "user-agent": "proxy"}
        url = request.url.copy_with(host=httpx2.URL(CODING).host)
        return self._service.handle_request(
            httpx2.Request(request.method, url, headers=headers, json=body)
        )


@pytest.mark.parametrize(
    ("change", "question", "fix"),
    [
        (lambda body: body.pop("enable_thinking"), "thinking", "enable_thinking"),
        (lambda body: body.update(enable_thinking=False), "thinking", "reasoning_content"),
        (lambda body: body.pop("stream_options"), "streaming usage", "stream_options"),
    ],
)
def test_what_a_proxy_drops_is_named(
    simulator: Simulator, change: Callable[[dict[str, Any]], object], question: str, fix: str
) -> None:
    with httpx2.Client(transport=Proxy(simulator, change)) as client:
        provider = QwenProvider(api_key=FAKE_KEYS["coding"], http_client=client)
        found = examine(provider, "qwen/qwen3.5-plus", load(), provider_id="qwen")
    failed = [finding for finding in found if finding.verdict == "fails"]
    assert [finding.question for finding in failed] == [question]
    assert fix in failed[0].fix


def test_a_refusal_of_thinking_is_that_of_thinking_alone(
    ask: Examine, simulator: Simulator
) -> None:
    simulator.script(when=lambda ask: ask.thinking, error="rate-limit", times=None)
    found = ask()
    assert verdicts(found) == {**expected(), "thinking": "fails"}


# ---- a foreign host


@pytest.mark.parametrize(
    ("change", "verdict", "told"),
    [
        (lambda body: None, "works", "told when asked for"),
        (lambda body: body.pop("stream_options", None), "works", "never tells its usage"),
        (
            lambda body: body.update(model=4) if "stream_options" in body else None,
            "fails",
            "",
        ),
    ],
)
def test_a_foreign_host_is_asked_once_more_for_its_usage(
    simulator: Simulator,
    change: Callable[[dict[str, Any]], object],
    verdict: str,
    told: str,
) -> None:
    with httpx2.Client(transport=Proxy(simulator, change)) as client:
        provider = QwenProvider(
            base_url="https://gateway.example/v1", api_key=FAKE_KEYS["coding"], http_client=client
        )
        found = examine(provider, "qwen/qwen3.5-plus", load(), provider_id="qwen")
    assert found[-1].question == "streaming usage"
    assert found[-1].verdict == verdict
    assert told in found[-1].detail
    assert len(simulator.journal) == 3
