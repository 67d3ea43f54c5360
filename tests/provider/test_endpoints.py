"""Routing: from an auth choice or a base URL to a host, its plan and its region."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.catalog.rows import AuthChoiceRow, HostRow
from qwensim.errors import UsageError
from qwensim.provider.endpoints import Endpoint, resolve, standard_choice

CATALOG = load()
HOSTS = st.sampled_from(list(CATALOG.hosts.values()))
CHOICES = st.sampled_from(list(CATALOG.auth_choices.values()))


def spelled(text: str) -> st.SearchStrategy[str]:
    """Spell a text with any of its letters in upper case."""
    letters = (st.sampled_from([letter.lower(), letter.upper()]) for letter in text)
    return st.tuples(*letters).map("".join)


def of(host: HostRow) -> Endpoint:
    return Endpoint(base_url=host.base_url, plan=host.plan, region=host.region)


@given(CHOICES)
def test_an_auth_choice_is_the_endpoint_of_its_host(choice: AuthChoiceRow) -> None:
    endpoint = resolve(CATALOG, auth_choice=choice.id)
    assert endpoint == of(CATALOG.hosts[choice.host])
    assert endpoint.native


@given(CHOICES)
def test_a_legacy_auth_choice_warns_and_means_its_successor(choice: AuthChoiceRow) -> None:
    for legacy in choice.legacy:
        with pytest.warns(DeprecationWarning, match=f"use '{choice.id}'"):
            endpoint = resolve(CATALOG, auth_choice=legacy)
        assert endpoint == resolve(CATALOG, auth_choice=choice.id)


def test_nothing_given_is_the_global_coding_plan() -> None:
    assert resolve(CATALOG).base_url == "https://coding-intl.dashscope.aliyuncs.com/v1"


def test_an_unknown_auth_choice_is_refused_with_those_allowed() -> None:
    with pytest.raises(UsageError, match=r"'qwen-free'.*qwen-standard-api-key-cn.*qwen-api-key"):
        resolve(CATALOG, auth_choice="qwen-free")


@pytest.mark.parametrize("choice", ["qwen-oauth", "qwen-portal"])
def test_an_auth_choice_that_is_gone_is_refused_with_the_way_to_migrate(choice: str) -> None:
    with pytest.raises(UsageError, match=rf"'{choice}'.*onboard --auth-choice qwen-api-key"):
        resolve(CATALOG, auth_choice=choice)


def test_a_key_given_as_auth_choice_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        resolve(CATALOG, auth_choice="sk-abcdefgh12345678")
    assert "sk-abcdefgh" not in str(caught.value)


@given(
    host=HOSTS,
    choice=st.none() | CHOICES,
    scheme=spelled("https"),
    dot=st.sampled_from(["", "."]),
    port=st.sampled_from(["", ":443"]),
    slashes=st.integers(0, 3),
    blank=st.sampled_from(["", " ", "\n"]),
    data=st.data(),
)
def test_a_native_base_url_wins_in_any_spelling(
    host: HostRow,
    choice: AuthChoiceRow | None,
    scheme: str,
    dot: str,
    port: str,
    slashes: int,
    blank: str,
    data: st.DataObject,
) -> None:
    name, path = data.draw(spelled(host.name)), data.draw(spelled(host.base_path))
    url = f"{blank}{scheme}://{name}{dot}{port}{path}{'/' * slashes}{blank}"
    assert resolve(CATALOG, auth_choice=choice.id if choice else None, base_url=url) == of(host)


@given(host=HOSTS, port=st.integers(1, 65535).filter(lambda port: port != 80))
def test_a_native_host_stays_native_on_any_port_and_scheme(host: HostRow, port: int) -> None:
    endpoint = resolve(CATALOG, base_url=f"http://{host.name}:{port}{host.base_path}/")
    assert endpoint.base_url == f"http://{host.name}:{port}{host.base_path}"
    assert (endpoint.plan, endpoint.region) == (host.plan, host.region)


@pytest.mark.parametrize(
    ("given_url", "base_url"),
    [
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://Proxy.Example./Keep/Case//", "https://proxy.example/Keep/Case"),
        ("https://dashscope.aliyuncs.com.evil.example/v1", None),
        ("https://dashscope-us.aliyuncs.com/compatible-mode/v1", None),
        ("https://example.com/dashscope.aliyuncs.com/compatible-mode/v1", None),
    ],
)
def test_any_other_host_is_foreign(given_url: str, base_url: str | None) -> None:
    endpoint = resolve(CATALOG, base_url=given_url)
    assert endpoint == Endpoint(base_url=base_url or given_url)
    assert not endpoint.native


@pytest.mark.parametrize(
    ("host", "local", "loopback"),
    [
        ("localhost:8000", True, True),
        ("proxy.LocalHost.", True, True),
        ("127.0.0.1", True, True),
        ("127.8.8.8", True, True),
        ("[::1]:8000", True, True),
        ("nas.local", True, False),
        ("llm.corp.internal", True, False),
        ("192.168.1.2", False, False),
        ("[2001:db8::1]", False, False),
        ("localhost.example", False, False),
        ("local", False, False),
    ],
)
def test_a_local_host_tells_usage_and_this_machine_needs_no_key(
    host: str, local: bool, loopback: bool
) -> None:
    endpoint = resolve(CATALOG, base_url=f"http://{host}/v1")
    assert not endpoint.native
    assert (endpoint.local, endpoint.tells_usage) == (local, local)
    assert endpoint.loopback is loopback


def test_a_native_host_keeps_a_path_of_the_user() -> None:
    endpoint = resolve(CATALOG, base_url="https://dashscope.aliyuncs.com/api/V2")
    assert endpoint.base_url == "https://dashscope.aliyuncs.com/api/V2"
    assert endpoint.plan == "standard"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dashscope.aliyuncs.com/v1",
        "ftp://dashscope.aliyuncs.com/v1",
        "https://",
        "https:///v1",
        "https://host:port/v1",
    ],
)
def test_what_cannot_be_a_base_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(UsageError, match="base URL") as caught:
        resolve(CATALOG, base_url=url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://user:geheim@dashscope.aliyuncs.com/v1", "https://user:geheim@a:b/v1"]
)
def test_user_info_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(CATALOG, base_url=url)
    assert "geheim" not in str(caught.value)
    assert "user:" not in str(caught.value)


@pytest.mark.parametrize("more", ["?sig=geheim", "#geheim", "?a=b#geheim"])
def test_a_query_or_a_fragment_is_refused_and_not_shown(more: str) -> None:
    with pytest.raises(UsageError, match="'https://host/v1' must have neither") as caught:
        resolve(CATALOG, base_url=f"https://host/v1{more}")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("region", ["china", "global"])
def test_the_standard_endpoint_of_a_region_has_its_auth_choice(region: str) -> None:
    choice, base_url = standard_choice(CATALOG, region)  # type: ignore[arg-type] # a Literal
    endpoint = resolve(CATALOG, auth_choice=choice)
    assert (endpoint.base_url, endpoint.plan, endpoint.region) == (base_url, "standard", region)
