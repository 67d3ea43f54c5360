"""Secrets that stand elsewhere: in variables and files; and what is said of those out of reach."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwensim.errors import ConfigError, UsageError
from qwensim.provider.openclaw import FoundKey, find_key, read_config, target

KEY = "sk-mine12345678"


def entry(**values: Any) -> dict[str, Any]:
    return {"models": {"providers": {"qwen": values}}}


def found(home: Any, catalog: Any, api_key: Any, *, environ: Any = None, **more: Any) -> FoundKey:
    home.holds({**entry(apiKey=api_key), **more})
    return find_key(home.read(), catalog, environ=environ or {}, optional=True)


def why(home: Any, key: FoundKey) -> str:
    assert (key.key, key.source) == ("", "nowhere")
    place = f"models.providers.qwen.apiKey (in {home.config_file}): "
    assert key.lost[0].startswith(place)
    return key.lost[0].removeprefix(place)


@pytest.mark.parametrize("written", ["${MY_KEY}", "$MY_KEY", " $MY_KEY ", "sk-${MY_PART}678"])
def test_a_variable_is_filled_in(home: Any, catalog: Any, written: str) -> None:
    environ = {"MY_KEY": KEY, "MY_PART": "mine12345"}
    assert found(home, catalog, written, environ=environ).key == KEY


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("sk-$${MY_KEY}", "sk-${MY_KEY}"),
        ("sk-${my_key}", "sk-${my_key}"),
        ("sk-$MY_KEY", "sk-$MY_KEY"),
    ],
)
def test_what_only_looks_like_a_variable_stays(
    home: Any, catalog: Any, written: str, key: str
) -> None:
    environ = {"MY_KEY": "no", "my_key": "no"}
    assert found(home, catalog, written, environ=environ).key == key


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("${MY_KEY}${OTHER}${MY_KEY}", "MY_KEY, OTHER is not set"),
        ("$BLANK", "BLANK is not set"),
        ({"source": "env", "id": "BLANK"}, "BLANK is not set"),
        ({"source": "exec", "id": "x"}, "source 'exec' is OpenClaw's own to ask"),
        ({"source": 7}, "source 7 is OpenClaw's own to ask"),
        ({"source": "file", "id": "x"}, "has no secrets.providers.default of source 'file'"),
    ],
)
def test_a_secret_out_of_reach_loses_and_says_why(
    home: Any, catalog: Any, written: Any, problem: str
) -> None:
    assert problem in why(home, found(home, catalog, written, environ={"BLANK": " "}))


def file_of(path: Path, text: str, *, mode: int = 0o600, **more: Any) -> dict[str, Any]:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    provider = {"source": "file", "path": str(path), **more}
    return {"secrets": {"providers": {"mine": provider, "vault": {"source": "exec"}}}}


def pointing(pointer: str) -> dict[str, str]:
    return {"source": "file", "provider": "mine", "id": pointer}


@pytest.mark.parametrize("pointer", ["/qwen/keys/1", "/with~1slash", "/with~0tilde"])
def test_a_file_of_secrets_is_read_at_a_pointer(home: Any, catalog: Any, pointer: str) -> None:
    data = {"qwen": {"keys": ["no", KEY]}, "with/slash": KEY, "with~tilde": KEY}
    secrets = file_of(home.path / "s.json", json.dumps(data))
    key = found(home, catalog, pointing(pointer), **secrets)
    assert key.key == KEY


def test_a_file_may_hold_one_secret_alone(home: Any, catalog: Any) -> None:
    secrets = file_of(home.path / "key.txt", f"{KEY}\n", mode=0o644, allowInsecurePath=True)
    secrets["secrets"]["providers"]["mine"]["mode"] = "singleValue"
    assert found(home, catalog, pointing("value"), **secrets).key == KEY


@pytest.mark.parametrize(
    ("text", "pointer", "mode", "problem"),
    [
        ('{"a": 1}', "/a", 0o600, "holds no text at '/a'"),
        ('{"a": " "}', "/a", 0o600, "holds no text at '/a'"),
        ('{"a": []}', "/a/b", 0o600, "holds no text at '/a/b'"),
        ('{"a": "x"}', "/a/b", 0o600, "holds no text at '/a/b'"),
        ('{"a": "x"}', "/b", 0o600, "holds no text at '/b'"),
        ("{", "/a", 0o600, "holds no text at '/a'"),
        ("", "/a", 0o600, "holds no text at '/a'"),
        ("[" * 50_000, "/a", 0o600, "holds no text at '/a'"),
        ('{"a": "x"}', "/a", 0o644, "is open to others, so that OpenClaw refuses it: chmod 600"),
    ],
)
def test_a_file_without_the_secret_is_named(
    home: Any, catalog: Any, text: str, pointer: str, mode: int, problem: str
) -> None:
    file = home.path / "s.json"
    key = found(home, catalog, pointing(pointer), **file_of(file, text, mode=mode))
    assert why(home, key) == f"{file} {problem}"


def test_a_file_that_cannot_be_read_is_named(home: Any, catalog: Any) -> None:
    secrets = file_of(home.path / "s.json", "{}")
    secrets["secrets"]["providers"]["mine"]["path"] = str(home.path)
    assert why(home, found(home, catalog, pointing("/a"), **secrets)).startswith(
        f"{home.path}: is a folder, "
    )


@pytest.mark.parametrize(
    ("provider", "place"),
    [
        ({"source": "file"}, "secrets.providers.mine.path: is missing"),
        ({"source": "file", "path": "a", "mode": "x"}, 'secrets.providers.mine.mode: is "x"'),
    ],
)
def test_a_wrong_secret_provider_is_named(home: Any, provider: Any, place: str) -> None:
    home.holds({"secrets": {"providers": {"mine": provider}}})
    with pytest.raises(ConfigError) as caught:
        home.read()
    assert str(caught.value).startswith(f"{home.config_file}: {place}")


def test_a_base_url_may_name_variables(home: Any, catalog: Any) -> None:
    home.holds(entry(baseUrl="https://${QWEN_HOST}/v1"))
    environ = {**home.environ, "QWEN_HOST": "coding.dashscope.aliyuncs.com"}
    endpoint = target(read_config(environ=environ), catalog).endpoint
    assert (endpoint.plan, endpoint.region) == ("coding", "china")
    with pytest.raises(UsageError, match=r"providers\.qwen\.baseUrl: QWEN_HOST is not set"):
        target(home.read(), catalog)
