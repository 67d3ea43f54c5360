"""`qwensim doctor`: what each state of configuration, key, account and endpoint is called."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.questions import ASKED, Finding, examine
from qwensim.provider import QwenProvider
from qwensim.server import Server, serve
from qwensim.simulator import Simulator
from qwensim.simulator.accounts import Account
from qwensim.transport import transport

CODING = "https://coding-intl.dashscope.aliyuncs.com/v1"
STANDARD = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"

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


# ---- the command


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration of the Standard endpoint, without a key."""
    path = tmp_path / "openclaw.json"
    path.write_text(
        f"""{{
          models: {{ providers: {{ qwen: {{
            baseUrl: "{STANDARD}", api: "openai-completions", models: [],
          }} }} }},
          agents: {{ defaults: {{ model: {{ primary: "modelstudio/qwen3.5-plus" }} }} }},
        }}""",
        "utf-8",
    )
    return path


@pytest.fixture
def doctor(qwensim: Callable[..., Any], config: Path, server: Server) -> Callable[..., Any]:
    """Run `qwensim doctor --json` on the configuration; return the exit code and the findings."""

    def run(*options: str) -> tuple[int, dict[str, dict[str, str]]]:
        options = ("--config", str(config), "--target", server.url, "--json", *options)
        result = qwensim("doctor", *options)
        assert result.err == ""
        found = json.loads(result.out)
        assert not any(key in result.out for key in FAKE_KEYS.values())
        return result.code, {finding["question"]: finding for finding in found}

    return run


def test_a_sound_configuration_is_told_whole(
    doctor: Callable[..., Any], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSTUDIO_API_KEY", FAKE_KEYS["standard"])
    monkeypatch.setenv("DASHSCOPE_API_KEY", FAKE_KEYS["coding"])
    code, found = doctor()
    assert code == 0
    assert [*found] == ["configuration", "key source", "key kind", *ASKED]
    assert {finding["verdict"] for finding in found.values()} == {"works"}
    assert found["configuration"]["detail"] == f"{config}: qwen/qwen3.5-plus at {STANDARD}"
    assert found["key source"]["detail"] == "MODELSTUDIO_API_KEY; unused: DASHSCOPE_API_KEY"
    assert found["key kind"]["detail"] == f"a Standard key, for {STANDARD}"


def test_a_key_of_the_other_plan_is_told_with_both_ways_out(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["coding"])
    monkeypatch.setenv("MODELSTUDIO_API_KEY", FAKE_KEYS["standard"])
    code, found = doctor()
    assert code == 1
    assert found["key kind"]["verdict"] == found["key"]["verdict"] == "fails"
    assert "qwensim onboard --auth-choice qwen-api-key" in found["key kind"]["fix"]
    assert "out of QWEN_API_KEY; next comes MODELSTUDIO_API_KEY" in found["key kind"]["fix"]


def test_a_key_of_no_form_is_told(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", "hello-world")
    _, found = doctor()
    assert found["key kind"]["detail"].startswith("no key of the service, but")
    assert found["key kind"]["fix"] == "Use a Standard key."


def test_no_key_leaves_the_endpoint_alone(
    doctor: Callable[..., Any], simulator: Simulator, config: Path
) -> None:
    code, found = doctor()
    assert code == 1
    assert found["key source"]["verdict"] == "fails"
    assert "qwensim onboard" in found["key source"]["fix"]
    assert "QWEN_API_KEY" in found["key source"]["detail"]
    assert str(config.parent) in found["key source"]["detail"]
    assert {found[question]["verdict"] for question in ("key kind", *ASKED)} == {"open"}
    assert not simulator.journal


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{ models: { mode: "often" } }', "models.mode"),
        ("{", "not JSON5"),
        ('{ agents: { defaults: { model: "dashscope/qwen-plus" } } }', "qwen/qwen-plus"),
        ('{ agents: { defaults: { model: "qwen-portal/coder-model" } } }', "qwen-api-key"),
    ],
)
def test_a_wrong_configuration_is_a_finding(
    doctor: Callable[..., Any], config: Path, text: str, told: str
) -> None:
    config.write_text(text, "utf-8")
    code, found = doctor()
    assert code == 1
    assert found["configuration"]["verdict"] == "fails"
    assert told in found["configuration"]["detail"]
    assert found["configuration"]["fix"]
    assert {found[question]["verdict"] for question in ASKED} == {"open"}


