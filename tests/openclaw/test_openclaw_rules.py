"""Any configuration, against a second telling of the rules: who owns a reference, where it goes.

The second telling works on dictionaries by lower-cased name and shares no code with the first.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.provider.openclaw import catalogue, provider_from_config, read_config, target

KEYS = {
    "profile": "sk-fromtheprofile",
    "QWEN_API_KEY": "sk-fromqwenapikey",
    "MODELSTUDIO_API_KEY": "sk-frommodelstudio",
    "DASHSCOPE_API_KEY": "sk-fromdashscope",
}
PLAN_OF = {
    "dashscope.aliyuncs.com": "standard",
    "dashscope-intl.aliyuncs.com": "standard",
    "coding.dashscope.aliyuncs.com": "coding",
    "coding-intl.dashscope.aliyuncs.com": "coding",
    "api.example.com": None,
    "localhost": None,
    "dashscope.aliyuncs.com.example.com": None,
}
BUNDLED = [
    "qwen3.5-plus",
    "qwen3.6-plus",
    "qwen3-max-2026-01-23",
    "qwen3-coder-next",
    "qwen3-coder-plus",
    "MiniMax-M2.5",
    "glm-5",
    "glm-4.7",
    "kimi-k2.5",
]
FAMILY = {"qwen", "modelstudio", "qwencloud"}
IDS = ["qwen", "Qwen", "modelstudio", "ModelStudio", "qwencloud", "bailian", "dashscope", "my-qwen"]
MODELS = [*BUNDLED[:3], "qwen-of-tomorrow", "vendor/model"]


@dataclass(frozen=True)
class Url:
    host: str
    written: str
    port: str


@st.composite
def urls(draw: st.DrawFn) -> Url:
    host = draw(st.sampled_from(sorted(PLAN_OF)))
    port = draw(st.sampled_from(["", ":443", ":8443"]))
    name = draw(st.sampled_from([host, host.upper(), host.title(), f"{host}."]))
    path = "/v1" if PLAN_OF[host] in ("coding", None) else "/compatible-mode/v1"
    scheme = draw(st.sampled_from(["https", "HTTPS"]))
    return Url(host, f"{scheme}://{name}{port}{path}{draw(st.sampled_from(['', '/', '//']))}", port)


@st.composite
def entries(draw: st.DrawFn) -> tuple[dict[str, Any], Url | None]:
    url = draw(st.none() | urls())
    entry: dict[str, Any] = {"somethingNew": {"kept": True}}
    if url is not None:
        entry["baseUrl"] = url.written
    if api := draw(st.sampled_from([None, "openai-completions", "anthropic-messages"])):
        entry["api"] = api
    if models := draw(st.lists(st.sampled_from(MODELS), max_size=3, unique=True)):
        entry["models"] = [{"id": model} for model in models]
    if draw(st.booleans()):
        entry["apiKey"] = f"sk-entry{draw(st.integers(10000000, 99999999))}"
    return entry, url


@dataclass(frozen=True)
class Case:
    data: dict[str, Any]
    urls: dict[str, Url | None]
    environ: dict[str, str]
    profile: bool
    ref: str | None


refs = st.one_of(
    st.builds(
        "{}/{}".format, st.sampled_from([*IDS, "MODELSTUDIO", "gone"]), st.sampled_from(MODELS)
    ),
    st.sampled_from(["qwen3.5-plus", "Fast", "fast", "slow"]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=4))
    drawn = {name: draw(entries()) for name in ids}
    defaults: dict[str, Any] = {}
    primary = draw(st.none() | refs)
    if primary is not None:
        defaults["model"] = draw(st.sampled_from([primary, {"primary": primary, "fallbacks": []}]))
    aliased = draw(
        st.none() | st.builds("{}/{}".format, st.sampled_from(IDS), st.sampled_from(MODELS))
    )
    if aliased is not None:
        defaults["models"] = {aliased: {"alias": "Fast"}}
    models: dict[str, Any] = {"providers": {name: entry for name, (entry, _) in drawn.items()}}
    if mode := draw(st.sampled_from([None, "merge", "replace"])):
        models["mode"] = mode
    names = draw(st.sets(st.sampled_from(sorted(set(KEYS) - {"profile"}))))
    return Case(
        data={"models": models, "agents": {"defaults": defaults}, "channels": {"unknown": [1]}},
        urls={name: url for name, (_, url) in drawn.items()},
        environ={name: KEYS[name] for name in sorted(names)},
        profile=draw(st.booleans()),
        ref=draw(st.none() | refs),
    )


@dataclass(frozen=True)
class Expected:
    provider_id: str
    model: str
    entry_name: str | None


class Rules:
    """The page's rules, told again."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.providers: dict[str, Any] = case.data["models"]["providers"]
        self.owners: dict[str, str] = {}
        self.aliases_of_qwen: dict[str, list[str]] = {"qwen": [], "older": []}
        for name, entry in self.providers.items():
            lower = name.lower()
            foreign_api = entry.get("api") == "anthropic-messages"
            if lower not in FAMILY or (lower != "qwen" and foreign_api):
                self.owners.setdefault(lower, name)
            else:
                self.aliases_of_qwen["qwen" if lower == "qwen" else "older"].append(name)

    def alias(self, ref: str) -> str:
        for full, options in self.case.data["agents"]["defaults"].get("models", {}).items():
            if options["alias"].lower() == ref.lower():
                return str(full)
        return ref

    def primary(self) -> str | None:
        model = self.case.data["agents"]["defaults"].get("model")
        found: str | None = model["primary"] if isinstance(model, dict) else model
        return found

    def expected(self) -> Expected | None:
        ref = self.alias(self.case.ref or self.primary() or "qwen/qwen3.5-plus")
        prefix, model = ref.split("/", 1) if "/" in ref else ("qwen", ref)
        if prefix.lower() in self.owners:
            name: str | None = self.owners[prefix.lower()]
            if "baseUrl" not in self.providers[str(name)] and str(name).lower() not in FAMILY:
                return None
        elif prefix.lower() in FAMILY:
            exact = ["qwen"] if "qwen" in self.providers else []
            others = self.aliases_of_qwen["qwen"] + self.aliases_of_qwen["older"]
            name = next(iter(exact + others), None)
        else:
            return None
        if name is not None and self.providers[name].get("api") == "anthropic-messages":
            return None
        custom = prefix.lower() in self.owners
        return Expected(name if custom and name else "qwen", model, name)

    def url(self, expected: Expected) -> Url:
        found = self.case.urls[expected.entry_name] if expected.entry_name else None
        return found or Url("coding-intl.dashscope.aliyuncs.com", "", "")

    def key(self, expected: Expected) -> str | None:
        if expected.provider_id == "qwen":
            if self.case.profile:
                return KEYS["profile"]
            for name in ("QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"):
                if name in self.case.environ:
                    return self.case.environ[name]
        entry = self.providers.get(expected.entry_name, {}) if expected.entry_name else {}
        return entry.get("apiKey")

    def listed(self, expected: Expected) -> set[str]:
        entry = self.providers.get(expected.entry_name, {}) if expected.entry_name else {}
        own = {model["id"] for model in entry.get("models", [])}
        if self.case.data["models"].get("mode") == "replace" or expected.provider_id != "qwen":
            return own
        named = [*self.case.data["agents"]["defaults"].get("models", {}), self.primary() or ""]
        explicit = {
            ref.split("/", 1)[1]
            for ref in map(self.alias, named)
            if "/" in ref
            and ref.split("/")[0].lower() in FAMILY
            and ref.split("/")[0].lower() not in self.owners
        } & {"qwen3.6-plus"}
        coding = PLAN_OF[self.url(expected).host] == "coding"
        bundled = set(BUNDLED) - ({"qwen3.6-plus"} if coding else set())
        return own | bundled | explicit


