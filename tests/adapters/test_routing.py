"""Which host a request over a socket is meant for, however it says so."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.catalog.rows import Region
from qwensim.errors import UsageError
from qwensim.exchange import Headers
from qwensim.server.routing import Target, locate

CATALOG = load()
REGIONS: tuple[Region, ...] = get_args(Region)

regions = st.sampled_from(REGIONS)
ports = st.one_of(st.just(""), st.integers(0, 65535).map(lambda port: f":{port}"))
paths = st.text(st.sampled_from("abv1%20/.-"), max_size=20).map(lambda text: f"/{text}")
own_names = st.sampled_from(["127.0.0.1", "localhost", "[::1]", "gateway.internal", "", "0.0.0.0"])  # noqa: S104 - a name in a header
hosts = st.sampled_from(sorted(CATALOG.hosts))


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """A host name and one way to write it."""
    name = draw(hosts)
    upper = draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    letters = (a.upper() if up else a for a, up in zip(name, upper, strict=True))
    return name, "".join(letters) + draw(st.sampled_from(["", "."]))


@given(spellings(), ports, regions, paths)
def test_a_known_host_header_decides_and_leaves_the_path_alone(
    spelling: tuple[str, str], port: str, region: Region, path: str
) -> None:
    name, written = spelling
    target = locate(CATALOG, region, authority=written + port, path=path)
    assert target == Target(name, path, by_name=True)


@given(spellings(), own_names, ports, regions, paths)
def test_a_host_in_the_path_decides_and_is_taken_off(
    spelling: tuple[str, str], authority: str, port: str, region: Region, path: str
) -> None:
    name, written = spelling
    target = locate(CATALOG, region, authority=authority + port, path=f"/{written}{path}")
    assert target == Target(name, path, by_name=False)


def test_a_host_alone_in_the_path_is_asked_for_its_root() -> None:
    target = locate(CATALOG, "global", authority="127.0.0.1", path="/dashscope.aliyuncs.com")
    assert target == Target("dashscope.aliyuncs.com", "/", by_name=False)


@given(own_names, ports, regions, paths)
def test_a_bare_address_goes_by_path_and_region(
    authority: str, port: str, region: Region, path: str
) -> None:
    for prefix, plan in (("/v1", "coding"), ("/compatible-mode", "standard"), ("/api", "standard")):
        target = locate(CATALOG, region, authority=authority + port, path=prefix + path)
        assert target == Target(CATALOG.host_of(plan, region).name, prefix + path, by_name=False)


@pytest.mark.parametrize("path", ["/", "", "/v10/models", "/v1x", "/unknown.example/v1", "//v1"])
def test_any_other_path_is_the_standard_hosts(path: str) -> None:
    target = locate(CATALOG, "china", authority="localhost:8000", path=path)
    assert target == Target("dashscope.aliyuncs.com", path, by_name=False)


@pytest.mark.parametrize(
    ("headers", "plan"),
    [
        ((("x-api-key", "sk-sp-0123456789"),), "coding"),
        ((("authorization", "Bearer sk-sp-0123456789"),), "coding"),
        ((("x-api-key", "sk-0123456789"),), "standard"),
        (
            (("authorization", "Bearer sk-sp-0123456789"), ("x-api-key", "sk-0123456789")),
            "standard",
        ),
        ((("x-api-key", "sk-sp"),), "standard"),
        ((("cookie", "sk-sp-0123456789"),), "standard"),
        ((), "standard"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/apps/anthropic/v1/messages", "/apps/anthropic/v1/messages/count_tokens"]
)
def test_a_path_of_both_plans_goes_by_the_key(headers: Headers, plan: str, path: str) -> None:
    target = locate(CATALOG, "china", authority="localhost", path=path, headers=headers)
    assert target == Target(CATALOG.host_of(plan, "china").name, path, by_name=False)


def test_a_key_does_not_move_a_path_that_its_plan_has_not() -> None:
    key = (("authorization", "Bearer sk-sp-0123456789"),)
    for path in ("/api/v1/tasks", "/compatible-mode/v1/models", "/moon"):
        target = locate(CATALOG, "china", authority="localhost", path=path, headers=key)
        assert target.host == "dashscope.aliyuncs.com"


@given(st.text(max_size=30), st.text(max_size=30), regions)
def test_whatever_comes_in_some_host_answers(authority: str, path: str, region: Region) -> None:
    target = locate(CATALOG, region, authority=authority, path=path)
    assert target.host in CATALOG.host_names
    assert path.endswith(target.path) or target.path == "/"


def test_a_region_without_a_standard_host_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no host for plan 'standard' in region 'moon'"):
        locate(CATALOG, "moon", authority="", path="/")  # type: ignore[arg-type] # on purpose
