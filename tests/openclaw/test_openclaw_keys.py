"""Which key wins, which ones lose, and that none is ever shown."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import Catalog
from qwensim.errors import ConfigError, UsageError
from qwensim.provider.openclaw import FoundKey, find_key
from qwensim.provider.openclaw.variables import login_shell

PROFILE = {"qwen:default": {"type": "api_key", "provider": "qwen", "key": "sk-inprofile123"}}
VARIABLES = ("QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY")
ORDER = ("profile", *VARIABLES, "config")


def no_shell(environ: Mapping[str, str], timeout: float) -> Mapping[str, str]:
    raise AssertionError("nothing asked for a login shell")


def found(home: Any, catalog: Catalog, **settings: Any) -> FoundKey:
    settings = {"environ": {}, "shell": no_shell, **settings}
    return find_key(home.read(), catalog, **settings)


@pytest.mark.parametrize(
    "present",
    [set(names) for size in range(1, 6) for names in itertools.combinations(ORDER, size)],
    ids=lambda present: "+".join(sorted(present)),
)
def test_the_first_of_the_order_wins_and_the_others_lose(
    home: Any, catalog: Catalog, present: set[str]
) -> None:
    config = {"models": {"providers": {"qwen": {"apiKey": "sk-inconfig1234"}}}}
    home.holds(config if "config" in present else {})
    if "profile" in present:
        home.has_profiles(PROFILE)
    environ = {name: f"sk-in{name.lower()}" for name in VARIABLES if name in present}
    key = found(home, catalog, environ=environ)
    expected = {
        "profile": (f"auth profile qwen:default (in {home.profiles_file})", "sk-inprofile123"),
        **{name: (name, f"sk-in{name.lower()}") for name in VARIABLES},
        "config": (f"models.providers.qwen.apiKey (in {home.config_file})", "sk-inconfig1234"),
    }
    winner, *losers = (expected[name] for name in ORDER if name in present)
    assert (key.source, key.key) == winner
    assert key.lost == tuple(source for source, _ in losers)
    assert "sk-in" not in repr(key)


def test_a_given_key_wins_over_all(home: Any, catalog: Catalog) -> None:
    home.has_profiles(PROFILE)
    key = found(home, catalog, api_key=" sk-given12345 ")
    assert (key.source, key.key) == ("api_key", "sk-given12345")
    assert key.lost == (f"auth profile qwen:default (in {home.profiles_file})",)


@pytest.mark.parametrize(
    ("key", "plan"),
    [("sk-sp-abcdefgh1234", "coding"), ("sk-abcdefgh1234", "standard"), ("anything", None)],
)
def test_the_form_of_a_key_tells_its_plan(
    home: Any, catalog: Catalog, key: str, plan: str | None
) -> None:
    assert found(home, catalog, environ={"QWEN_API_KEY": key}).plan == plan


def test_a_daemon_finds_variables_in_files_and_the_process_wins_over_them(
    home: Any, catalog: Catalog
) -> None:
    home.holds({"env": {"QWEN_API_KEY": "sk-block", "vars": {"DASHSCOPE_API_KEY": "sk-vars"}}})
    env_file = home.state / ".env"
    env_file.write_text("# mine\nexport MODELSTUDIO_API_KEY='sk-file' # it\nQWEN_API_KEY=\n")
    key = found(home, catalog, environ={"DASHSCOPE_API_KEY": "sk-process"})
    assert (key.source, key.key) == (f"MODELSTUDIO_API_KEY (in {env_file})", "sk-file")
    assert key.lost == ("DASHSCOPE_API_KEY",)
    env_file.unlink()
    key = found(home, catalog)
    assert (key.source, key.key) == (f"QWEN_API_KEY (in {home.config_file}: env)", "sk-block")


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({"env": {"shellEnv": {"enabled": True, "timeoutMs": 2000}}}, {}),
        ({}, {"OPENCLAW_LOAD_SHELL_ENV": "1"}),
    ],
)
def test_a_login_shell_fills_in_what_is_missing(
    home: Any, catalog: Catalog, config: dict[str, Any], environ: dict[str, str]
) -> None:
    def shell(environ: Mapping[str, str], timeout: float) -> Mapping[str, str]:
        assert timeout == (2.0 if config else 15.0)
        return {"QWEN_API_KEY": "sk-shell", "DASHSCOPE_API_KEY": "sk-other", "PATH": "/bin"}

    home.holds(config)
    environ = {**environ, "DASHSCOPE_API_KEY": "sk-process"}
    key = found(home, catalog, environ=environ, shell=shell)
    assert (key.source, key.key) == ("QWEN_API_KEY (in the login shell)", "sk-shell")
    assert key.lost == ("DASHSCOPE_API_KEY",)


def test_the_login_shell_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("export QWEN_API_KEY='sk-from the\nprofile'\n")
    environ = {"HOME": str(tmp_path), "SHELL": "/bin/sh"}
    assert login_shell(environ, 30.0)["QWEN_API_KEY"] == "sk-from the\nprofile"
    assert login_shell({"HOME": str(tmp_path)}, 30.0)["HOME"] == str(tmp_path)


def test_a_login_shell_that_fails_gives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert login_shell({"SHELL": str(tmp_path / "none")}, 30.0) == {}
    assert login_shell({"SHELL": "/bin/false"}, 30.0) == {}
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert login_shell({}, 30.0) == {}


@pytest.mark.parametrize(
    "written",
    [
        "${MY_KEY}",
        {"source": "env", "provider": "default", "id": "MY_KEY"},
        "sk-${MY_PART}",
    ],
)
def test_a_key_in_the_configuration_may_name_a_variable(
    home: Any, catalog: Catalog, written: Any
) -> None:
    home.holds({"models": {"providers": {"qwen": {"apiKey": written}}}})
    environ = {"MY_KEY": "sk-mine1234", "MY_PART": "mine1234"}
    assert found(home, catalog, environ=environ).key == "sk-mine1234"


def test_the_name_of_a_variable_stands_for_its_value(home: Any, catalog: Catalog) -> None:
    home.holds({"models": {"providers": {"qwen": {"apiKey": "DASHSCOPE_API_KEY"}}}})
    key = found(home, catalog, environ={"DASHSCOPE_API_KEY": "sk-mine1234"})
    assert (key.source, key.key) == ("DASHSCOPE_API_KEY", "sk-mine1234")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("${NOT_SET}", "NOT_SET is not set"),
        ("QWEN_API_KEY", "QWEN_API_KEY is not set"),
        ("  ", "is blank"),
        (
            {"source": "exec", "id": "/a"},
            "source 'exec' is OpenClaw's own to ask; put the key into a variable",
        ),
    ],
)
def test_a_key_that_cannot_be_had_loses_and_says_why(
    home: Any, catalog: Catalog, written: Any, problem: str
) -> None:
    home.holds({"models": {"providers": {"qwen": {"apiKey": written}}}})
    key = found(home, catalog, environ={"DASHSCOPE_API_KEY": "sk-mine1234"})
    assert key.lost == (f"models.providers.qwen.apiKey (in {home.config_file}): {problem}",)
    with pytest.raises(UsageError, match="no API key for qwen") as caught:
        found(home, catalog)
    assert problem in str(caught.value)


def test_no_key_at_all_names_every_place(home: Any, catalog: Catalog) -> None:
    with pytest.raises(UsageError) as caught:
        found(home, catalog)
    message = str(caught.value)
    for place in (*VARIABLES, home.profiles_file, home.config_file, home.state / ".env"):
        assert str(place) in message


def test_a_custom_provider_has_keys_of_its_own(home: Any, catalog: Catalog) -> None:
    home.holds({"models": {"providers": {"bailian": {"apiKey": "sk-custom123"}}}})
    home.has_profiles(PROFILE)
    environ = {"QWEN_API_KEY": "sk-qwen12345"}
    key = found(home, catalog, provider_id="bailian", environ=environ)
    assert (key.key, key.lost) == ("sk-custom123", ())
    with pytest.raises(UsageError, match="no API key for other") as caught:
        found(home, catalog, provider_id="other", environ=environ)
    assert "QWEN_API_KEY" not in str(caught.value)


def test_the_default_profile_comes_before_others_and_old_names_are_read(
    home: Any, catalog: Catalog
) -> None:
    work = {"type": "api_key", "provider": "modelstudio", "key": "sk-work1234"}
    home.has_profiles({"token": {"type": "token", "provider": "qwen"}, "modelstudio:work": work})
    assert found(home, catalog).key == "sk-work1234"
    home.has_profiles({"modelstudio:work": work, **PROFILE})
    assert found(home, catalog).key == "sk-inprofile123"


def test_a_profile_may_refer_to_a_variable(home: Any, catalog: Catalog) -> None:
    ref = {"source": "env", "provider": "default", "id": "MY_KEY"}
    home.has_profiles({"qwen:default": {"type": "api_key", "provider": "qwen", "keyRef": ref}})
    assert found(home, catalog, environ={"MY_KEY": "sk-mine1234"}).key == "sk-mine1234"


def test_a_profile_without_a_key_is_passed_over(home: Any, catalog: Catalog) -> None:
    home.has_profiles({"qwen:default": {"type": "api_key", "provider": "qwen"}})
    assert found(home, catalog, environ={"QWEN_API_KEY": "sk-mine1234"}).lost == ()


def test_a_profile_of_the_portal_is_told_how_to_migrate(home: Any, catalog: Catalog) -> None:
    home.has_profiles({"p": {"type": "oauth", "provider": "qwen-portal", "access": "secret-token"}})
    with pytest.raises(UsageError, match="onboard --auth-choice qwen-api-key") as caught:
        found(home, catalog)
    assert "secret-token" not in str(caught.value)
    assert found(home, catalog, environ={"QWEN_API_KEY": "sk-mine1234"}).key == "sk-mine1234"


@pytest.mark.parametrize("key", ["sk-with blank", "sk-ü1234567", "sk-a\nb"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(
    home: Any, catalog: Catalog, key: str
) -> None:
    with pytest.raises(UsageError, match="copy it again") as caught:
        found(home, catalog, environ={"QWEN_API_KEY": key})
    assert key not in str(caught.value)
    assert "QWEN_API_KEY" in str(caught.value)


def test_a_store_that_is_wrong_is_named_without_its_keys(home: Any, catalog: Catalog) -> None:
    home.has_profiles({"qwen:default": {"type": "api_key", "provider": "qwen", "key": 12345678}})
    with pytest.raises(ConfigError, match=r"auth-profiles\.json: profiles") as caught:
        found(home, catalog)
    assert "12345678" not in str(caught.value)
    home.profiles_file.write_text('{"profiles": {"qwen:default": {"key": "sk-abcdefgh"')
    with pytest.raises(ConfigError, match="not JSON5") as caught:
        found(home, catalog)
    assert "sk-abcdefgh" not in str(caught.value)
