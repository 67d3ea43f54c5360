"""A video and a description from the shell, of a served fake."""

import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.video import make
from qwensim.provider import QwenProvider
from qwensim.server import Server, serve
from qwensim.simulator import TASK_PACES, Simulator, TaskPace
from qwensim.transport import transport

HOST = "dashscope-intl.aliyuncs.com"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(task_pace=TASK_PACES["instant"])


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


@pytest.fixture
def ask(
    qwensim: Callable[..., Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run a command against the served fake, with a Standard key."""
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    return lambda *args: qwensim(*args, "--base-url", server.base_urls[HOST])


# ---- video


def test_a_video_ends_in_the_file_and_its_name_on_stdout(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    out = tmp_path / "cat.mp4"
    result = ask("video", "a cat", "--out", str(out), "--size", "1280x720", "--duration", "3")
    assert (result.code, result.out) == (0, f"{out}\n")
    assert out.read_bytes()[4:8] == b"ftyp"
    task, end = result.err.splitlines()
    assert task.endswith(" is SUCCEEDED")
    assert end.startswith(f"1280*720, 3.0 s, {out.stat().st_size:,} bytes, task ")
    order = simulator.journal[0]
    assert order.body["parameters"] == {"size": "1280*720", "duration": 3}


def test_every_option_has_its_place_in_the_order(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    options = ["--model", "qwen/wan2.7-r2v", "--image", "https://a/1.png", "--video"]
    options += ["https://a/2.mp4", "--video", "https://a/3.mp4", "--resolution", "720P"]
    options += ["--aspect-ratio", "1:1", "--watermark", "--audio"]
    assert ask("video", "a cat", "-o", str(tmp_path / "cat.mp4"), *options).code == 0
    body = simulator.journal[0].body
    assert [item["url"] for item in body["input"]["media"]] == [
        "https://a/1.png",
        "https://a/2.mp4",
        "https://a/3.mp4",
    ]
    assert body["parameters"] == {
        "resolution": "720P",
        "ratio": "1:1",
        "duration": 5,
        "watermark": True,
    }


def test_a_file_that_is_there_is_replaced(ask: Any, tmp_path: Path) -> None:
    out = tmp_path / "cat.mp4"
    out.write_text("an older one")
    assert ask("video", "a cat", "--out", str(out)).code == 0
    assert out.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--image", "cat.png"], "image 'cat.png' is no http(s) address"),
        (["--duration", "30"], "duration 30: wan2.6-t2v makes videos of 2, 3"),
        (["--model", "openai/sora"], "names the provider 'openai'"),
        (["--no-audio"], "the sound of wan2.6-t2v cannot be turned off"),
        (["--out", "/no/such/folder/cat.mp4"], "there is no folder /no/such/folder"),
        (["--out", "/"], "it is no file"),
    ],
)
def test_a_mistake_costs_nothing(
    ask: Any, simulator: Simulator, tmp_path: Path, args: list[str], words: str
) -> None:
    result = ask("video", "a cat", "--out", str(tmp_path / "cat.mp4"), *args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert words in result.err
    assert result.err.count("\n") == 1
    assert not simulator.journal


def test_a_video_that_took_too_long_is_fetched_later(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    out = tmp_path / "cat.mp4"
    simulator.tasks.pace = TaskPace(polls=2)
    late = ask("video", "a cat", "--out", str(out), "--timeout", "1")
    assert late.code == 1
    task_id = late.err.split()[1]
    result = ask("video", "--task", task_id, "--out", str(out))
    assert (result.code, result.out) == (0, f"{out}\n")
    assert out.read_bytes()[4:8] == b"ftyp"
    assert [entry.method for entry in simulator.journal].count("POST") == 1


@pytest.mark.parametrize("more", [["a cat"], ["--model", "qwen/wan2.6-t2v"], ["--no-watermark"]])
def test_a_task_was_ordered_already(
    ask: Any, simulator: Simulator, tmp_path: Path, more: list[str]
) -> None:
    result = ask("video", "--task", "b7c2", "--out", str(tmp_path / "cat.mp4"), *more)
    assert (result.code, result.out) == (2, "")
    assert "--task" in result.err
    assert not simulator.journal


def test_a_task_that_fails_is_one_line_with_its_ids(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.script(error="task-failed-moderation")
    result = ask("video", "a cat", "--out", str(tmp_path / "cat.mp4"))
    assert (result.code, result.out) == (1, "")
    told, error = result.err.splitlines()
    assert told.endswith(" is FAILED")
    task_id = told.split()[1]
    assert f"(200, DataInspectionFailed, task {task_id}, request " in error
    assert not [*tmp_path.iterdir()]


def test_a_video_that_cannot_be_fetched_is_told_by_its_address(
    ask: Any, simulator: Simulator, server: Server, tmp_path: Path
) -> None:
    storage = next(iter(name for name in simulator.catalog.asset_hosts if "result-sgp" in name))
    simulator.fault("error", error="storage-expired", host=storage)
    result = ask("video", "a cat", "--out", str(tmp_path / "cat.mp4"))
    assert (result.code, result.out) == (1, "")
    _, address, error = result.err.splitlines()
    assert error.startswith("error: AccessDenied: Request has expired. (403, download_refused,")
    assert address.startswith(f"the video, for 24 hours: {server.url}/{storage}/")
    url = address.rpartition(" ")[2]
    assert httpx2.get(url).headers["content-type"] == "video/mp4"


def test_a_terminal_sees_state_and_time(
    ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    result = ask("video", "a cat", "--out", str(tmp_path / "cat.mp4"))
    assert result.code == 0
    assert " is SUCCEEDED" in result.err
    assert "0:00:0" in result.err


def interrupt(*_: object) -> httpx2.Response:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("pending", "words"),
    [
        (3600, "was cancelled before it ran; nothing is billed"),
        (
            0,
            "was RUNNING and cannot be cancelled; it goes on, and is billed if it succeeds; --task",
        ),
    ],
)
def test_ctrl_c_cancels_the_task_or_says_that_it_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], pending: float, words: str
) -> None:
    simulator = Simulator(task_pace=TaskPace(pending=pending, running=3600))
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        provider = QwenProvider(
            auth_choice="qwen-standard-api-key",
            api_key=FAKE_KEYS["standard"],
            http_client=client,
            sleep=interrupt,
        )
        with pytest.raises(KeyboardInterrupt):
            make(provider, tmp_path / "c", partial(provider.video, "a cat"))
    assert words in capfd.readouterr().err
    assert simulator.journal[-1].path.endswith("/cancel")


def test_ctrl_c_before_the_service_has_answered_names_no_task(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with httpx2.Client(transport=httpx2.MockTransport(interrupt)) as client:
        provider = QwenProvider(api_key=FAKE_KEYS["standard"], http_client=client)
        with pytest.raises(KeyboardInterrupt):
            make(provider, tmp_path / "c", partial(provider.video, "a cat"))
    assert capfd.readouterr().err == "interrupted before the service told of a task\n"


def test_ctrl_c_in_the_download_tells_where_the_video_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator = Simulator(task_pace=TASK_PACES["instant"])
    service = transport(simulator, httpx2)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith(".mp4"):
            raise KeyboardInterrupt
        return service.handle_request(request)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        provider = QwenProvider(api_key=FAKE_KEYS["standard"], http_client=client)
        with pytest.raises(KeyboardInterrupt):
            make(provider, tmp_path / "c", partial(provider.video, "a cat"))
    assert "the video, for 24 hours: https://dashscope-result-sgp." in capfd.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_ctrl_c_ends_the_program_without_a_traceback(start: Any, tmp_path: Path) -> None:
    simulator = Simulator(task_pace=TaskPace(pending=3600, running=1))
    with serve(simulator) as server:
        command = ["video", "a cat", "--out", str(tmp_path / "cat.mp4")]
        url = server.base_urls[HOST]
        process = start(*command, "--base-url", url, QWEN_API_KEY=FAKE_KEYS["standard"])
        told = process.stderr.readline()
        assert told.endswith(" is PENDING\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "nothing is billed" in err
    assert "Traceback" not in err
    assert simulator.journal[-1].path.endswith("/cancel")
    assert not [*tmp_path.iterdir()]


# ---- describe


def test_a_picture_is_described_from_its_file(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.script(text="A [red] cat.")
    path = tmp_path / "cat.png"
    Image.new("RGB", (64, 64), "red").save(path)
    result = ask("describe", str(path), "--prompt", "Which cat?")
    assert (result.code, result.out) == (0, "A [red] cat.\n")
    assert result.err.startswith("usage: ")
    (entry,) = simulator.journal
    assert entry.body["messages"][0]["content"] == "Which cat?"
    assert entry.model == "qwen-vl-max-latest"


def test_an_address_is_described_as_what_its_name_says(ask: Any, simulator: Simulator) -> None:
    assert ask("describe", "https://a/cat.mp4").code == 0
    part = simulator.journal[0].body["messages"][0]["content"][1]
    assert part == {"type": "video_url", "video_url": {"url": "https://a/cat.mp4"}}


def test_an_address_without_a_kind_needs_one(ask: Any, simulator: Simulator) -> None:
    result = ask("describe", "https://a/cat")
    assert (result.code, result.out) == (2, "")
    assert "an image or a video; add --as" in result.err
    assert ask("describe", "https://a/cat", "--as", "image").code == 0
    assert len(simulator.journal) == 1


@pytest.mark.parametrize("source", ["missing.png", "/", "ftp://a/cat.png"])
def test_a_source_that_cannot_be_read_is_the_users_mistake(ask: Any, source: str) -> None:
    result = ask("describe", source)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")


def test_a_refused_description_is_one_line(ask: Any, simulator: Simulator) -> None:
    simulator.fault("error", error="moderation-input-image")
    result = ask("describe", "https://a/cat.png")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: Input image data may contain inappropriate content.")
    assert result.err.count("\n") == 1
