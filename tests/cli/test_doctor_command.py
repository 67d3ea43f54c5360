"""`qwensim doctor`: what it tells of each state of the configuration."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.questions import ASKED
from qwensim.server import Server, serve
from qwensim.simulator import Simulator

CODING = "https://coding-intl.dashscope.aliyuncs.com/v1"
STANDARD = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


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
    qwensim: Callable[..., Any], config: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.unlink()
    monkeypatch.setenv("OPENCLAW_CONFIG_PATH", str(config))
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["coding"])
    options = ("--target", server.url, "--json", "--model", "qwen/qwen3.6-plus")
    result = qwensim("doctor", *options)
    assert result.code == 1
    found = {finding["question"]: finding for finding in json.loads(result.out)}
    assert found["configuration"]["detail"] == (
        f"no file {config}, so the defaults hold: qwen/qwen3.6-plus at {CODING}"
    )
    assert found["model"]["verdict"] == "fails"
    assert "qwen-standard-api-key" in found["model"]["fix"]


def test_a_file_that_is_named_must_be_there(qwensim: Callable[..., Any], config: Path) -> None:
    config.unlink()
    result = qwensim("doctor", "--config", str(config))
    assert (result.code, result.out) == (2, "")
    told = f"error: --config: there is no file {config}; to make one: qwensim onboard\n"
    assert result.err == told


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
