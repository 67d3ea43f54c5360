"""The variables that lead programs to the proxy."""

import os
import stat
import urllib.request
from pathlib import Path

import pytest

from qwensim.catalog import load
from qwensim.running import AUTHORITIES, missing_keys, variables
from qwensim.running.environment import PROXIES

PROXY = "http://127.0.0.1:8787"


def test_every_client_finds_the_proxy_and_its_authority() -> None:
    with variables({}, proxy=PROXY, certificate=b"ours") as found:
        for name in PROXIES:
            assert found[name] == found[name.lower()] == PROXY
        assert {Path(found[name]).read_bytes() for name in AUTHORITIES} == {b"ours"}
        assert found["NODE_USE_ENV_PROXY"] == "1"
        bundle = Path(found["SSL_CERT_FILE"])
        assert stat.S_IMODE(bundle.parent.stat().st_mode) == 0o700
    assert not bundle.parent.exists()


def test_nothing_but_this_machine_passes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    exempting = {"NO_PROXY": "*", "no_proxy": "aliyuncs.com"}
    with variables(exempting, proxy=PROXY, certificate=b"") as found:
        for name, value in (exempting | found).items():
            monkeypatch.setenv(name, value)
        for host in ("dashscope.aliyuncs.com", "example.com"):
            assert not urllib.request.proxy_bypass(host)
        for host in ("localhost", "127.0.0.1"):
            assert urllib.request.proxy_bypass(host)


def test_authorities_that_were_trusted_still_are(tmp_path: Path) -> None:
    mine, nodes = tmp_path / "mine.pem", tmp_path / "nodes.pem"
    mine.write_bytes(b"mine")
    nodes.write_bytes(b"nodes")
    environ = {
        "SSL_CERT_FILE": str(mine),
        "CURL_CA_BUNDLE": str(mine),
        "NODE_EXTRA_CA_CERTS": str(nodes),
        "REQUESTS_CA_BUNDLE": str(tmp_path / "missing.pem"),
    }
    with variables(environ, proxy=PROXY, certificate=b"ours") as found:
        assert Path(found["CURL_CA_BUNDLE"]).read_bytes() == b"ours\nmine\nnodes"


def test_the_users_own_python_path_comes_after(tmp_path: Path) -> None:
    with variables({"PYTHONPATH": str(tmp_path)}, proxy=PROXY, certificate=b"") as found:
        first, *others = found["PYTHONPATH"].split(os.pathsep)
    assert [path.name for path in Path(first).iterdir() if path.suffix] == ["sitecustomize.py"]
    assert others == [str(tmp_path)]


def test_keys_are_given_where_there_are_none() -> None:
    catalog = load()
    first, *others = catalog.key_variables
    found = missing_keys(catalog, {first: "sk-mine-0123456", others[0]: ""}, "sk-a-test-key")
    assert found == dict.fromkeys([*others, "OPENAI_API_KEY", "ANTHROPIC_API_KEY"], "sk-a-test-key")
