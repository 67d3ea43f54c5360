"""`--scenario`: the service of a support issue, for clients of any kind."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.situation import keys_of
from qwensim.scenarios import read

CHAT = {"model": "qwen3.6-plus", "messages": [{"role": "user", "content": "hi"}]}

CLIENT = """
import os, httpx2
answer = httpx2.post(
    "https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions",
    json={"model": "qwen3.5-plus", "messages": [{"role": "user", "content": "hi"}]},
    headers={"authorization": "Bearer " + os.environ["QWEN_API_KEY"]},
)
print(answer.status_code, answer.json()["error"]["message"])
"""


def test_serve_answers_as_the_service_of_the_scenario(start: Callable[..., Any]) -> None:
    process = start("serve", "--port", "0", "--scenario", "hour-quota")
    told = process.stdout.readline()
    assert "accepts the keys of hour-quota" in told
    url = re.search(r"http://[\w.:]+", told)[0]  # type: ignore[index] # it says so
    while not (line := process.stdout.readline()).startswith("  export OPENAI_API_KEY="):
        assert line
    key = line.partition("=")[2].strip()
    answer = httpx2.post(
        f"{url}/coding-intl.dashscope.aliyuncs.com/v1/chat/completions",
        json={**CHAT, "model": "qwen3.5-plus"},
        headers={"authorization": f"Bearer {key}"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "throttling")


def test_serve_shows_test_keys_where_the_scenario_has_no_accounts(
    start: Callable[..., Any],
) -> None:
    process = start("serve", "--port", "0", "--scenario", "qwen3.6-plus-on-coding-plan")
    told = process.stdout.readline()
    assert "accepts any key of the plan's form" in told
    url = re.search(r"http://[\w.:]+", told)[0]  # type: ignore[index] # it says so
    answer = httpx2.post(
        f"{url}/v1/chat/completions",
        json=CHAT,
        headers={"authorization": "Bearer sk-sp-0123456789"},
    )
    assert answer.status_code == 400


def test_run_leads_a_command_to_the_service_of_the_scenario(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    program = tmp_path / "client.py"
    program.write_text(CLIENT, "utf-8")
    process = start("run", "--scenario", "hour-quota", "--", sys.executable, str(program))
    out, err = process.communicate(timeout=60)
    assert out == "429 hour allocated quota exceeded.\n", err


ISSUE = (
    "scenario: The Coding Plan's quota of five hours is spent "
    "(Model Studio docs: Coding Plan, quotas and common errors)\n"
    "first call: POST https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions "
    '{"model":"qwen3.5-plus","messages":[{"role":"user","content":"Say hello in one word."}]'
)


def test_what_was_reported_and_the_first_call_are_told(
    qwensim: Callable[..., Any], start: Callable[..., Any]
) -> None:
    result = qwensim("run", "--scenario", "hour-quota", "--", "true")
    assert result.err.startswith(ISSUE)
    assert "first call" not in qwensim("run", "--scenario", "hour-quota", "--quiet", "true").err
    process = start("serve", "--port", "0", "--scenario", "hour-quota")
    assert process.stdout.readline()
    told = "".join(process.stderr.readline() for _ in range(2))
    assert told.startswith(ISSUE)


def test_a_scenario_that_begins_without_a_request_tells_none(qwensim: Callable[..., Any]) -> None:
    result = qwensim("run", "--scenario", "image-model-not-in-catalogue", "--", "true")
    assert result.err.startswith("scenario: ")
    assert "first call" not in result.err


def test_the_keys_to_try_are_those_of_the_region() -> None:
    scenario = read("hour-quota")
    (account,) = scenario.accounts
    chinese = replace(scenario, accounts=(replace(account, region="china"), account))
    assert keys_of(scenario, "china") == {"coding": "sk-sp-mine-not-a-real-key"}
    assert keys_of(replace(chinese, accounts=chinese.accounts[:1]), "global") == {}
    assert keys_of(read("developer-role"), "global") == FAKE_KEYS


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("serve", "--scenario", "nope"), "no scenario 'nope'; there are: "),
        (("run", "--scenario", "nope", "--", "true"), "no scenario 'nope'; there are: "),
        (
            ("serve", "--scenario", "hour-quota", "--limits", "--as-of", "2026-06-01"),
            "--scenario says itself what --as-of, --limits would: leave them out",
        ),
        (
            ("run", "--scenario", "hour-quota", "--catalog", "x.toml", "--", "true"),
            "--scenario says itself what --catalog would",
        ),
        (
            ("run", "--scenario", "hour-quota", "--limits", "--client-check", "off", "true"),
            "--scenario says itself what --limits, --client-check would",
        ),
    ],
)
def test_a_mistake_is_told_in_a_line(
    qwensim: Callable[..., Any], args: tuple[str, ...], error: str
) -> None:
    result = qwensim(*args)
    assert result.code == 2
    assert error in result.err
