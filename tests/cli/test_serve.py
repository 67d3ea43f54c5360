"""The served fake as a program: what it says, that it answers, how it ends."""

import contextlib
import io
import re
import signal
import socket
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli import main


class StopWhenAnnounced(io.StringIO):
    """A stdout that presses Ctrl-C once the announcement is there."""

    def write(self, text: str) -> int:
        written = super().write(text)
        if "until Ctrl-C" in text:
            signal.raise_signal(signal.SIGINT)
        return written


def announcement(*args: str) -> str:
    """Serve until it says so; return what was said."""
    out = StopWhenAnnounced()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as exit_:
        main(["serve", "--port", "0", *args])
    assert exit_.value.code == 0
    return out.getvalue()


def ask(base_url: str, key: str, model: str = "qwen3.5-plus") -> httpx2.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.post(f"{base_url}/chat/completions", json=body, headers=headers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(start: Any, number: signal.Signals) -> None:
    process = start("serve", "--port", "0", "--quiet")
    said = [process.stdout.readline()]
    while "OPENAI_API_KEY=sk-sp-" not in said[-1]:
        said.append(process.stdout.readline())
    variables = dict(re.findall(r"export (\w+)=(\S+)", "".join(said)))
    assert ask(variables["OPENAI_BASE_URL"], variables["OPENAI_API_KEY"]).status_code == 200
    for base_url in re.findall(r"^  (http://\S+)$", "".join(said), re.MULTILINE):
        key = FAKE_KEYS["coding" if "/coding" in base_url else "standard"]
        assert ask(base_url, key).status_code == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out.split() == ["Stopped."]


def test_it_names_the_bare_addresses_of_its_region() -> None:
    said = announcement("--region", "china", "--pace", "realistic")
    assert "In region china:" in said
    assert re.search(r"^  Standard     http://127\.0\.0\.1:\d+/compatible-mode/v1$", said, re.M)
    assert re.search(r"^  Coding Plan  http://127\.0\.0\.1:\d+/v1$", said, re.M)
    assert said.endswith("Stopped.\n")


def test_it_shows_what_anthropic_clients_read_for_each_plan() -> None:
    shown = re.findall(
        r"export ANTHROPIC_BASE_URL=(\S+)\n  export ANTHROPIC_API_KEY=(\S+)", announcement()
    )
    assert [key for _, key in shown] == [FAKE_KEYS["standard"], FAKE_KEYS["coding"]]
    assert {url.rpartition("/apps/")[2] for url, _ in shown} == {"anthropic"}


def test_with_accounts_it_names_their_file_and_no_fake_key(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[account]]\nkey = "sk-0123456789"\n')
    said = announcement("--accounts", str(accounts))
    assert str(accounts) in said
    assert "sk-" not in said


def test_an_overlay_brings_its_hosts(tmp_path: Path) -> None:
    overlay = tmp_path / "mine.toml"
    overlay.write_text(
        '[[host]]\nname = "models.example"\nplan = "standard"\nregion = "global"\n'
        'base_path = "/mine/v1"\nhelp = "https://models.example/help"\n'
    )
    said = announcement("--catalog", str(overlay), "--as-of", "2026-09-01")
    assert re.search(r"^  http://\S+/models\.example/mine/v1$", said, re.M)


def test_an_open_address_is_warned_of(capfd: pytest.CaptureFixture[str]) -> None:
    announcement("--host", "0.0.0.0")  # noqa: S104 - what is warned of
    assert re.fullmatch(r"warning: 0\.0\.0\.0 .*\n", capfd.readouterr().err)
    announcement("--host", "localhost")
    assert capfd.readouterr().err == ""


def test_as_a_proxy_and_by_tls_it_is_reached_under_the_real_host_names(
    start: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "ours"
    options = ("--proxy", "--tls", "0", "--ca-dir", str(folder))
    process = start("serve", "--port", "0", *options, PYTHONPATH=str(tmp_path))
    said = [process.stdout.readline()]
    while not said[-1].startswith("  export PYTHONPATH="):
        said.append(process.stdout.readline())
    variables = dict(re.findall(r"export (\w+)=(\S+)", "".join(said)))
    assert variables["no_proxy"] == "localhost,127.0.0.1,::1"
    bundle = variables["SSL_CERT_FILE"]
    assert Path(bundle).read_bytes().startswith((folder / "ca.pem").read_bytes())
    assert variables["PYTHONPATH"].endswith(f":{tmp_path}")
    trusted = ssl.create_default_context(cafile=bundle)
    url = "https://dashscope.aliyuncs.com/compatible-mode/v1/models"
    with httpx2.Client(proxy=variables["HTTPS_PROXY"], verify=trusted) as client:
        assert client.get(url).status_code == 401
        with pytest.raises(httpx2.ProxyError, match="403"):
            client.get("https://example.com")
    (port,) = re.findall(r"^TLS at 127\.0\.0\.1:(\d+), ", "".join(said), re.MULTILINE)
    connection = socket.create_connection(("127.0.0.1", int(port)), timeout=10)
    trusted.wrap_socket(connection, server_hostname="dashscope.aliyuncs.com").close()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [line.split(" ", 1)[1] for line in err.splitlines()] == [
        "dashscope.aliyuncs.com GET /compatible-mode/v1/models - 401 missing-key -",
        "example.com CONNECT - - 403 kept-away -",
    ]
    assert not Path(bundle).exists()
