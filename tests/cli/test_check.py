"""`qwensim check`: what it prints, and how it ends."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.contract import Cassettes, Fake, cases, run
from qwensim.recording import use_cassette
from qwensim.server import serve
from qwensim.simulator import Simulator

HOSTS = [
    "dashscope.aliyuncs.com",
    "dashscope-intl.aliyuncs.com",
    "coding.dashscope.aliyuncs.com",
    "coding-intl.dashscope.aliyuncs.com",
]
KEY = "sk-sp-of-the-gateway"


Check = Callable[..., Any]


@pytest.fixture
def check(qwensim: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run `qwensim check` with these options and variables."""

    def run_check(*options: str, **environ: str) -> Any:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return qwensim("check", *options)

    return run_check


def test_the_fake_keeps_every_promise_in_a_table_of_80_columns(check: Check) -> None:
    result = check()
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[-1].endswith(" kept, 0 broken, 0 not run")
    assert max(map(len, lines)) <= 80
    for case in cases():
        assert any(line.startswith(f"{case.id} ") and "kept" in line for line in lines), case.id


def test_json_is_a_list_of_results(check: Check) -> None:
    result = check("--case", "usage-asked", "--json")
    assert result.code == 0
    assert json.loads(result.out) == [
        {"case": "usage-asked", "host": host, "target": "fake", "outcome": "kept", "detail": ""}
        for host in HOSTS
    ]


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        (["--host", HOSTS[1]], HOSTS[1:2]),
        (["--plan", "coding"], HOSTS[2:]),
        (["--plan", "coding", "--host", HOSTS[3]], HOSTS[3:]),
    ],
)
def test_hosts_are_chosen_by_name_and_plan(
    check: Check, options: list[str], hosts: list[str]
) -> None:
    results = json.loads(check("--case", "usage-asked", "--json", *options).out)
    assert [result["host"] for result in results] == hosts


def test_a_served_fake_is_started_for_it(check: Check) -> None:
    result = check("--target", "served", "--case", "retried-[dn]*")
    assert result.code == 0
    assert "not run (4): needs clock" in result.out
    assert "4 kept, 0 broken, 4 not run" in result.out


def test_any_base_url_stands_for_a_host(check: Check) -> None:
    with serve(Simulator()) as server:
        url = f"{server.url}/v1"
        options = ("--case", "model-not-on-plan", "--plan", "coding", "--json")
        result = check("--target", url, *options, "--key-env", "MINE", MINE=KEY)
        assert result.code == 0, result.err
        (only,) = json.loads(result.out)
        assert (only["host"], only["target"]) == (HOSTS[3], url)
        standard = check(
            "--target",
            f"{server.url}/compatible-mode/v1",
            "--case",
            "usage-*",
            QWEN_API_KEY="sk-of-the-gateway",
        )
        assert standard.code == 0, standard.err


def test_a_broken_promise_is_told_below_the_table_and_in_the_exit_code(check: Check) -> None:
    with socket.socket() as bound:  # and not listened on
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        result = check("--target", url, "--case", "usage-asked", QWEN_API_KEY=KEY)
    assert result.code == 1
    lines = result.out.splitlines()
    below = lines.index(f"usage-asked at {HOSTS[1]}")
    assert "ConnectError" in lines[below + 1]
    assert lines[-1] == "0 kept, 1 broken, 0 not run"
    assert KEY not in result.out + result.err


def test_nothing_kept_is_no_success(check: Check, tmp_path: Path) -> None:
    result = check("--target", str(tmp_path), "--case", "usage-asked")
    assert result.code == 1
    assert "0 kept, 0 broken, 4 not run" in result.out


def test_a_folder_of_recordings_is_a_target(check: Check, tmp_path: Path) -> None:
    (case,) = cases("usage-asked")
    with use_cassette(case.recording(tmp_path, HOSTS[0]), record="all", catalog=load()):
        run(case, HOSTS[0], Fake())
    result = check("--target", str(tmp_path), "--case", case.id, "--host", HOSTS[0], "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)[0]["target"] == Cassettes.name


def test_the_folder_of_that_name_is_where_recordings_are(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = check("--target", "cassettes", "--case", "usage-asked", "--host", HOSTS[0])
    assert f"no recording cassettes/{HOSTS[0]}/chat/usage-asked.yaml" in result.out


def test_live_names_the_keys_that_it_wants(check: Check) -> None:
    result = check("--target", "live", "--case", "usage-asked", QWEN_STANDARD_API_KEY="")
    assert result.code == 1
    assert "not run (1): no key: set QWEN_STANDARD_API_KEY_CN" in result.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--target", "nothing"], "no target 'nothing'; there are: fake, served, cassettes, live"),
        (["--host", "example.com"], "no host example.com; there are: dashscope.aliyuncs.com"),
        (["--host", HOSTS[0], "--plan", "coding"], f"no host {HOSTS[0]} with plan coding"),
        (["--case", "no-such-case"], "no case 'no-such-case'"),
        (["--target", "http://localhost:1/v1"], "no API key; set one of QWEN"),
        (
            ["--target", "http://localhost:1/v1", "--key-env", "MINE"],
            "MINE is not set; it must hold the key for http://localhost:1/v1",
        ),
        (["--target", "ftp://localhost/v1"], "must start with https:// or http://"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    check: Check, options: list[str], told: str
) -> None:
    result = check(*options)
    assert result.code == 2
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert told in result.err
