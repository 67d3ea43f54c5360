"""What `openclaw.json` says, where it is, and what is said of a wrong value."""

import os
from pathlib import Path
from typing import Any

import pytest

from qwensim.errors import ConfigError, QwensimError
from qwensim.provider.openclaw import Config, ModelEntry, places, read_config

FULL = """{
  // the provider of the company
  models: {
    mode: "replace",
    providers: {
      bailian: {
        baseUrl: "https://DASHSCOPE.aliyuncs.com/compatible-mode/v1/",
        api: "openai-completions",
        apiKey: "sk-hiddenhidden1234",
        headers: { "X-Team": "red" },
        models: [
          { id: "qwen3-max", name: "Max", reasoning: true, input: ["text", "image"],
            contextWindow: 1e5, maxTokens: 8192,
            compat: { thinkingFormat: "qwen", supportsUsageInStreaming: true } },
          { id: "other" },
        ],
        authHeader: true,
      },
    },
  },
  agents: { defaults: {
    model: { primary: "bailian/qwen3-max", fallbacks: ["qwen/glm-5"] },
    models: { "bailian/qwen3-max": { alias: "Max" }, "qwen/glm-5": {} },
    videoGenerationModel: { primary: "qwen/wan2.6-t2v" },
  } },
  env: { QWEN_API_KEY: "sk-inenv", vars: { A: "1" }, shellEnv: { enabled: true, timeoutMs: 500 } },
}"""


def test_a_whole_configuration_is_read(home: Any) -> None:
    config: Config = home.holds(FULL).read()
    entry = config.providers["bailian"]
    assert config.mode == "replace"
    assert entry.base_url == "https://DASHSCOPE.aliyuncs.com/compatible-mode/v1/"
    assert (entry.api, entry.api_key) == ("openai-completions", "sk-hiddenhidden1234")
    assert entry.headers == {"X-Team": "red"}
    assert entry.models == (
        ModelEntry(
            id="qwen3-max",
            name="Max",
            reasoning=True,
            input=("text", "image"),
            context_window=100_000,
            max_tokens=8192,
            tells_usage=True,
        ),
        ModelEntry(id="other", name="other"),
    )
    assert config.default_model == "bailian/qwen3-max"
    assert config.fallbacks == ("qwen/glm-5",)
    assert config.aliases == {"Max": "bailian/qwen3-max"}
    assert config.agent_models == ("bailian/qwen3-max", "qwen/glm-5")
    assert config.video_model == "qwen/wan2.6-t2v"
    assert config.env == {"QWEN_API_KEY": "sk-inenv", "A": "1"}
    assert (config.shell_env.enabled, config.shell_env.timeout) == (True, 0.5)
    assert "sk-" not in repr(config)


def test_an_unknown_model_has_the_lengths_that_openclaw_gives_it(home: Any) -> None:
    model = home.holds(FULL).read().providers["bailian"].models[1]
    assert (model.input, model.context_window, model.max_tokens) == (("text",), 262_144, 65_536)


@pytest.mark.parametrize("text", [None, "", "{}", "{ models: {}, agents: null }"])
def test_a_configuration_that_says_nothing_is_empty(home: Any, text: str | None) -> None:
    config: Config = (home if text is None else home.holds(text)).read()
    assert (config.mode, config.providers, config.default_model) == ("merge", {}, None)


MODEL_WITH = '{ models: { providers: { qwen: { models: [{ id: "a", %s }] } } } }'


