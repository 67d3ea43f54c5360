"""Images from the shell, of a served fake."""

import re
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.image import make
from qwensim.provider import QwenProvider
from qwensim.provider.image_orders import MODEL
from qwensim.server import Server, serve
from qwensim.simulator import TASK_PACES, Simulator, TaskPace
from qwensim.transport import transport

HOST = "dashscope-intl.aliyuncs.com"
WAN = ("--model", "qwen/wan2.5-t2i-preview")


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
    """Run the command against the served fake, with a Standard key."""
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    return lambda *args: qwensim("image", *args, "--base-url", server.base_urls[HOST])


def size_of(path: Path) -> tuple[str | None, tuple[int, int]]:
    with Image.open(path) as picture:
        return picture.format, picture.size


def test_an_image_ends_in_the_file_and_its_name_on_stdout(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    out = tmp_path / "cat.png"
    out.write_text("an older one")
    result = ask("a cat", "--out", str(out), "--size", "1328x1328", "--seed", "7")
    assert (result.code, result.out) == (0, f"{out}\n")
    assert size_of(out) == ("PNG", (1328, 1328))
    entry = simulator.journal[0]
    size = f"{out.stat().st_size:,}"
    assert result.err == f"1 of 1, 1328*1328, {size} bytes, request {entry.request_id}\n"
    assert entry.body["parameters"] == {"size": "1328*1328", "seed": 7}


def test_every_option_has_its_place_in_the_order(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    options = ["--size", "1280x1280", "--n", "2", "--negative", "dogs", "--seed", "7"]
    options += ["--no-extend", "--watermark"]
    assert ask("a cat", "-o", str(tmp_path / "cat.png"), *WAN, *options).code == 0
    body = simulator.journal[0].body
    assert body["input"] == {"prompt": "a cat", "negative_prompt": "dogs"}
    assert body["parameters"] == {
        "size": "1280*1280",
        "n": 2,
        "seed": 7,
        "prompt_extend": False,
        "watermark": True,
    }


def test_several_images_have_their_numbers(ask: Any, simulator: Simulator, tmp_path: Path) -> None:
    result = ask("a cat", "--out", str(tmp_path / "my.cat.png"), *WAN, "--n", "3")
    files = [tmp_path / f"my.cat-{number}.png" for number in (1, 2, 3)]
    assert (result.code, result.out) == (0, "".join(f"{file}\n" for file in files))
    assert sorted(tmp_path.iterdir()) == files
    assert len({file.read_bytes() for file in files}) == 3
    state, end = result.err.splitlines()
    assert state.endswith(" is SUCCEEDED")
    task_id = state.split()[1]
    size = sum(file.stat().st_size for file in files)
    assert end == f"3 of 3, size not told, {size:,} bytes, task {task_id}"
    assert f"/api/v1/tasks/{task_id}" in {entry.path for entry in simulator.journal}


def test_an_image_that_fails_is_told_beside_those_that_came(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.script(error="task-failed-timeout", values={"images": 1})
    result = ask("a cat", "--out", str(tmp_path / "cat.png"), *WAN, "--n", "2")
    assert (result.code, result.out) == (1, f"{tmp_path / 'cat-1.png'}\n")
    assert [*tmp_path.iterdir()] == [tmp_path / "cat-1.png"]
    _, failed, end = result.err.splitlines()
    assert failed.startswith(f"error: there is no {tmp_path / 'cat-2.png'}: An internal timeout")
    assert failed.endswith("(InternalError.Timeout)")
    assert end.startswith("1 of 2, ")


def test_several_images_may_come_at_once(ask: Any, tmp_path: Path) -> None:
    several = ("--model", "qwen/qwen-image-2.0", "--n", "2", "--size", "1280x720")
    result = ask("a cat", "--out", str(tmp_path / "cat.png"), *several)
    names = [tmp_path / "cat-1.png", tmp_path / "cat-2.png"]
    assert (result.code, result.out.split()) == (0, [str(name) for name in names])
    assert [size_of(name) for name in names] == [("PNG", (1280, 720))] * 2
    assert result.err.startswith("2 of 2, 1280*720, ")


def test_fewer_images_than_were_ordered_are_no_success(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator = Simulator(task_pace=TASK_PACES["instant"])
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        provider = QwenProvider(api_key=FAKE_KEYS["standard"], http_client=client)
        wait = partial(provider.image, "a cat", model="qwen/wan2.6-t2i")
        assert not make(provider, tmp_path / "cat.png", wait, count=2)
    out, err = capfd.readouterr()
    assert out == f"{tmp_path / 'cat-1.png'}\n"
    assert "1 of 2, 1280*1280, " in err


@pytest.mark.parametrize("name", ["cat.jpg", "cat.PNG", "cat"])
def test_the_name_is_the_users_choice(ask: Any, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    result = ask("a cat", "--out", str(out))
    assert (result.code, result.out) == (0, f"{out}\n")
    assert size_of(out)[0] == "PNG"
    warned = result.err.startswith(f"warning: {out}: the image is a PNG, whatever")
    assert warned == (name == "cat.jpg")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--size", "10x10"], "size '10x10': qwen-image-plus makes images of 1664*928"),
        (["--n", "2"], "an order to qwen-image-plus is for one image"),
        ([*WAN, "--n", "1000000000"], "is for 1 to 4 images"),
        (["--n", "0"], "n 0: "),
        (["--seed", "-1"], "seed -1: a seed is a number from 0"),
        (["--model", "openai/dall-e-3"], "names the provider 'openai'"),
        (["--model", "qwen/qwen3.5-plus"], "no image model 'qwen3.5-plus'"),
        (["--out", "/no/such/folder/cat.png"], "there is no folder /no/such/folder"),
        (["--out", "/"], "it is no file"),
    ],
)
def test_a_mistake_costs_nothing(
    ask: Any, simulator: Simulator, tmp_path: Path, args: list[str], words: str
) -> None:
    result = ask("a cat", "--out", str(tmp_path / "cat.png"), *args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert words in result.err
    assert result.err.count("\n") == 1
    assert not simulator.journal


def test_an_order_needs_a_prompt(ask: Any, tmp_path: Path) -> None:
    result = ask("--out", str(tmp_path / "cat.png"))
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: there is no prompt; qwen-image-plus needs one\n"


def test_images_that_took_too_long_are_fetched_later(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    out = tmp_path / "cat.png"
    simulator.tasks.pace = TaskPace(polls=2)
    late = ask("a cat", "--out", str(out), *WAN, "--n", "2", "--timeout", "1")
    assert late.code == 1
    result = ask("--task", late.err.split()[1], "--out", str(out))
    assert (result.code, result.out) == (0, f"{tmp_path}/cat-1.png\n{tmp_path}/cat-2.png\n")
    assert [entry.method for entry in simulator.journal].count("POST") == 1


@pytest.mark.parametrize("more", [["a cat"], ["--model", "qwen/wan2.6-t2i"], ["--no-extend"]])
def test_a_task_was_ordered_already(
    ask: Any, simulator: Simulator, tmp_path: Path, more: list[str]
) -> None:
    result = ask("--task", "b7c2", "--out", str(tmp_path / "cat.png"), *more)
    assert (result.code, result.out) == (2, "")
    assert "--task" in result.err
    assert not simulator.journal


@pytest.mark.parametrize("model", [(), WAN])
def test_a_refusal_is_one_line_with_its_ids(
    ask: Any, simulator: Simulator, tmp_path: Path, model: tuple[str, ...]
) -> None:
    simulator.fault("error", error="moderation-input")
    result = ask("a cat", "--out", str(tmp_path / "cat.png"), *model)
    assert (result.code, result.out) == (1, "")
    (error,) = result.err.splitlines()
    assert re.search(r"\(400, DataInspectionFailed, request [-0-9a-f]{36}\)", error)
    assert not [*tmp_path.iterdir()]


def test_an_image_that_cannot_be_fetched_is_told_by_its_address(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    storage = next(iter(name for name in simulator.catalog.asset_hosts if "result-sgp" in name))
    simulator.fault("error", error="storage-expired", host=storage)
    result = ask("a cat", "--out", str(tmp_path / "cat.png"), *WAN, "--n", "2")
    assert (result.code, result.out) == (1, f"{tmp_path}/cat-2.png\n")
    _, address, error, end = result.err.splitlines()
    assert address.startswith("the image, for 24 hours: http")
    assert httpx2.get(address.rpartition(" ")[2]).headers["content-type"] == "image/png"
    assert error.startswith("error: AccessDenied: Request has expired. (403, download_refused,")
    assert end.startswith("1 of 2, ")


def test_without_its_only_image_nothing_is_counted(
    ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    storage = next(iter(name for name in simulator.catalog.asset_hosts if "result-sgp" in name))
    simulator.fault("error", error="storage-expired", host=storage)
    result = ask("a cat", "--out", str(tmp_path / "cat.png"))
    assert (result.code, result.out) == (1, "")
    address, error = result.err.splitlines()
    assert address.startswith("the image, for 24 hours: http")
    assert error.startswith("error: AccessDenied")
    assert not [*tmp_path.iterdir()]


def test_ctrl_c_in_a_download_tells_where_the_rest_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator = Simulator(task_pace=TASK_PACES["instant"])
    service = transport(simulator, httpx2)
    fetched = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith(".png"):
            fetched.append(request)
            if len(fetched) == 2:
                raise KeyboardInterrupt
        return service.handle_request(request)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        provider = QwenProvider(api_key=FAKE_KEYS["standard"], http_client=client)
        wait = partial(provider.image, "a cat", model="qwen/wan2.6-t2i", n=3)
        with pytest.raises(KeyboardInterrupt):
            make(provider, tmp_path / "cat.png", wait, count=3)
    out, err = capfd.readouterr()
    assert out == f"{tmp_path}/cat-1.png\n"
    assert len(re.findall("the image, for 24 hours: https://dashscope-result-sgp", err)) == 2
    assert [*tmp_path.iterdir()] == [tmp_path / "cat-1.png"]


def test_ctrl_c_cancels_the_task_without_a_traceback(start: Any, tmp_path: Path) -> None:
    simulator = Simulator(task_pace=TaskPace(pending=3600, running=1))
    with serve(simulator) as server:
        command = ["image", "a cat", "--out", str(tmp_path / "cat.png"), *WAN]
        url = server.base_urls[HOST]
        process = start(*command, "--base-url", url, QWEN_API_KEY=FAKE_KEYS["standard"])
        assert process.stderr.readline().endswith(" is PENDING\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "nothing is billed" in err
    assert "Traceback" not in err
    assert simulator.journal[-1].path.endswith("/cancel")
    assert not [*tmp_path.iterdir()]


def test_the_help_tells_names_of_files_and_the_default_model(qwensim: Any) -> None:
    help_ = qwensim("image", "--help")
    assert help_.code == 0
    words = " ".join(help_.out.split())
    assert "NAME.png becomes NAME-1.png, NAME-2.png" in words
    assert f"[default: qwen/{MODEL}]" in words
