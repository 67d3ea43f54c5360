"""What `qwensim run` tells when the command has ended."""

import json
import re
import shutil
from typing import Any

import msgspec
import pytest

from qwensim.catalog import load
from qwensim.cli.run_summary import Tally
from qwensim.simulator import Entry


def words(text: str) -> str:
    return " ".join(text.split())


def test_in_the_end_it_tells_what_was_asked(run: Any) -> None:
    result = run(
        "for _ in range(3): ask()\n"
        "ask('qwen-nope'); ask(key='sk-sp-0123456789')\n"
        "ask(host='coding-intl.dashscope.aliyuncs.com', key='sk-sp-0123456789')\n"
        "leave(); leave()\n"
    )
    assert (result.code, result.out) == (0, "")
    told = words(result.err)
    assert re.match(r"qwensim: requests 6, tokens \d+ in and \d+ out ", told)
    standard = "dashscope-intl.aliyuncs.com"
    assert re.search(rf"{standard} qwen-plus 200 3 \d+ \+ \d+ ", told)
    assert f"{standard} qwen-nope 404 unknown-model 1 - " in told
    assert f"{standard} qwen-plus 401 wrong-key 1 - " in told
    assert f"refused: qwen-nope on {standard}: The model `qwen-nope` does not exist" in told
    assert "a Coding Plan key" in told
    assert "refused: qwen-plus on coding-intl.dashscope.aliyuncs.com: " in told
    assert "(auth choice qwen-standard-api-key, with a Standard key)" in told
    assert told.endswith("kept from: api.example.com (requests: 2)")


def test_a_command_that_asks_nothing_is_told_so(run: Any) -> None:
    result = run("print('done', file=sys.stderr)")
    assert result.err == "done\n\nqwensim: requests 0, tokens 0 in and 0 out\n\n"


def test_a_client_that_trusts_nobody_is_explained(run: Any) -> None:
    result = run(
        "del os.environ['SSL_CERT_FILE']; os.environ['SSL_CERT_DIR'] = ''\n"
        "try: ask()\nexcept OSError: pass"
    )
    assert result.code == 0
    assert re.search(r"no TLS: dashscope-intl\S+ \(\w+UNKNOWN_CA\): a client that", result.err)


def test_a_refusal_of_the_storage_is_told_too(run: Any) -> None:
    result = run(
        "host = 'dashscope-result-bj.oss-cn-beijing.aliyuncs.com'\n"
        "try: urllib.request.urlopen(f'https://{host}/a.mp4')\nexcept OSError: pass"
    )
    assert re.search(r"refused: a request on dashscope-result-bj\S+ .+ \(\d{3} .+\)", result.err)


# ---- the client


def test_what_the_client_should_do_otherwise_is_told_in_a_line(run: Any) -> None:
    result = run("ask(stream=True)")
    *_, told = result.err.strip().splitlines()
    assert told.startswith("never-asked-for-usage: no stream had stream_options.include_usage (req")
    assert told.endswith("Send stream_options: {include_usage: true} with each stream.")


def test_of_many_breaches_the_first_is_told(run: Any) -> None:
    result = run("for name in 'abc':\n for _ in range(8): ask(key='sk-sp-0123456789', user=name)")
    (told,) = re.findall(r"^retried-final-error: .+$", result.err, re.MULTILINE)
    assert " (requests 1, 2, and 20 times more). " in told


def test_of_a_client_that_does_well_nothing_is_told(run: Any) -> None:
    result = run("ask(stream=True, stream_options={'include_usage': True})")
    *_, told = result.err.strip().splitlines()
    assert told.startswith("dashscope-intl.aliyuncs.com  qwen-plus  200  ")


@pytest.mark.parametrize("program", ["ask(stream=True)", "leave()"])
def test_quiet_tells_nothing(run: Any, program: str) -> None:
    result = run(program, "--quiet")
    assert (result.code, result.err) == (0, "")


def test_what_strict_finds_is_told_by_a_quiet_one_too(run: Any) -> None:
    result = run("leave()", "--quiet", "--strict")
    assert result.code == 1
    assert "kept from: api.example.com" in result.err


# ---- hosts and tunnels


def test_of_many_hosts_ten_are_told(run: Any) -> None:
    result = run(
        "for number in range(14):\n"
        " for _ in range(1 + (number == 13)):\n"
        "  try: urllib.request.urlopen(f'https://n{number}.example.com/')\n"
        "  except urllib.error.URLError: pass\n"
    )
    told = re.findall(r"^kept from: (.+)$", result.err, re.MULTILINE)
    assert len(told) == 11
    assert told[0] == "n13.example.com (requests: 2)"
    assert told[-1] == "4 hosts more (requests: 4)"


LEAVE = """
import socket
proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])
with socket.create_connection((proxy.hostname, proxy.port)) as tunnel:
    tunnel.sendall(b'CONNECT dashscope.aliyuncs.com:443 HTTP/1.1\\r\\n\\r\\n')
    tunnel.recv(1000)
"""


def test_a_client_that_leaves_a_tunnel_without_a_word_is_told_of_and_not_blamed(run: Any) -> None:
    result = run(LEAVE + "ask()", "--strict")
    assert result.code == 0
    (told,) = re.findall(r"^no request: (.+)$", result.err, re.MULTILINE)
    assert told.startswith("dashscope.aliyuncs.com (tunnels: 1): the client left before it asked ")


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not there")
def test_wget_which_trusts_no_authority_of_the_environment_is_told_of(qwensim: Any) -> None:
    result = qwensim("run", "--", "wget", "-q", "-t1", "-O-", "https://dashscope.aliyuncs.com/")
    assert result.code != 0
    assert re.search("^no (request|TLS): dashscope", result.err, re.MULTILINE)


# ---- the tally


def test_entries_beyond_what_the_journal_keeps_are_counted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    entry = json.loads(
        '{"number":1,"at":0,"method":"GET","host":"dashscope.aliyuncs.com","path":"/","query":"",'
        '"headers":[],"body":null,"status":0,"error":null,"message":null,"request_id":"r",'
        '"model":null,"stream":false,"usage":null,"scripted":false,"fault":"timeout"}'
    )
    tally = Tally(load())
    for _ in range(2000):
        tally(msgspec.convert(entry, Entry))
    assert tally.blameless
    tally.show()
    assert "dashscope.aliyuncs.com - timeout 2,000 -" in words(capfd.readouterr().err)
