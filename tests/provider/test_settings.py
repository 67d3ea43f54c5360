"""Keys, model references and thinking levels."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.provider.credentials import find
from qwensim.provider.refs import model_id
from qwensim.provider.thinking import LEVELS, ThinkingLevel, enable_thinking

CATALOG = load()
VARIABLES = ["QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"]
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8)


@given(
    api_key=st.none() | KEYS | st.just(" "),
    environ=st.dictionaries(st.sampled_from([*VARIABLES, "OPENAI_API_KEY"]), KEYS | st.just("")),
)
def test_the_first_key_that_is_set_wins(api_key: str | None, environ: dict[str, str]) -> None:
    wanted = [("api_key", (api_key or "").strip()), *((n, environ.get(n, "")) for n in VARIABLES)]
    found = [pair for pair in wanted if pair[1]]
    if not found:
        with pytest.raises(UsageError, match="no API key; set one of QWEN_API_KEY, MODELST"):
            find(CATALOG, api_key=api_key, environ=environ)
        return
    credential = find(CATALOG, api_key=api_key, environ=environ)
    assert (credential.source, credential.key) == found[0]
    assert find(CATALOG, api_key=api_key, environ=environ, optional=True) == credential


@given(key=KEYS)
def test_a_credential_does_not_show_its_key(key: str) -> None:
    credential = find(CATALOG, api_key=f" {key}\n", environ={})
    assert credential.key == key
    assert repr(credential) == "Credential(source='api_key')"


@pytest.mark.parametrize("key", ["sk-abc def", "sk-abc\x00def", "sk-schlüssel", "sk-abc\ndef"])
def test_a_key_that_no_header_can_carry_is_refused_unshown(key: str) -> None:
    with pytest.raises(UsageError, match="the key in QWEN_API_KEY holds") as caught:
        find(CATALOG, api_key=None, environ={"QWEN_API_KEY": key})
    assert key not in str(caught.value)


@given(
    provider=st.sampled_from(["", "qwen/", "modelstudio/", "qwencloud/", "Qwen/", "MODELSTUDIO/"]),
    model=st.sampled_from([*CATALOG.advertised, "qwen9-max", "of-yesterday:1"]),
)
def test_a_reference_names_its_model_under_every_name_of_the_provider(
    provider: str, model: str
) -> None:
    assert model_id(f" {provider}{model} ") == model


def test_a_model_id_with_a_slash_is_written_behind_the_provider() -> None:
    assert model_id("qwen/MiniMax/MiniMax-M2.5") == "MiniMax/MiniMax-M2.5"


@pytest.mark.parametrize("provider", ["dashscope", "openai", "bailian", "qwen-portal", ""])
def test_another_provider_is_refused_with_the_name_to_write(provider: str) -> None:
    with pytest.raises(UsageError) as caught:
        model_id(f"{provider}/qwen3.5-plus")
    assert f"{provider!r}; there are: qwen, modelstudio, qwencloud" in str(caught.value)
    assert "Write qwen/qwen3.5-plus" in str(caught.value)


@pytest.mark.parametrize("ref", ["", " ", "qwen/", "openai/"])
def test_a_reference_without_a_model_is_refused(ref: str) -> None:
    with pytest.raises(UsageError, match="names no model; write qwen/<model id>"):
        model_id(ref)


@given(level=st.sampled_from(get_args(ThinkingLevel)))
def test_every_level_but_off_and_none_turns_thinking_on(level: ThinkingLevel) -> None:
    assert enable_thinking(level) is (level not in {"off", "none"})


def test_no_level_is_no_flag() -> None:
    assert enable_thinking(None) is None


@given(level=st.text().filter(lambda level: level not in LEVELS))
def test_an_unknown_level_is_refused_with_those_allowed(level: str) -> None:
    with pytest.raises(UsageError) as caught:
        enable_thinking(level)  # type: ignore[arg-type] # the mistake under test
    assert str(caught.value) == (
        f"no thinking level {level!r}; there are: off, none, minimal, low, medium, high, xhigh, max"
    )
