"""What onboarding makes of a configuration."""

import copy
import json
import stat
from typing import Any

import pytest
from hypothesis import strategies as st

from qwensim.catalog import Catalog
from qwensim.provider.openclaw import onboarded, onboarding

KEY = "sk-sp-brandnewkey1234"
HOSTS = {
    "qwen-standard-api-key-cn": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "qwen-standard-api-key": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "qwen-api-key-cn": "https://coding.dashscope.aliyuncs.com/v1",
    "qwen-api-key": "https://coding-intl.dashscope.aliyuncs.com/v1",
}
STANDARD_ONLY = "qwen3.6-plus"
BUNDLED = [
    "qwen3.5-plus",
    STANDARD_ONLY,
    "qwen3-max-2026-01-23",
    "qwen3-coder-next",
    "qwen3-coder-plus",
    "MiniMax-M2.5",
    "glm-5",
    "glm-4.7",
    "kimi-k2.5",
]


def models_of(choice: str) -> list[str]:
    return [model for model in BUNDLED if "standard" in choice or model != STANDARD_ONLY]


@pytest.mark.parametrize("choice", HOSTS)
def test_a_fresh_home_gets_what_openclaw_writes(home: Any, catalog: Catalog, choice: str) -> None:
    plan = onboarding(home.read(), choice, KEY, catalog=catalog)
    assert home.files() == {}
    plan.write()
    written = json.loads(home.config_file.read_text())
    models = models_of(choice)
    provider = written["models"]["providers"]["qwen"]
    assert [model["id"] for model in provider.pop("models")] == models
    assert written == {
        "models": {
            "mode": "merge",
            "providers": {"qwen": {"baseUrl": HOSTS[choice], "api": "openai-completions"}},
        },
        "agents": {
            "defaults": {
                "model": {"primary": "qwen/qwen3.5-plus"},
                "models": {
                    f"qwen/{model}": {"alias": "Qwen"} if model == "qwen3.5-plus" else {}
                    for model in models
                },
            }
        },
        "auth": {"profiles": {"qwen:default": {"provider": "qwen", "mode": "api_key"}}},
        "plugins": {"entries": {"qwen": {"enabled": True}}},
    }
    assert json.loads(home.profiles_file.read_text()) == {
        "version": 1,
        "profiles": {"qwen:default": {"type": "api_key", "provider": "qwen", "key": KEY}},
    }
    assert stat.S_IMODE(home.profiles_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.config_file.stat().st_mode) == 0o600
    assert set(home.files()) == {
        ".openclaw/openclaw.json",
        ".openclaw/agents/main/agent/auth-profiles.json",
    }


def test_a_model_is_written_in_full(catalog: Catalog) -> None:
    data = onboarded({}, "qwen-api-key", catalog=catalog)
    found = {model["id"]: model for model in data["models"]["providers"]["qwen"]["models"]}
    assert found["MiniMax-M2.5"] == {
        "id": "MiniMax-M2.5",
        "name": "MiniMax-M2.5",
        "reasoning": True,
        "input": ["text"],
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        "contextWindow": 1_000_000,
        "maxTokens": 65_536,
    }
    assert found["kimi-k2.5"]["input"] == ["text", "image"]


def test_what_is_configured_keeps_its_place_and_its_values(catalog: Catalog) -> None:
    mine = {"id": "glm-5", "name": "Mine", "contextWindow": 5, "compat": {"x": 1}}
    data = {
        "models": {
            "mode": "replace",
            "pricing": {"enabled": False},
            "providers": {
                "other": {"baseUrl": "https://o.example"},
                "modelstudio": {
                    "baseUrl": "https://old.example/v1",
                    "apiKey": "  sk-kept123456 ",
                    "headers": {"X-A": "b"},
                    "models": [{"id": "own-model"}, mine],
                },
                "last": {},
            },
        },
        "agents": {
            "list": [{"id": "main"}],
            "defaults": {
                "model": {"primary": "other/x", "fallbacks": ["modelstudio/glm-5", "other/y"]},
                "models": {
                    "modelstudio/glm-5": {"alias": "GLM", "params": {"a": 1}},
                    "qwen/qwen3.5-plus": {"alias": "Plus"},
                    "other/y": {},
                },
            },
        },
        "auth": {"order": {"qwen": ["qwen:default"]}},
        "gateway": {"port": 18789},
    }
    before = copy.deepcopy(data)
    new = onboarded(data, "qwen-standard-api-key-cn", catalog=catalog)
    assert data == before
    assert list(new["models"]["providers"]) == ["other", "qwen", "last"]
    provider = new["models"]["providers"]["qwen"]
    assert provider["baseUrl"] == HOSTS["qwen-standard-api-key-cn"]
    assert (provider["apiKey"], provider["headers"]) == ("sk-kept123456", {"X-A": "b"})
    assert provider["models"][:2] == [{"id": "own-model"}, mine]
    ids = [model["id"] for model in provider["models"]]
    assert ids == ["own-model", "glm-5", *(model for model in BUNDLED if model != "glm-5")]
    assert (new["models"]["mode"], new["models"]["pricing"]) == ("replace", {"enabled": False})
    defaults = new["agents"]["defaults"]
    assert defaults["model"] == {
        "primary": "qwen/qwen3.5-plus",
        "fallbacks": ["qwen/glm-5", "other/y"],
    }
    assert defaults["models"]["qwen/glm-5"] == {"alias": "GLM", "params": {"a": 1}}
    assert defaults["models"]["qwen/qwen3.5-plus"] == {"alias": "Plus"}
    assert "modelstudio/glm-5" not in defaults["models"]
    assert new["agents"]["list"] == [{"id": "main"}]
    assert new["auth"]["order"] == {"qwen": ["qwen:default"]}
    assert new["gateway"] == {"port": 18789}