def home_of(case: Case, folder: Path) -> dict[str, str]:
    state = folder / ".openclaw"
    agent = state / "agents" / "main" / "agent"
    agent.mkdir(parents=True)
    (state / "openclaw.json").write_text(json.dumps(case.data))
    if case.profile:
        profile = {"type": "api_key", "provider": "modelstudio", "key": KEYS["profile"]}
        store = {"version": 1, "profiles": {"modelstudio:default": profile}}
        (agent / "auth-profiles.json").write_text(json.dumps(store))
    return {"HOME": str(folder), **case.environ}


def stream(_: httpx2.Request) -> httpx2.Response:
    chunk = {"choices": [{"index": 0, "delta": {"content": "ok"}, "finish_reason": "stop"}]}
    body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
    return httpx2.Response(200, content=body, headers={"content-type": "text/event-stream"})


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(cases())
def test_any_configuration_reads_as_the_rules_say(case: Case) -> None:
    rules, catalog = Rules(case), load()
    expected = rules.expected()
    with tempfile.TemporaryDirectory() as folder:
        config = read_config(environ=home_of(case, Path(folder)))
    if expected is None:
        with pytest.raises(UsageError):
            target(config, catalog, case.ref)
        return
    found = target(config, catalog, case.ref)
    assert (found.provider_id, found.model) == (expected.provider_id, expected.model)
    assert found.ref == f"{expected.provider_id}/{expected.model}"
    assert (found.entry.id if found.entry else None) == expected.entry_name
    assert found.endpoint.plan == PLAN_OF[rules.url(expected).host]
    listed = [model.id for model in catalogue(config, catalog, provider_id=found.provider_id)]
    assert set(listed) == rules.listed(expected)
    assert len(listed) == len(set(listed))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(cases())
def test_any_configuration_sends_to_its_endpoint_with_its_key(case: Case) -> None:
    rules = Rules(case)
    expected = rules.expected()
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return stream(request)

    with tempfile.TemporaryDirectory() as folder:
        environ = home_of(case, Path(folder))
        client = httpx2.Client(transport=httpx2.MockTransport(answer))
        key = rules.key(expected) if expected else None
        local = expected is not None and rules.url(expected).host == "localhost"
        if expected is None or (key is None and not local):
            with pytest.raises(UsageError):
                provider_from_config(environ=environ, model=case.ref, http_client=client)
            return
        provider = provider_from_config(environ=environ, model=case.ref, http_client=client)
    with provider, provider.chat(provider.model, "hi", stream=True, thinking="high") as chunks:
        assert [delta.content for delta in chunks] == ["ok"]
    url, request = rules.url(expected), requests[0]
    assert request.url.host == url.host
    assert request.url.path.endswith("/v1/chat/completions")
    assert "//" not in request.url.path
    assert request.headers.get("authorization") == (f"Bearer {key}" if key else None)
    body = json.loads(request.content)
    assert body["model"] == expected.model
    assert body["enable_thinking"] is True
    assert ("stream_options" in body) == (local or PLAN_OF[url.host] is not None)
