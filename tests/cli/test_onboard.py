"""`qwensim onboard`: by options, and on a real terminal."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.server import Server, serve
from qwensim.simulator import Simulator
from qwensim.simulator.accounts import Account

KEY = FAKE_KEYS["coding"]
STANDARD_KEY = FAKE_KEYS["standard"]
PROGRAM = "import sys; from qwensim.cli import main; main(sys.argv[1:])"
Onboard = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "openclaw.json"


@pytest.fixture
def onboard(qwensim: Callable[..., Any], config: Path) -> Onboard:
    """Run `qwensim onboard` on a configuration of the test's own."""
    return lambda *options: qwensim("onboard", "--config", str(config), *options)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


def store(config: Path) -> Path:
    return config.parent / "agents" / "main" / "agent" / "auth-profiles.json"


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


# ---- by options


@pytest.mark.parametrize("choice", load().auth_choices)
def test_each_choice_configures_its_endpoint(onboard: Onboard, config: Path, choice: str) -> None:
    host = load().hosts[load().auth_choices[choice].host]
    key = FAKE_KEYS[host.plan]
    result = onboard("--auth-choice", choice, "--api-key", key)
    assert (result.code, result.err) == (0, "")
    written = json.loads(config.read_text("utf-8"))
    assert written["models"]["providers"]["qwen"]["baseUrl"] == host.base_url
    assert written["agents"]["defaults"]["model"] == {"primary": "qwen/qwen3.5-plus"}
    assert json.loads(store(config).read_text("utf-8"))["profiles"]["qwen:default"]["key"] == key
    assert stat.S_IMODE(store(config).stat().st_mode) == 0o600
    assert key not in config.read_text("utf-8") + result.out
    assert f'+      "baseUrl": "{host.base_url}"'.split() == next(
        line.rstrip(",").split() for line in result.out.splitlines() if "baseUrl" in line
    )


def test_a_dry_run_shows_the_change_and_writes_nothing(onboard: Onboard, config: Path) -> None:
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", KEY, "--dry-run")
    assert result.code == 0
    assert "https://coding-intl.dashscope.aliyuncs.com/v1" in result.out
    assert result.out.endswith("Nothing has been written.\n")
    assert KEY not in result.out + result.err
    assert not files(config.parent)


def test_the_diff_of_an_old_configuration_shows_no_key(onboard: Onboard, config: Path) -> None:
    config.write_text(
        "{\n  // mine\n  models: { providers: { qwen: {\n"
        '    apiKey: "open sesame",\n    baseUrl: "https://dashscope.aliyuncs.com/v1",\n'
        "    models: [] } } },\n}\n"
    )
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", KEY)
    assert result.code == 0
    assert "-" in result.out
    assert "sesame" not in result.out + result.err
    assert "// mine" in config.read_text("utf-8")


def test_onboarding_again_changes_the_key_alone(onboard: Onboard, config: Path) -> None:
    onboard("--auth-choice", "qwen-api-key", "--api-key", KEY)
    written = config.read_bytes()
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", f"{KEY}-2")
    assert result.code == 0
    assert f"{config} stays as it is." in result.out
    assert result.out.endswith(f"qwensim doctor --config {config}\n")
    assert config.read_bytes() == written
    assert f"{KEY}-2" in store(config).read_text("utf-8")


def test_a_comment_that_would_be_lost_is_told_before(onboard: Onboard, config: Path) -> None:
    old = """{ agents: { defaults: { models: {
      "qwen/glm-5": {},
      "modelstudio/glm-5": { /* the old one */ },
    } } } }"""
    config.write_text(old, "utf-8")
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", KEY, "--dry-run")
    assert result.code == 0
    assert result.err == "warning: comments would be lost: /* the old one */\n"
    assert config.read_text("utf-8") == old


def test_the_key_may_come_from_standard_input(config: Path) -> None:
    args = ("onboard", "--config", config, "--auth-choice", "qwen-api-key", "--api-key-stdin")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        input=f"{KEY}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert KEY in store(config).read_text("utf-8")
    assert KEY not in done.stdout + done.stderr


