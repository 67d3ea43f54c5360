"""`qwensim models list --provider`: a configuration's models, as OpenClaw lists them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS

STANDARD_ONLY = "qwen3.6-plus"
BY_NAME = [
    "glm-4.7",
    "glm-5",
    "kimi-k2.5",
    "MiniMax-M2.5",
    "qwen3-coder-next",
    "qwen3-coder-plus",
    "qwen3-max-2026-01-23",
    "qwen3.5-plus",
    STANDARD_ONLY,
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "openclaw.json"


@pytest.fixture
def listed(qwensim: Callable[..., Any], config: Path) -> Callable[..., dict[str, Any]]:
    """List the models of a provider of the configuration, by their keys."""

    def run(provider: str, *options: str, **data: Any) -> dict[str, Any]:
        if data:
            config.write_text(json.dumps(data), "utf-8")
        options = ("--provider", provider, "--config", str(config), "--json", *options)
        result = qwensim("models", "list", *options)
        assert (result.code, result.err) == (0, "")
        found = json.loads(result.out)
        assert [*found] == ["count", "models"]
        assert found["count"] == len(found["models"])
        return {row["key"]: row for row in found["models"]}

    return run


def onboard(qwensim: Callable[..., Any], config: Path, choice: str) -> None:
    key = FAKE_KEYS["standard" if "standard" in choice else "coding"]
    options = ("--config", str(config), "--auth-choice", choice, "--api-key", key)
    assert qwensim("onboard", *options).code == 0


@pytest.mark.parametrize(
    ("choice", "models"),
    [("qwen-standard-api-key", BY_NAME), ("qwen-api-key-cn", BY_NAME[:-1])],
)
@pytest.mark.parametrize("provider", ["qwen", "modelstudio", "QwenCloud"])
def test_what_was_onboarded_is_listed_by_name(
    qwensim: Any, listed: Any, config: Path, choice: str, models: list[str], provider: str
) -> None:
    onboard(qwensim, config, choice)
    rows = listed(provider)
    assert [*rows] == [f"qwen/{model}" for model in models]
    assert rows["qwen/qwen3.5-plus"] == {
        "key": "qwen/qwen3.5-plus",
        "name": "qwen3.5-plus",
        "input": "text+image",
        "contextWindow": 1_000_000,
        "local": False,
        "available": True,
        "tags": ["default", "configured", "alias:Qwen"],
        "missing": False,
    }
    assert rows["qwen/glm-5"]["tags"] == ["configured"]


def test_an_explicit_model_of_the_other_plan_is_listed(
    qwensim: Any, listed: Any, config: Path
) -> None:
    onboard(qwensim, config, "qwen-api-key")
    data = json.loads(config.read_text("utf-8"))
    data["models"]["providers"]["qwen"]["models"].append({"id": STANDARD_ONLY})
    row = listed("qwen", **data)[f"qwen/{STANDARD_ONLY}"]
    assert (row["missing"], row["available"]) == (False, True)


def test_a_configuration_that_names_none_lists_the_catalogue_if_asked(
    listed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert listed("qwen") == {}
    rows = listed("qwen", "--all")
    assert [*rows] == [f"qwen/{model}" for model in BY_NAME[:-1]]
    assert {row["available"] for row in rows.values()} == {False}
    assert {tuple(row["tags"]) for row in rows.values()} == {()}
    monkeypatch.setenv("DASHSCOPE_API_KEY", FAKE_KEYS["coding"])
    assert {row["available"] for row in listed("qwen", "--all").values()} == {True}


def test_what_is_named_but_nowhere_is_missing(listed: Any) -> None:
    defaults = {
        "model": {"primary": "Gone", "fallbacks": ["modelstudio/glm-5", "other/x"]},
        "models": {"qwencloud/of-yesterday": {"alias": "Gone"}},
    }
    assert listed("qwen", agents={"defaults": defaults}) == {
        "qwen/glm-5": {
            "key": "qwen/glm-5",
            "name": "glm-5",
            "input": "text",
            "contextWindow": 202_752,
            "local": False,
            "available": False,
            "tags": ["fallback#1"],
            "missing": False,
        },
        "qwen/of-yesterday": {
            "key": "qwen/of-yesterday",
            "name": "qwen/of-yesterday",
            "input": "-",
            "contextWindow": None,
            "local": None,
            "available": None,
            "tags": ["default", "configured", "alias:Gone", "missing"],
            "missing": True,
        },
    }


def test_a_custom_provider_lists_its_own(listed: Any) -> None:
    mine = {"baseUrl": "http://nas.local/v1", "models": [{"id": "b", "name": "A"}, {"id": "c"}]}
    custom = {"api": "anthropic-messages", "models": [{"id": "x"}]}
    providers = {"Mine": mine, "modelstudio": {**custom, "baseUrl": "http://localhost/v1"}}
    rows = listed("mine", models={"providers": providers})
    assert [*rows] == ["Mine/b", "Mine/c"]
    assert (rows["Mine/b"]["local"], rows["Mine/b"]["available"]) == (True, False)
    assert [*listed("modelstudio")] == ["modelstudio/x"]
    assert listed("modelstudio")["modelstudio/x"]["available"] is True  # it needs no key


def test_a_key_in_the_place_of_a_name_is_not_shown(qwensim: Any, config: Path) -> None:
    key = FAKE_KEYS["standard"]
    data = {
        "models": {"providers": {"qwen": {"models": [{"id": key}]}, key: {}}},
        "agents": {"defaults": {"model": key, "models": {"qwen/glm-5": {"alias": key}}}},
    }
    config.write_text(json.dumps(data), "utf-8")
    options = ("models", "list", "--config", str(config), "--provider")
    shown = [qwensim(*options, *more) for more in (("qwen",), ("qwen", "--json"), ("gone",))]
    assert [result.code for result in shown] == [0, 0, 2]
    for result in shown:
        assert key not in result.out + result.err
        assert "[redacted]" in result.out + result.err


def test_people_get_a_table(qwensim: Any, config: Path) -> None:
    onboard(qwensim, config, "qwen-api-key")
    out = qwensim("models", "list", "--provider", "qwen", "--config", str(config)).out
    lines = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    assert ["Model", "Input", "Ctx", "Local", "Auth", "Tags"] in lines
    assert ["qwen/kimi-k2.5", "text+image", "262,144", "no", "yes", "configured"] in lines
    config.unlink()
    (config.parent / "agents").rename(config.parent / "gone")
    result = qwensim("models", "list", "--provider", "qwen", "--config", str(config))
    assert result.out == "No models of qwen are configured; --all lists those there are.\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--provider", "dashscope"), "no provider 'dashscope'; "),
        (("--provider", "dashscope"), "has: qwen, modelstudio, qwencloud, mine"),
        (("--provider", "qwen", "--host", "dashscope.aliyuncs.com"), "leave out --provider"),
        (("--all",), "add --provider"),
        ((), "add --provider"),
    ],
)
def test_a_mistake_says_what_to_write(
    qwensim: Any, config: Path, options: tuple[str, ...], told: str
) -> None:
    config.write_text('{ models: { providers: { mine: { baseUrl: "https://m.example" } } } }')
    result = qwensim("models", "list", "--config", str(config), *options)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
