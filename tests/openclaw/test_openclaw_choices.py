"""Which models, choices, keys and configurations onboarding takes."""

import warnings
from typing import Any

import pytest

from qwensim.catalog import Catalog
from qwensim.errors import ConfigError, UsageError
from qwensim.provider.endpoints import auth_choice_of
from qwensim.provider.openclaw import onboarded, onboarding

KEY = "sk-sp-brandnewkey1234"
HOSTS = {
    "qwen-standard-api-key-cn": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "qwen-standard-api-key": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "qwen-api-key-cn": "https://coding.dashscope.aliyuncs.com/v1",
    "qwen-api-key": "https://coding-intl.dashscope.aliyuncs.com/v1",
}


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
