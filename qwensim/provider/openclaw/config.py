"""A typed view of `openclaw.json`. Keys that it does not know are none of its business."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from qwensim.provider.openclaw.document import parse
from qwensim.provider.openclaw.places import Places, places, read_text, user_path
from qwensim.provider.openclaw.values import Value
from qwensim.provider.openclaw.variables import Variable, variables_of

Mode: TypeAlias = Literal["merge", "replace"]

CHAT_API: Final = "openai-completions"
"""The one API that this client speaks, and the one that onboarding writes."""

APIS: Final = (
    CHAT_API,
    "openai-responses",
    "openai-codex-responses",
    "anthropic-messages",
    "google-generative-ai",
    "github-copilot",
    "bedrock-converse-stream",
    "ollama",
    "azure-openai-responses",
)
"""What `api` may be (openclaw 2026.5.18, its configuration schema)."""

MODES: Final[tuple[Mode, ...]] = ("merge", "replace")
_INPUTS: Final = ("text", "image", "video", "audio", "file")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelEntry:
    """A model as a configuration or the bundled catalogue has it. Lengths are in tokens."""

    id: str
    name: str
    reasoning: bool = False
    input: tuple[str, ...] = ("text",)
    context_window: int = 262_144
    max_tokens: int = 65_536
    tells_usage: bool | None = None
    """Whether a stream is asked for its usage, if the entry says so:
    `compat.supportsUsageInStreaming`."""
    # The defaults are those of openclaw 2026.5.18 for a model that it does not know.


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderEntry:
    """An entry of `models.providers`."""

    id: str
    base_url: str | None = None
    """As written: it may hold `${VARIABLE}`."""
    api: str | None = None
    """One of `APIS`; None stands for `openai-completions`."""
    api_key: Any = field(default=None, repr=False)
    """As written: see `qwensim.provider.openclaw.secrets`."""
    models: tuple[ModelEntry, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShellEnv:
    """Whether variables that are missing come from a login shell."""

    enabled: bool = False
    timeout: float = 15.0
    """Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretFile:
    """An entry of `secrets.providers` that names a file."""

    path: Path
    single: bool = False
    """Whether the file holds one secret and nothing else; otherwise it is JSON."""
    insecure: bool = False
    """Whether others may have access to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What `openclaw.json` says of models, and the whole of it as it is written."""

    places: Places
    text: str = field(default="", repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    mode: Mode = "merge"
    providers: Mapping[str, ProviderEntry] = field(default_factory=dict)
    """By id as it is written, in the order of the file."""
    default_model: str | None = None
    """`agents.defaults.model.primary`, a reference or an alias."""
    fallbacks: tuple[str, ...] = ()
    """`agents.defaults.model.fallbacks`."""
    agent_models: tuple[str, ...] = ()
    """The references of `agents.defaults.models`."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """References by alias, from `agents.defaults.models`."""
    video_model: str | None = None
    """`agents.defaults.videoGenerationModel`."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables of the `env` block."""
    shell_env: ShellEnv = ShellEnv()
    secret_files: Mapping[str, SecretFile] = field(default_factory=dict)
    """By the name of the secret provider."""
    variables: Mapping[str, Variable] = field(default_factory=dict, repr=False)
    """What `${NAME}` stands for."""

    @property
    def file(self) -> str:
        """The path of the file, for messages."""
        return str(self.places.config)


def read_config(
    path: str | Path | None = None, *, environ: Mapping[str, str] | None = None
) -> Config:
    """Read `openclaw.json`; one that does not exist is empty.

    Without `path` it is found as OpenClaw finds it, see `places`. Raises `ConfigError`.
    """
    environ = os.environ if environ is None else environ
    found = places(path, environ)
    text = read_text(found.config)
    config = config_of(parse(text, file=str(found.config)), places=found, text=text)
    return replace(config, variables=variables_of(found, config.env, environ))


def config_of(data: Mapping[str, Any], *, places: Places, text: str = "") -> Config:
    """Return the view of a configuration. Raises `ConfigError` for a wrong value."""
    root = Value(file=str(places.config), place="", data=data)
    models, env = root.get("models"), root.get("env")
    defaults = root.get("agents").get("defaults")
    listed = defaults.get("models")
    mode = models.get("mode").one_of(MODES)
    return Config(
        places=places,
        text=text,
        data=data,
        mode="replace" if mode == "replace" else "merge",
        providers={name: _provider(name, value) for name, value in models.get("providers").items()},
        default_model=_model_choice(defaults.get("model")),
        fallbacks=_fallbacks(defaults.get("model")),
        agent_models=tuple(ref for ref, _ in listed.items()),
        aliases={
            alias: ref for ref, value in listed.items() if (alias := value.get("alias").text())
        },
        video_model=_model_choice(defaults.get("videoGenerationModel")),
        env=_variables(env),
        shell_env=_shell_env(env.get("shellEnv")),
        secret_files={
            name: _secret_file(value)
            for name, value in root.get("secrets").get("providers").items()
            if value.get("source").text() == "file"
        },
    )


def _provider(name: str, value: Value) -> ProviderEntry:
    headers = value.get("headers")
    return ProviderEntry(
        id=name,
        base_url=value.get("baseUrl").text(),
        api=value.get("api").one_of(APIS),
        api_key=_secret(value.get("apiKey", secret=True)),
        models=tuple(_model(item) for item in value.get("models").elements()),
        headers={key: _secret(headers.get(key, secret=True)) for key, _ in headers.items()},
    )


def _model(value: Value) -> ModelEntry:
    model = value.get("id").needed_text()
    unknown = ModelEntry(id=model, name=model)
    inputs = [item for item in value.get("input").elements() if item.one_of(_INPUTS)]
    return ModelEntry(
        id=model,
        name=value.get("name").text() or model,
        reasoning=value.get("reasoning").flag() or False,
        input=tuple(str(item.data) for item in inputs) or unknown.input,
        context_window=value.get("contextWindow").count() or unknown.context_window,
        max_tokens=value.get("maxTokens").count() or unknown.max_tokens,
        tells_usage=value.get("compat").get("supportsUsageInStreaming").flag(),
    )


def _model_choice(value: Value) -> str | None:
    """Return the reference of `"ref"` or `{primary: "ref"}`; both are OpenClaw's."""
    if isinstance(value.data, dict):
        return value.get("primary").text()
    if value.data is not None and not isinstance(value.data, str):
        value.wrong('a model reference, or an object like { primary: "qwen/qwen3.5-plus" }')
    return value.text()


def _fallbacks(value: Value) -> tuple[str, ...]:
    """Return the other models of a choice; a choice that is one reference has none."""
    if not isinstance(value.data, dict):
        return ()
    return tuple(item.needed_text() for item in value.get("fallbacks").elements())


def _secret(value: Value) -> Any:
    return value.checked(
        'a string, or an object like { source: "env", provider: "default", id: "QWEN_API_KEY" }',
        lambda data: isinstance(data, str) or (isinstance(data, dict) and "source" in data),
    )


def _secret_file(value: Value) -> SecretFile:
    return SecretFile(
        path=user_path(value.get("path").needed_text()),
        single=value.get("mode").one_of(("json", "singleValue")) == "singleValue",
        insecure=value.get("allowInsecurePath").flag() or False,
    )


def _variables(env: Value) -> dict[str, str]:
    """Return the block's own strings and those of its `vars`; these give way to the former."""
    named = env.get("vars")
    found = {name: named.get(name, secret=True).text() for name, _ in named.items()}
    for name, value in env.items():
        if isinstance(value.data, str):
            found[name] = value.data
    return {name: text for name, text in found.items() if text}


def _shell_env(value: Value) -> ShellEnv:
    timeout = value.get("timeoutMs").count()
    enabled = value.get("enabled").flag() or False
    return ShellEnv(enabled=enabled, timeout=timeout / 1000 if timeout else ShellEnv().timeout)
