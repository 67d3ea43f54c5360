"""The list of models: both truths, host by host."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load


def test_both_truths_stand_side_by_side(qwensim: Any) -> None:
    result = qwensim("models", "list", "--host", "coding-intl.dashscope.aliyuncs.com")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("https://coding-intl.dashscope.aliyuncs.com/v1")
    lines = [re.split(r"\s{2,}", line.strip()) for line in result.out.splitlines()]
    assert ["MiniMax-M2.5", "1,000,000 text", "204,800 text", "only"] in lines
    assert ["qwen3.6-plus", "no", "no"] in lines
    assert ["qwen3.6-plus: prefer a Standard endpoint"] in lines


@pytest.mark.parametrize(
    "host", ["Coding.DashScope.Aliyuncs.com", "coding.dashscope.aliyuncs.com."]
)
def test_a_host_is_known_in_any_spelling(qwensim: Any, host: str) -> None:
    out = qwensim("models", "list", "--host", host).out
    assert out.startswith("https://coding.dashscope.aliyuncs.com/v1")


def test_an_unknown_host_is_refused_with_those_there_are(qwensim: Any) -> None:
    result = qwensim("models", "list", "--host", "example.com")
    assert (result.code, result.out) == (2, "")
    assert "no host 'example.com'; there are: dashscope.aliyuncs.com" in result.err


def test_every_host_has_its_table(qwensim: Any) -> None:
    out = qwensim("models", "list").out
    titles = re.findall(r"^https://\S+", out, re.MULTILINE)
    assert titles == [host.base_url for host in load().hosts.values()]


def test_tables_are_whole_in_a_pipe(qwensim: Any) -> None:
    out = qwensim("models", "list", "--host", "dashscope.aliyuncs.com").out
    assert re.search(r"^wan2\.7-r2v +no +video; no chat\s*$", out, re.MULTILINE)
    assert "…" not in out
    assert "\x1b" not in out


def test_tables_fit_a_terminal(qwensim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = re.sub(r"\x1b\[[0-9;]*m", "", qwensim("models", "list").out)
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    for model in load().models:
        assert f"\n{model} " in out


def test_json_rows_have_stable_keys(qwensim: Any) -> None:
    rows = json.loads(qwensim("models", "list", "--json").out)
    assert all(
        [*row]
        == [
            "provider",
            "model",
            "host",
            "base_url",
            "plan",
            "region",
            "advertised",
            "served",
            "note",
        ]
        for row in rows
    )
    for host, served in load().served.items():
        listed = {row["model"]: row for row in rows if row["host"] == host}
        assert set(listed) == {*served, *load().advertised}
        assert {name for name, row in listed.items() if row["served"]} == set(served)
    row = next(row for row in rows if row["model"] == "kimi-k2.5")
    assert row["advertised"] == {
        "context_window": 262_144,
        "max_tokens": 32_768,
        "input": ["text", "image"],
        "reasoning": False,
        "default": False,
    }
    assert row["served"]["thinking"] == "off"
    plus = next(row["served"] for row in rows if row["model"] == "qwen3.5-plus" and row["served"])
    assert plus["defaults"] == load().models["qwen3.5-plus"].defaults
    assert plus["defaults_thinking"]["temperature"] == 0.6


def test_overlays_and_the_date_are_followed(qwensim: Any, tmp_path: Path) -> None:
    overlay = tmp_path / "mine.toml"
    overlay.write_text(
        '[[model]]\nid = "qwen9"\nhosts = ["coding"]\n\n'
        '[[model]]\nid = "qwen10"\nhosts = ["coding"]\nsince = 2030-01-01\n'
    )
    host = "coding.dashscope.aliyuncs.com"

    def models(*args: str) -> set[str]:
        out = qwensim("models", "list", "--json", "--host", host, *args).out
        return {row["model"] for row in json.loads(out)}

    assert models("--catalog", str(overlay)) - models() == {"qwen9"}
    later = models("--catalog", str(overlay), "--as-of", "2030-01-01")
    assert {"qwen9", "qwen10"} <= later
