"""What onboarding makes of a configuration."""

import copy
import json
import stat
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import Catalog, load
from qwensim.errors import ConfigError, UsageError
from qwensim.provider.endpoints import auth_choice_of
from qwensim.provider.openclaw import onboarded, onboarding, read_config
from qwensim.provider.openclaw.document import parse

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


@pytest.mark.parametrize("model", ["qwen/glm-5", "modelstudio/glm-5", "glm-5"])
def test_a_default_model_may_be_chosen(catalog: Catalog, model: str) -> None:
    new = onboarded({}, "qwen-api-key", catalog=catalog, default_model=model)
    assert new["agents"]["defaults"]["model"] == {"primary": "qwen/glm-5"}


def test_a_default_model_outside_the_catalogue_is_listed_too(catalog: Catalog) -> None:
    new = onboarded({}, "qwen-api-key", catalog=catalog, default_model="qwen/qwen9-max")
    assert new["agents"]["defaults"]["models"]["qwen/qwen9-max"] == {}


def test_a_default_model_of_another_provider_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="names the provider 'dashscope'"):
        onboarded({}, "qwen-api-key", catalog=catalog, default_model="dashscope/glm-5")


@pytest.mark.parametrize("choice", HOSTS)
def test_a_legacy_choice_does_the_same_and_says_what_to_use(catalog: Catalog, choice: str) -> None:
    legacy = choice.replace("qwen-", "modelstudio-")
    with pytest.warns(DeprecationWarning, match=f"'{legacy}' is deprecated; use '{choice}'"):
        old = onboarded({}, legacy, catalog=catalog)
    assert old == onboarded({}, choice, catalog=catalog)


def test_a_legacy_choice_warns_once(home: Any, catalog: Catalog) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        onboarding(home.read(), "modelstudio-api-key", KEY, catalog=catalog)
    assert len(caught) == 1


@pytest.mark.parametrize("choice", ["qwen-portal", "qwen-oauth"])
def test_a_choice_that_is_gone_is_refused_with_the_way_to_migrate(
    catalog: Catalog, choice: str
) -> None:
    with pytest.raises(UsageError, match=r"onboard --auth-choice qwen-api-key .*qwen-api-key-cn"):
        auth_choice_of(catalog, choice)


def test_an_unknown_choice_names_those_there_are(catalog: Catalog) -> None:
    with pytest.raises(UsageError) as caught:
        auth_choice_of(catalog, "sk-abcdefgh12345678")
    assert "sk-abc" not in str(caught.value)
    for choice in HOSTS:
        assert choice in str(caught.value)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"plugins": []}, "plugins: is a list"),
        ({"auth": {"profiles": "x"}}, 'auth.profiles: is "x"'),
        ({"models": {"providers": {"qwen": {"api": "x"}}}}, 'models.providers.qwen.api: is "x"'),
    ],
)
def test_a_wrong_configuration_is_refused(
    home: Any, catalog: Catalog, data: dict[str, Any], place: str
) -> None:
    home.holds(data)
    before = home.files()
    with pytest.raises(ConfigError) as caught:
        onboarding(home.read(), "qwen-api-key", KEY, catalog=catalog)
    assert str(caught.value).startswith(f"{home.config_file}: {place}")
    assert home.files() == before


@pytest.mark.parametrize("key", ["", "  ", "sk-a b", "sk-ü1234567"])
def test_a_key_that_cannot_be_one_is_refused(home: Any, catalog: Catalog, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        onboarding(home.read(), "qwen-api-key", key, catalog=catalog)
    assert not key.strip() or key not in str(caught.value)
    assert home.files() == {}


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


secrets = st.from_regex(r"[A-Za-z0-9:_'\\/+-]{12,30}", fullmatch=True)


@settings(max_examples=100, deadline=None)
@given(secret=secrets, key=st.from_regex(r"sk-(sp-)?[A-Za-z0-9_-]{8,20}", fullmatch=True))
def test_no_secret_is_ever_shown(tmp_path_factory: Any, secret: str, key: str) -> None:
    folder = tmp_path_factory.mktemp("home")
    file = folder / "openclaw.json"
    data = {
        "gateway": {"auth": {"token": secret}, "args": ["--pin", secret]},
        "channels": {"telegram": {"botToken": secret, "nested": {"password": [secret]}}},
        "env": {"OPENAI_API_KEY": secret, "vars": {"MINE": secret}},
        "models": {
            "providers": {
                "modelstudio": {
                    "baseUrl": f"https://me:{secret}@x.example/v1",
                    "apiKey": secret,
                    "headers": {"X-Auth": secret},
                    "note": key,
                }
            }
        },
        "zone": [secret],
    }
    file.write_text(f"// {key}\n{json.dumps(data)}")
    plan = onboarding(read_config(file, environ={}), "qwen-api-key", key, catalog=load())
    shown = f"{plan!r} {plan.diff} {plan.lost_comments}"
    for hidden in (key, secret, json.dumps(secret)[1:-1]):
        assert hidden not in shown
    assert key not in json.dumps(parse(plan.files[1].text, file="f")["auth"])
    plan.write()
    assert parse(file.read_text(), file="f")["gateway"] == data["gateway"]


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
configurations = st.fixed_dictionaries(
    {},
    optional={
        "models": st.fixed_dictionaries({}, optional={"providers": st.dictionaries(ids, entries)}),
        "agents": st.fixed_dictionaries(
            {},
            optional={
                "defaults": st.fixed_dictionaries(
                    {},
                    optional={
                        "model": st.sampled_from(["bailian/x", {"primary": "modelstudio/glm-5"}]),
                        "models": st.dictionaries(
                            st.builds("{}/{}".format, ids, st.sampled_from(BUNDLED)),
                            st.sampled_from([{}, {"alias": "A"}]),
                            max_size=3,
                        ),
                    },
                )
            },
        ),
        "gateway": st.just({"port": 1}),
    },
)


@settings(max_examples=200, deadline=None)
@given(data=configurations, choice=st.sampled_from(sorted(HOSTS)))
def test_any_configuration_is_merged_by_the_rules(data: dict[str, Any], choice: str) -> None:
    new = onboarded(data, choice, catalog=load())
    old = data.get("models", {}).get("providers", {})
    providers = new["models"]["providers"]
    alike = [
        name
        for name, entry in old.items()
        if name.lower() == "qwen"
        or (name in ("modelstudio", "qwencloud") and entry.get("api") != "openai-responses")
    ]
    merged = next((name for name in ("qwen", "QWEN", *alike) if name in alike), None)
    entry = old[merged] if merged else {}
    provider = providers["qwen"]
    assert (provider["baseUrl"], provider["api"]) == (HOSTS[choice], "openai-completions")
    own = entry.get("models", [])
    assert provider["models"][: len(own)] == own
    assert sorted(model["id"] for model in provider["models"]) == sorted(
        {*(model["id"] for model in own), *models_of(choice)}
    )
    for name in ("apiKey", "unknown"):
        assert provider.get(name) == entry.get(name)
    for name in old:
        if name not in (merged, "qwen"):
            assert providers[name] == old[name]
    assert len(providers) == len({*old, "qwen"} - ({merged} - {"qwen"}))
    assert new.get("gateway") == data.get("gateway")
    assert new["agents"]["defaults"]["model"]["primary"] == "qwen/qwen3.5-plus"
    assert onboarded(new, choice, catalog=load()) == new
