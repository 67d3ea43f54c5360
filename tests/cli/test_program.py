"""What all commands have in common: start-up, help, mistakes, completion."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args

import pytest

from qwensim import __version__
from qwensim.catalog import PAGE_DATE, load, rows
from qwensim.cli import completions, options
from qwensim.provider import ThinkingLevel, endpoints
from qwensim.simulator import PACES
from qwensim.simulator.gate import ClientCheck

HEAVY = {"faker", "httpx", "httpx2", "openai", "respx", "uvicorn"}


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["serve", "--help"]])
def test_the_program_starts_without_the_libraries_of_its_commands(args: list[str]) -> None:
    program = (
        "import sys, qwensim.cli\n"
        f"try: qwensim.cli.main({args!r})\n"
        "except SystemExit as end: assert end.code == 0\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_the_version_is_that_of_the_package(qwensim: Any) -> None:
    result = qwensim("--version")
    assert (result.code, result.out, result.err) == (0, f"qwensim {__version__}\n", "")


def test_help_names_every_command_in_a_whole_line(qwensim: Any) -> None:
    result = qwensim("--help")
    assert result.code == 0
    for command in ("demo", "serve", "run", "chat", "models"):
        assert f"\n  {command} " in result.out
    assert "...\n" not in result.out.partition("Commands:")[2]


def test_the_options_offer_what_the_library_knows() -> None:
    assert set(get_args(options.Region)) == set(get_args(rows.Region))
    assert set(get_args(options.PaceName)) == set(PACES)
    assert set(get_args(options.ClientCheck)) == set(get_args(ClientCheck))
    assert get_args(options.ThinkingLevel) == get_args(ThinkingLevel)


def test_the_defaults_that_help_tells_are_those_of_the_library(qwensim: Any) -> None:
    default_model = next(row.id for row in load().advertised.values() if row.default)
    chat = " ".join(qwensim("chat", "--help").out.split())
    assert f"[default: qwen/{default_model}]" in chat
    assert f"[default: {endpoints.DEFAULT_AUTH_CHOICE}]" in chat
    for name in load().key_variables:
        assert name in chat
    assert f"[default: {PAGE_DATE}]" in qwensim("serve", "--help").out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["models", "list", "--host", "example.com"], "dashscope-intl.aliyuncs.com"),
        (["models", "list", "--provider", "openai"], "modelstudio"),
        (["models", "list", "--catalog", "missing.toml"], "missing.toml: cannot be read"),
        (["serve", "--accounts", "missing.toml"], "missing.toml: cannot be read"),
        (["serve", "--port", "70000"], "no port 70000"),
        (["serve", "--port", "0", "--proxy", "--ca-dir", "/dev/null/a"], "with neither"),
        (["serve", "--port", "0", "--ca-dir", "a"], "a proxy or a TLS port"),
        (["chat", "hi"], "QWEN_API_KEY, MODELSTUDIO_API_KEY, DASHSCOPE_API_KEY"),
        (["chat", "hi", "--auth-choice", "nope"], "qwen-standard-api-key"),
        (["chat", "hi", "--base-url", "dashscope"], "https://"),
    ],
)
def test_a_mistake_is_told_in_one_line(qwensim: Any, args: list[str], told: str) -> None:
    result = qwensim(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert told in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "args", [["nope"], ["serve", "--pace", "slow"], ["chat"], ["serve", "--as-of", "May"]]
)
def test_a_wrong_option_is_a_wrong_use(qwensim: Any, args: list[str]) -> None:
    result = qwensim(*args)
    assert result.code == 2
    assert "Error: " in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("complete", "known"),
    [
        (completions.host_names, "coding-intl.dashscope.aliyuncs.com"),
        (completions.auth_choices, "qwen-standard-api-key-cn"),
        (completions.model_refs, "qwen/MiniMax-M2.5"),
        (completions.video_refs, "qwen/wan2.6-t2v"),
        (completions.image_refs, "qwen/wan2.6-t2i"),
        (completions.embedding_refs, "qwen/text-embedding-v4"),
    ],
)
def test_names_of_the_catalogue_are_completed(
    complete: Callable[[], list[str]], known: str
) -> None:
    assert known in complete()


def test_the_shell_completes_commands_and_names(start: Any) -> None:
    asked = {
        "qwensim mod": "models",
        "qwensim chat --auth-choice qwen-st": "qwen-standard-api-key",
    }
    for words, expected in asked.items():
        process = start(
            _QWENSIM_COMPLETE="complete_bash",
            COMP_WORDS=words,
            COMP_CWORD=str(words.count(" ")),
        )
        assert expected in process.communicate()[0].split()
