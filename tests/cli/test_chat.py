"""One question from the shell, to a served fake and to the native hosts."""

import signal
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.chat import converse
from qwensim.provider import QwenProvider
from qwensim.server import Server, serve
from qwensim.simulator import Ask, Counts, Fault, Simulator
from qwensim.transport import transport

HI = [{"role": "user", "content": "hi"}]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


@pytest.fixture
def native(simulator: Simulator) -> Iterator[QwenProvider]:
    """Yield a provider on the Coding Plan's own host, in process."""
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        yield QwenProvider(
            auth_choice="qwen-api-key", api_key=FAKE_KEYS["coding"], http_client=client
        )


@pytest.fixture
def coding_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["coding"])


# ---- the answer


def test_the_answer_alone_goes_to_stdout(
    native: QwenProvider, simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator.script(
        text="Blue [bold]light[/bold]\nscatters.",
        reasoning="Let me think.",
        usage=Counts(prompt=12, completion=34),
    )
    assert converse(native, "qwen/qwen3.5-plus", HI, thinking="high")
    out, err = capfd.readouterr()
    assert out == "Blue [bold]light[/bold]\nscatters.\n"
    assert err == ("Let me think.\nusage: 46 tokens, prompt 12, completion 34\n")


def test_cached_and_reasoning_tokens_are_told_where_they_are_reported(
    simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator.script(usage=Counts(prompt=12, completion=34, reasoning=5, cached=7))
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        standard = QwenProvider(
            auth_choice="qwen-standard-api-key", api_key=FAKE_KEYS["standard"], http_client=client
        )
        assert converse(standard, "qwen/qwen3.5-plus", HI, thinking="high")
    assert capfd.readouterr().err.endswith(
        "usage: 46 tokens, prompt 12 (7 cached), completion 34 (5 reasoning)\n"
    )


def test_a_terminal_sees_the_reasoning_dimmed(
    native: QwenProvider,
    simulator: Simulator,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    simulator.script(text="Yes.", reasoning="Hm.")
    assert converse(native, "qwen/qwen3.5-plus", HI, thinking="low")
    out, err = capfd.readouterr()
    assert out == "Yes.\n"
    assert err.startswith("\x1b[2mHm")


def test_long_text_is_not_wrapped(
    native: QwenProvider, simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "many words " * 50 + "end"
    simulator.script(text=text)
    assert converse(native, "qwen/qwen3.5-plus", HI, thinking="off")
    assert capfd.readouterr().out == f"{text}\n"


@pytest.mark.usefixtures("coding_key")
def test_a_served_fake_answers_by_its_base_url(
    qwensim: Any, simulator: Simulator, server: Server
) -> None:
    simulator.script(text="Bonjour!")
    url = server.base_urls["coding.dashscope.aliyuncs.com"]
    result = qwensim("chat", "Hello", "--base-url", url, "--system", "Say it in French.")
    assert (result.code, result.out) == (0, "Bonjour!\n")
    assert result.err.splitlines()[-1].startswith("usage: ")
    assert "none reported" not in result.err  # loopback is told usage, as the native hosts are
    assert simulator.journal[0].model == "qwen3.5-plus"


# ---- what goes wrong


@pytest.mark.usefixtures("coding_key")
def test_a_refusal_is_one_line_with_the_services_words(qwensim: Any, server: Server) -> None:
    args = ("--model", "qwen/qwen3.6-plus", "--base-url", f"{server.url}/v1")
    result = qwensim("chat", "hi", *args)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: model `qwen3.6-plus` is not supported. (400, ")
    assert ", request " in result.err
    assert result.err.count("\n") == 1
    assert FAKE_KEYS["coding"] not in result.err


def test_a_refusal_by_the_plan_advises_the_standard_endpoint(
    native: QwenProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not converse(native, "qwen/qwen3.6-plus", HI, thinking=None)
    err = capfd.readouterr().err
    assert "(auth choice qwen-standard-api-key, with a Standard key)" in err
    assert err.count("\n") == 1


def test_an_answer_that_breaks_off_is_shown_as_far_as_it_came(
    native: QwenProvider, simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator.script(text="one two three four five six", fault=Fault(kind="drop", after=3))
    assert not converse(native, "qwen/qwen3.5-plus", HI, thinking="off")
    out, err = capfd.readouterr()
    assert out.startswith("one")
    assert out.endswith("\n")
    assert err.startswith("error: ")
    assert "finish_reason" in err


@pytest.mark.usefixtures("coding_key")
def test_a_wrong_model_reference_is_the_users_mistake(qwensim: Any) -> None:
    result = qwensim("chat", "hi", "--model", "openai/gpt")
    assert (result.code, result.out) == (2, "")
    assert "there are: qwen" in result.err


@pytest.mark.usefixtures("coding_key")
def test_a_deprecated_auth_choice_warns_in_one_line(qwensim: Any) -> None:
    args = ("--auth-choice", "modelstudio-api-key", "--model", "qwen/")
    warning, error = qwensim("chat", "hi", *args).err.splitlines()
    assert warning.startswith("warning: ")
    assert "'qwen-api-key'" in warning
    assert error.startswith("error: ")


def test_ctrl_c_ends_a_chat_without_a_traceback(
    start: Any, simulator: Simulator, server: Server
) -> None:
    asked = threading.Event()

    def note(ask: Ask) -> bool:
        asked.set()
        return True

    simulator.script(when=note, text="never", fault=Fault(kind="delay", seconds=3600))
    process = start("chat", "hi", "--base-url", f"{server.url}/v1", QWEN_API_KEY="sk-sp-0123456789")
    assert asked.wait(timeout=30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