@pytest.mark.parametrize(
    ("text", "place", "allowed"),
    [
        (
            '{ models: { providers: { qwen: { api: "openai-completion" } } } }',
            'models.providers.qwen.api: is "openai-completion"',
            "one of openai-completions, openai-responses,",
        ),
        ("{ models: [] }", "models: is a list", "an object"),
        ('{ models: { mode: "mix" } }', 'models.mode: is "mix"', "one of merge, replace"),
        (
            '{ models: { providers: { "my-qwen": { baseUrl: 7 } } } }',
            'models.providers["my-qwen"].baseUrl: is 7',
            "a string that is not blank",
        ),
        (
            '{ models: { providers: { qwen: { baseUrl: " " } } } }',
            'models.providers.qwen.baseUrl: is " "',
            "a string that is not blank",
        ),
        (
            "{ models: { providers: { qwen: { apiKey: 12345678 } } } }",
            "models.providers.qwen.apiKey: is a number",
            'a string, or an object like { source: "env"',
        ),
        (
            '{ models: { providers: { qwen: { headers: { "X-A": 1 } } } } }',
            'models.providers.qwen.headers["X-A"]: is a number',
            "a string",
        ),
        (
            '{ models: { providers: { qwen: { models: [{ id: "a" }, {}] } } } }',
            "models.providers.qwen.models[1].id: is missing",
            "a string that is not blank",
        ),
        (
            '{ models: { providers: { qwen: { models: { id: "a" } } } } }',
            "models.providers.qwen.models: is an object",
            "a list",
        ),
        (
            '{ models: { providers: { qwen: { models: [{ id: "a", reasoning: "yes" }] } } } }',
            'models.providers.qwen.models[0].reasoning: is "yes"',
            "true or false",
        ),
        *(
            (
                MODEL_WITH % f"maxTokens: {value}",
                f"models.providers.qwen.models[0].maxTokens: is {value}",
                "a whole number above zero",
            )
            for value in ("0", "1.5", "true", "NaN", "Infinity")
        ),
        (
            '{ models: { providers: { qwen: { models: [{ id: "a", input: ["smell"] }] } } } }',
            'models.providers.qwen.models[0].input[0]: is "smell"',
            "one of text, image, video, audio, file",
        ),
        ("{ agents: { defaults: { model: 3 } } }", "agents.defaults.model: is 3", "a model ref"),
        (
            "{ agents: { defaults: { videoGenerationModel: { primary: {} } } } }",
            "agents.defaults.videoGenerationModel.primary: is an object",
            "a string",
        ),
        (
            '{ agents: { defaults: { models: { "qwen/glm-5": "GLM" } } } }',
            'agents.defaults.models["qwen/glm-5"]: is "GLM"',
            "an object",
        ),
        ("{ env: { vars: { A: 5 } } }", "env.vars.A: is a number", "a string"),
        (
            '{ models: { mode: "sk-abcdefgh12345678" } }',
            'models.mode: is "[redacted]"',
            "one of merge",
        ),
        (f'{{ models: {{ mode: "{"x" * 200}" }} }}', f'models.mode: is "{"x" * 79}…', "one of"),
    ],
)
def test_a_wrong_value_names_file_place_value_and_what_is_allowed(
    home: Any, text: str, place: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        home.holds(text).read()
    message = str(caught.value)
    assert message.startswith(f"{home.config_file}: {place}; allowed: {allowed}")
    assert isinstance(caught.value, QwensimError)
    assert "sk-abc" not in message


def test_a_file_that_is_no_text_is_named(home: Any) -> None:
    home.holds("")
    home.config_file.write_bytes(b"{\xff}")
    with pytest.raises(ConfigError, match=r"openclaw\.json: byte 1 is not UTF-8"):
        home.read()


def test_a_folder_in_the_place_of_the_file_is_named(home: Any) -> None:
    home.config_file.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"openclaw\.json: is a folder, a pipe or a device"):
        home.read()


def test_a_link_to_itself_is_named(home: Any) -> None:
    home.state.mkdir()
    home.config_file.symlink_to(home.config_file)
    with pytest.raises(ConfigError, match=r"openclaw\.json: cannot be read: "):
        home.read()


