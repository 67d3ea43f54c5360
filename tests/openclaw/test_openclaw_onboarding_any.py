"""Onboarding into any configuration: merged by the rules, and no secret shown."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.provider.openclaw import onboarded, onboarding, read_config
from qwensim.provider.openclaw.document import parse

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


secrets = st.from_regex(r"[A-Za-z0-9:_'\\/+-]{12,30}", fullmatch=True)


@settings(max_examples=30, deadline=None)
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
