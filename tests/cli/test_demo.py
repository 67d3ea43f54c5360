"""The demo: what it asks, what it shows, and that it finds what differs."""

import re
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.demo import run
from qwensim.cli.trials import Promise, promise
from qwensim.simulator import Simulator

NEVER = {"model": [{"id": "glm-5", "thinking": "never"}]}


def cells(out: str, host: str, model: str) -> list[str]:
    """Return the cells of a row, found below the title of its table."""
    below = out.partition(f"https://{host}/")[2]
    line = next(line for line in below.splitlines() if line.startswith(model))
    return re.split(r"\s{2,}", line.strip())


def test_the_fake_does_as_the_catalogue_says(qwensim: Any) -> None:
    result = qwensim("demo")
    assert result.code == 0
    assert result.err == ""
    assert result.out.endswith("\n36 of 36 as the catalogue says\n")
    for host in load().hosts.values():
        assert f"{host.base_url}\n" in re.sub(r" +\n", "\n", result.out)


def test_rows_tell_of_reasoning_usage_and_refusals(qwensim: Any) -> None:
    out = qwensim("demo").out
    _, off, on = cells(out, "dashscope-intl.aliyuncs.com", "qwen3.5-plus")
    assert re.fullmatch(r"no reasoning, \d+ tokens", off)
    assert re.fullmatch(r"reasoning, \d+ tokens", on)
    _, off, on = cells(out, "coding.dashscope.aliyuncs.com", "qwen3-coder-plus")
    assert re.fullmatch(r"no reasoning, \d+ tokens", on)
    _, off, on = cells(out, "dashscope.aliyuncs.com", "MiniMax-M2.5")
    assert re.fullmatch(r"bad_request \[\d\]", off)
    assert re.fullmatch(r"reasoning, \d+ tokens", on)
    _, off, on = cells(out, "dashscope-intl.aliyuncs.com", "kimi-k2.5")
    assert re.fullmatch(r"unknown_model \[\d\]", off)
    assert off == on


@pytest.mark.parametrize(
    ("plan", "standard"), [("coding", "dashscope"), ("coding-intl", "dashscope-intl")]
)
def test_the_coding_plan_is_asked_for_what_it_lacks(qwensim: Any, plan: str, standard: str) -> None:
    out = qwensim("demo").out
    name, off, on = cells(out, f"{plan}.dashscope.aliyuncs.com", "qwen3.6-plus")
    assert name == "qwen3.6-plus, not advertised"
    assert off == on
    number = off.removeprefix("model_not_on_plan ")
    note = out.partition(f"\n{number} ")[2].partition("\n\n")[0]
    assert "model `qwen3.6-plus` is not supported." in note
    assert f"https://{standard}.aliyuncs.com/compatible-mode/v1" in note


def test_each_refusal_is_explained_once(qwensim: Any) -> None:
    out = qwensim("demo").out
    used = set(re.findall(r"  (?:\w+) (\[\d+\])", out))
    explained = re.findall(r"^(\[\d+\]) ", out, re.MULTILINE)
    assert sorted(explained) == sorted(used)
    assert out.count("does not exist or you do not have access to it.") == 1


def test_the_seed_chooses_what_is_said(qwensim: Any) -> None:
    first = qwensim("demo", "--seed", "5")
    assert first.out == qwensim("demo", "--seed", "5").out
    assert first.out != qwensim("demo", "--seed", "6").out


def test_nothing_is_cut_or_too_wide_in_a_pipe(qwensim: Any) -> None:
    out = qwensim("demo").out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert "\x1b" not in out