@pytest.mark.skipif(os.name == "nt", reason="has no such pipes")
def test_a_pipe_is_not_waited_for(home: Any) -> None:
    home.state.mkdir()
    os.mkfifo(home.config_file)
    with pytest.raises(ConfigError, match=r"openclaw\.json: is a folder, a pipe or a device"):
        home.read()


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"$include": "./base.json5"}, ""),
        ({"models": {"$include": ["./a.json5"], "mode": "merge"}}, "models: "),
        ({"agents": {"defaults": {"$include": "x"}}}, "agents.defaults: "),
    ],
)
def test_what_stands_in_another_file_is_not_passed_over(
    home: Any, data: dict[str, Any], place: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        home.holds(data).read()
    assert str(caught.value).startswith(f"{home.config_file}: {place}holds $include, ")


def test_what_is_not_read_may_stand_in_another_file(home: Any) -> None:
    assert home.holds({"channels": {"$include": "./channels.json5"}}).read().providers == {}


def test_a_file_that_is_no_configuration_by_its_size_is_named(home: Any) -> None:
    home.holds(" " * (4 * 2**20) + "{}")
    with pytest.raises(ConfigError, match=r"openclaw\.json: has more than the 4,194,304 bytes"):
        home.read()


HERE = Path("/home/me/.openclaw")


@pytest.mark.parametrize(
    ("environ", "config", "state"),
    [
        ({"HOME": "/home/me"}, HERE / "openclaw.json", HERE),
        ({"USERPROFILE": "/home/me"}, HERE / "openclaw.json", HERE),
        (
            {"HOME": "/home/me", "OPENCLAW_HOME": "/srv/claw"},
            Path("/srv/claw/.openclaw/openclaw.json"),
            Path("/srv/claw/.openclaw"),
        ),
        (
            {"HOME": "/home/me", "OPENCLAW_HOME": "~/claw"},
            Path("/home/me/claw/.openclaw/openclaw.json"),
            Path("/home/me/claw/.openclaw"),
        ),
        ({"HOME": "/home/me", "OPENCLAW_HOME": "~"}, HERE / "openclaw.json", HERE),
        (
            {"HOME": "/home/me", "OPENCLAW_STATE_DIR": "/state"},
            Path("/state/openclaw.json"),
            Path("/state"),
        ),
        ({"HOME": "/home/me", "OPENCLAW_CONFIG_PATH": "/etc/c.json"}, Path("/etc/c.json"), HERE),
        (
            {"HOME": "/home/me", "OPENCLAW_CONFIG_PATH": "~/c.json"},
            Path("/home/me/c.json"),
            HERE,
        ),
        ({"HOME": "/home/me", "OPENCLAW_CONFIG_PATH": " "}, HERE / "openclaw.json", HERE),
    ],
)
def test_the_files_are_where_openclaw_has_them(
    environ: dict[str, str], config: Path, state: Path
) -> None:
    found = places(environ=environ)
    assert (found.config, found.state) == (config, state)
    assert found.profiles == state / "agents/main/agent/auth-profiles.json"
    assert found.env_file == state / ".env"


def test_a_given_path_takes_the_files_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    environ = {"HOME": "/home/me", "OPENCLAW_CONFIG_PATH": "/etc/c.json"}
    assert places(file, environ).config == file
    assert places(file, environ).state == tmp_path
    assert places(file, {**environ, "OPENCLAW_HOME": "/srv"}).state == Path("/srv/.openclaw")
    assert places(file, {**environ, "OPENCLAW_STATE_DIR": "/state"}).state == Path("/state")


def test_a_home_that_nobody_has_is_named() -> None:
    with pytest.raises(ConfigError, match=r"~nobody-at-all/c\.json: the user before"):
        places("~nobody-at-all/c.json", {})


def test_the_environment_of_the_process_is_the_default(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.holds('{ models: { mode: "replace" } }')
    for name in os.environ:
        if name.startswith("OPENCLAW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home.path))
    assert read_config().mode == "replace"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(Path, "home", lambda: home.path)
    assert places(environ={}).config == home.config_file