def test_a_header_that_cannot_be_had_is_a_finding(
    doctor: Callable[..., Any], config: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    qwen = {"baseUrl": STANDARD, "headers": {"X-Team": "${NO_SUCH_VARIABLE}"}}
    config.write_text(json.dumps({"models": {"providers": {"qwen": qwen}}}), "utf-8")
    code, found = doctor()
    assert code == 1
    assert found["configuration"]["verdict"] == "fails"
    assert "NO_SUCH_VARIABLE" in found["configuration"]["detail"]
    assert found["key source"]["verdict"] == "works"
    assert not simulator.journal


def test_a_key_in_the_place_of_a_name_is_not_shown(
    doctor: Callable[..., Any], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    config.write_text(json.dumps({"agents": {"defaults": {"model": FAKE_KEYS["coding"]}}}))
    _, found = doctor()
    assert "qwen/[redacted] at" in found["configuration"]["detail"]


def test_without_a_file_the_defaults_are_looked_at(
    doctor: Callable[..., Any], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.unlink()
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["coding"])
    code, found = doctor("--model", "qwen/qwen3.6-plus")
    assert code == 1
    assert found["configuration"]["detail"] == (
        f"no file {config}, so the defaults hold: qwen/qwen3.6-plus at {CODING}"
    )
    assert found["model"]["verdict"] == "fails"
    assert "qwen-standard-api-key" in found["model"]["fix"]


def test_a_custom_provider_is_asked_at_its_own_address(
    doctor: Callable[..., Any], config: Path, server: Server
) -> None:
    url = server.base_urls["dashscope.aliyuncs.com"]
    config.write_text(
        f"""{{
          models: {{ providers: {{ bailian: {{
            baseUrl: "{url}", api: "openai-completions", apiKey: "{FAKE_KEYS["standard"]}",
            models: [{{ id: "qwen-plus", name: "Plus" }}],
          }} }} }},
          agents: {{ defaults: {{ model: {{ primary: "bailian/qwen-plus" }} }} }},
        }}""",
        "utf-8",
    )
    code, found = doctor()
    assert code == 0
    assert "bailian/qwen-plus" in found["configuration"]["detail"]
    assert "models.providers.bailian.apiKey" in found["key source"]["detail"]
    assert found["streaming usage"]["detail"].endswith("told by the stream")
    assert not found["streaming usage"]["fix"]


def test_usage_that_the_configuration_turns_off_is_told_as_such(
    doctor: Callable[..., Any], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    models = [{"id": "qwen3.5-plus", "compat": {"supportsUsageInStreaming": False}}]
    qwen = {"baseUrl": STANDARD, "models": models}
    config.write_text(json.dumps({"models": {"providers": {"qwen": qwen}}}), "utf-8")
    code, found = doctor()
    assert code == 0
    assert found["streaming usage"]["detail"].startswith("told when asked for")
    assert "compat.supportsUsageInStreaming" in found["streaming usage"]["fix"]


def test_a_server_on_this_machine_needs_no_key(
    doctor: Callable[..., Any], config: Path, simulator: Simulator, server: Server
) -> None:
    mine = {"baseUrl": server.base_urls["dashscope.aliyuncs.com"], "apiKey": "${NO_SUCH_VARIABLE}"}
    agents = {"defaults": {"model": "mine/qwen-plus"}}
    data = {"models": {"providers": {"mine": mine}}, "agents": agents}
    config.write_text(json.dumps(data), "utf-8")
    code, found = doctor()
    assert code == 1  # the fake wants one, as the service does
    assert found["key source"]["verdict"] == "works"
    assert found["key source"]["detail"].startswith("no key, which a server on this machine may")
    assert "NO_SUCH_VARIABLE is not set" in found["key source"]["detail"]
    assert found["key"]["verdict"] == "fails"
    assert found["key"]["fix"].startswith("No key was sent; ")
    assert simulator.journal


def test_people_get_a_table_and_the_fixes(
    qwensim: Callable[..., Any], config: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["coding"])
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = qwensim("doctor", "--config", str(config), "--target", server.url)
    out = re.sub(r"\x1b\[[0-9;]*m", "", result.out)
    lines = out.splitlines()
    assert result.code == 1
    assert max(len(line) for line in lines[: lines.index("")]) <= 80
    assert re.search(r"^key kind +fails +a Coding Plan key", out, re.MULTILINE)
    assert re.search(r"^key kind: Use a Standard key, or its own", out, re.MULTILINE)
    assert lines[-1] == "3 works, 2 fails, 4 open"