def test_a_custom_modelstudio_is_left_alone(catalog: Catalog) -> None:
    custom = {"baseUrl": "https://m.example", "api": "anthropic-messages", "models": []}
    data = {
        "models": {"providers": {"modelstudio": custom}},
        "agents": {"defaults": {"models": {"modelstudio/x": {}, "qwencloud/y": {}}}},
    }
    new = onboarded(data, "qwen-api-key", catalog=catalog)
    assert new["models"]["providers"]["modelstudio"] == custom
    assert new["models"]["providers"]["qwen"]["baseUrl"] == HOSTS["qwen-api-key"]
    listed = new["agents"]["defaults"]["models"]
    assert "modelstudio/x" in listed
    assert "qwen/y" in listed


def test_a_custom_modelstudio_keeps_its_name_in_the_text(home: Any, catalog: Catalog) -> None:
    home.holds('{ models: { providers: { modelstudio: { api: "ollama" } /* local */ } } }')
    plan = onboarding(home.read(), "qwen-api-key", KEY, catalog=catalog)
    assert plan.lost_comments == ()
    plan.write()
    assert 'modelstudio: { api: "ollama" }' in home.config_file.read_text()


def test_going_from_standard_to_coding_keeps_the_model_that_standard_had(catalog: Catalog) -> None:
    data = onboarded({}, "qwen-standard-api-key", catalog=catalog)
    new = onboarded(data, "qwen-api-key", catalog=catalog)
    provider = new["models"]["providers"]["qwen"]
    assert provider["baseUrl"] == HOSTS["qwen-api-key"]
    assert STANDARD_ONLY in [model["id"] for model in provider["models"]]


def test_comments_and_unknown_keys_stay_and_other_profiles_too(home: Any, catalog: Catalog) -> None:
    home.holds(
        "{\n  // my gateway\n  gateway: { port: 18789 },\n"
        "  models: { providers: { modelstudio: { /* mine */ apiKey: 'sk-hidden123456' } } },\n}\n"
    )
    other = {"type": "token", "provider": "other", "token": "t"}
    home.has_profiles({"other:default": other})
    plan = onboarding(home.read(), "qwen-api-key", KEY, catalog=catalog)
    plan.write()
    text = home.config_file.read_text()
    assert plan.lost_comments == ()
    assert text.startswith("{\n  // my gateway\n  gateway: { port: 18789 },\n")
    assert '"qwen": { /* mine */ apiKey: ' in text
    profiles = json.loads(home.profiles_file.read_text())["profiles"]
    assert profiles["other:default"] == other
    assert profiles["qwen:default"]["key"] == KEY


def test_a_second_onboarding_changes_nothing(home: Any, catalog: Catalog) -> None:
    for _ in range(2):
        plan = onboarding(home.read(), "qwen-api-key", KEY, catalog=catalog)
        plan.write()
        files = home.files()
    assert plan.diff == ""
    assert home.files() == files


def test_the_diff_shows_what_changes(home: Any, catalog: Catalog) -> None:
    home.holds({"models": {"providers": {"qwen": {"baseUrl": "https://old.example/v1"}}}})
    diff = onboarding(home.read(), "qwen-api-key", KEY, catalog=catalog).diff
    assert '-        "baseUrl": "https://old.example/v1"' in diff
    assert f'+        "baseUrl": "{HOSTS["qwen-api-key"]}",' in diff
    assert diff.startswith(f"--- {home.config_file}\n")


ids = st.sampled_from(["qwen", "QWEN", "modelstudio", "qwencloud", "bailian"])
entries = st.fixed_dictionaries(
    {},
    optional={
        "baseUrl": st.just("https://x.example/v1"),
        "api": st.sampled_from(["openai-completions", "openai-responses"]),
        "apiKey": st.just("sk-keptkept1234"),
        "models": st.dictionaries(
            st.sampled_from([*BUNDLED, "mine"]), st.integers(1, 9), max_size=3
        ).map(lambda found: [{"id": model, "maxTokens": found[model]} for model in found]),
        "unknown": st.just([1, {"a": None}]),
    },
)