def test_tables_stay_whole_in_a_narrow_pipe(qwensim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = qwensim("demo").out
    assert len(cells(out, "coding.dashscope.aliyuncs.com", "qwen3.6-plus")) == 3


def test_a_terminal_sees_colours_and_progress(
    qwensim: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    result = qwensim("demo")
    assert "\x1b[" in result.out
    assert "Asking the four hosts" in result.err
    plain = re.sub(r"\x1b\[[0-9;]*m", "", result.out)
    assert max(map(len, plain.splitlines())) <= 80


def test_the_other_surfaces_are_asked_once(qwensim: Any) -> None:
    out = qwensim("demo").out
    below = out.partition("Beside chat, at dashscope-intl.aliyuncs.com")[2].splitlines()[3:]
    answers = [re.split(r"\s{2,}", line.strip())[-1] for line in below[:7]]
    patterns = [
        r"\d+ tokens out",
        r"\d+ tokens out",
        r"1,\d{3} tokens in",
        r"2 vectors of 1,024 dimensions",
        r"The cat is on the roof\. \(0\.\d\d\)",
        r"1664\*928 pixels",
        r"1920\*1080 pixels, 5 s",
    ]
    for answer, pattern in zip(answers, patterns, strict=True):
        assert re.fullmatch(pattern, answer)


# ---- what differs is found


@pytest.mark.parametrize(
    "model", ["qwen-vl-max-latest", "text-embedding-v4", "qwen3-rerank", "wan2.6-t2v"]
)
def test_a_surface_that_refuses_is_shown(model: str, capfd: pytest.CaptureFixture[str]) -> None:
    simulator = Simulator()
    simulator.fault("error", error="access-denied", model=model, times=None)
    assert not run(load(), simulator)
    assert re.search(rf"{model} +\S.*403", capfd.readouterr().out)


def test_a_service_that_thinks_otherwise_is_marked(capfd: pytest.CaptureFixture[str]) -> None:
    assert not run(load(), Simulator(catalog=load(NEVER)))
    out = capfd.readouterr().out
    assert out.count("catalogue: reasoning, usage") == 3
    assert out.endswith("\n33 of 36 as the catalogue says\n")


def test_a_model_that_the_service_lacks_is_marked(capfd: pytest.CaptureFixture[str]) -> None:
    served = load({"model": [{"id": "glm-5", "hosts": ["coding"]}]})
    assert not run(load(), Simulator(catalog=served))
    out = capfd.readouterr().out
    assert "catalogue: no reasoning, usage" in out
    assert out.endswith("\n35 of 36 as the catalogue says\n")


def test_a_model_that_the_service_has_beyond_the_catalogue_is_marked(
    capfd: pytest.CaptureFixture[str],
) -> None:
    served = load({"model": [{"id": "qwen3.6-plus", "hosts": ["standard", "coding"]}]})
    assert not run(load(), Simulator(catalog=served))
    out = capfd.readouterr().out
    assert "catalogue: refused, model `qwen3.6-plus`" in re.sub(r"\s+", " ", out)
    assert out.endswith("\n34 of 36 as the catalogue says\n")


def test_a_refusal_in_other_words_is_marked(capfd: pytest.CaptureFixture[str]) -> None:
    served = load({"error": [{"id": "unknown-model", "message": "no `{model}` here"}]})
    assert not run(load(), Simulator(catalog=served))
    assert capfd.readouterr().out.endswith("\n32 of 36 as the catalogue says\n")


def test_the_command_fails_if_anything_differs(
    qwensim: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwensim.cli.demo.run", lambda *_: False)
    assert qwensim("demo").code == 1


def test_an_answer_without_usage_is_marked(capfd: pytest.CaptureFixture[str]) -> None:
    simulator = Simulator()
    simulator.fault("missing-usage", model="kimi-k2.5")
    assert not run(load(), simulator)
    out = capfd.readouterr().out
    assert "no reasoning, no usage" in out
    assert out.endswith("\n35 of 36 as the catalogue says\n")


def test_a_model_may_refuse_the_flag() -> None:
    catalog = load({"model": [{"id": "glm-5", "thinking": "never", "thinking_flag": "refused"}]})
    host = catalog.hosts["dashscope.aliyuncs.com"]
    refusal = "The model glm-5 does not support enable_thinking."
    for thinking in (False, True):
        promised = promise(catalog, host, "glm-5", thinking=thinking)
        assert promised == Promise(refusal=refusal)
    assert run(catalog, Simulator(catalog=catalog))


def test_the_words_for_a_stream_are_those_promised() -> None:
    catalog = load({"error": [{"id": "thinking-only", "message_stream": "streamed, see {link}"}]})
    host = catalog.hosts["dashscope.aliyuncs.com"]
    promised = promise(catalog, host, "MiniMax-M2.5", thinking=False)
    assert promised == Promise(refusal=f"streamed, see {host.help}")


def test_the_fake_keys_have_the_form_of_their_plans() -> None:
    plans = load().plans
    assert set(FAKE_KEYS) == set(plans)
    for plan, key in FAKE_KEYS.items():
        assert re.fullmatch(plans[plan].key_pattern, key)