def test_a_key_that_is_no_text_is_a_mistake(config: Path) -> None:
    args = ("onboard", "--config", config, "--auth-choice", "qwen-api-key", "--api-key-stdin")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        input=b"\xff\xfes\x00k\x00-\x00",
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
    )
    assert done.returncode == 2
    assert done.stderr == b"error: the API key on standard input is no text; write it as UTF-8\n"
    assert not files(config.parent)


def test_another_default_model_is_taken(onboard: Onboard, config: Path) -> None:
    options = ("--auth-choice", "qwen-api-key", "--api-key", KEY, "--model", "qwen/glm-5")
    assert onboard(*options).code == 0
    written = json.loads(config.read_text("utf-8"))
    assert written["agents"]["defaults"]["model"]["primary"] == "qwen/glm-5"


def test_a_legacy_choice_works_and_is_noted_once(onboard: Onboard, config: Path) -> None:
    result = onboard("--auth-choice", "modelstudio-api-key-cn", "--api-key", KEY)
    assert result.code == 0
    assert result.err.startswith("warning: ")
    assert "qwen-api-key-cn" in result.err
    assert result.err.count("\n") == 1
    assert "https://coding.dashscope.aliyuncs.com/v1" in config.read_text("utf-8")


def test_a_key_of_the_other_plan_is_noted(onboard: Onboard) -> None:
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", STANDARD_KEY)
    assert result.code == 0
    assert "this is a Standard key" in result.err
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", "hello-world")
    assert "this is no key of the service" in result.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--auth-choice", "qwen-portal", "--api-key", KEY), "--auth-choice qwen-api-key"),
        (("--auth-choice", "qwen-oauth", "--api-key", KEY), "--auth-choice qwen-api-key"),
        (("--auth-choice", "nope", "--api-key", KEY), "qwen-standard-api-key-cn"),
        (("--auth-choice", "qwen-api-key", "--api-key", " "), "the API key is empty"),
        (("--auth-choice", "qwen-api-key"), "--api-key-stdin"),
        (("--api-key", KEY), "qwen-standard-api-key-cn"),
        (("--auth-choice", "qwen-api-key", "--api-key", KEY, "--api-key-stdin"), "two keys"),
        (("--auth-choice", "qwen-api-key", "--target", "http://127.0.0.1:1"), "add --verify"),
    ],
)
def test_a_mistake_writes_nothing(
    onboard: Onboard, config: Path, options: tuple[str, ...], told: str
) -> None:
    result = onboard(*options)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert told in result.err
    assert KEY not in result.err
    assert not files(config.parent)


def test_a_wrong_configuration_stays_as_it_is(onboard: Onboard, config: Path) -> None:
    config.write_text('{ models: { mode: "often" } }')
    result = onboard("--auth-choice", "qwen-api-key", "--api-key", KEY)
    assert result.code == 2
    for word in (str(config), "models.mode", "often", "merge"):
        assert word in result.err
    assert config.read_text() == '{ models: { mode: "often" } }'


# ---- verified


def verifying(server: Server, choice: str = "qwen-api-key", key: str = KEY) -> tuple[str, ...]:
    return ("--auth-choice", choice, "--api-key", key, "--verify", "--target", server.url)


def test_a_key_that_works_is_verified_with_one_request(
    onboard: Onboard, config: Path, simulator: Simulator, server: Server
) -> None:
    result = onboard(*verifying(server))
    assert result.code == 0
    assert "Verified: qwen/qwen3.5-plus answers" in result.err
    assert [entry.host for entry in simulator.journal] == ["coding-intl.dashscope.aliyuncs.com"]
    assert files(config.parent) == {config, store(config)}


def test_a_key_that_is_refused_is_not_written(
    onboard: Onboard, config: Path, simulator: Simulator, server: Server
) -> None:
    simulator.account(Account(key="sk-sp-another-key-00", plan="coding"))
    result = onboard(*verifying(server))
    assert result.code == 1
    assert "invalid access token or token expired" in result.err
    assert "takes Coding Plan keys" in result.err
    assert KEY not in result.out + result.err
    assert not files(config.parent)


def test_a_target_is_an_address_without_a_path(
    onboard: Onboard, config: Path, server: Server
) -> None:
    result = onboard(*verifying(server)[:-1], f"{server.url}/v1")
    assert result.code == 2
    assert "must have no path" in result.err
    assert not files(config.parent)
