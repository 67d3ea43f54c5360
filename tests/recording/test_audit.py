"""An audit finds what redaction would take out, and tells where without telling what."""

import base64
import gzip
import json
from pathlib import Path

import pytest
import yaml

from qwensim.catalog import load
from qwensim.cli import main
from qwensim.errors import UsageError
from qwensim.recording import Finding, audit

KEY = "sk-0123456789abcdef"
UNREADABLE = Path("/proc/self/mem")
CASSETTES = Path(__file__).parents[2] / "cassettes"


def cassette(
    *,
    uri: str = "https://example.com/",
    request_headers: dict[str, list[str]] | None = None,
    request_body: str = "",
    headers: dict[str, list[str]] | None = None,
    body: str | bytes = "",
) -> str:
    """Return a cassette as any program with vcrpy might leave it."""
    request = {
        "method": "POST",
        "uri": uri,
        "headers": request_headers or {},
        "body": request_body,
    }
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": headers or {},
        "body": {"string": body},
    }
    return yaml.safe_dump(
        {"interactions": [{"request": request, "response": response}], "version": 1}
    )


def stream(*parts: str) -> str:
    return "".join(
        "data: " + json.dumps({"choices": [{"delta": {"content": part}}]}) + "\n\n"
        for part in parts
    )


SSE = {"Content-Type": ["text/event-stream"]}
GZIP = {"Content-Encoding": ["gzip"]}

PLANTED = {
    "authorization": (
        cassette(request_headers={"Authorization": ["Bearer my-own-form"]}),
        "request header authorization",
        "api-key",
    ),
    "header-left-out-by-us": (
        cassette(request_headers={"X-Gateway": [KEY]}),
        "request header x-gateway",
        "api-key",
    ),
    "cookie": (
        cassette(headers={"Set-Cookie": ["acw_tc=123"]}),
        "response header set-cookie",
        "cookie",
    ),
    "query": (cassette(uri="https://a/?api_key=abc"), "request URL", "api-key"),
    "query-percent": (
        cassette(uri="https://a/?q=%73%6B-0123456789abcdef"),
        "request URL",
        "hidden",
    ),
    "password": (cassette(uri="https://me:abc@a/"), "request URL", "hidden"),
    "body": (cassette(request_body=json.dumps({"say": KEY})), "request body", "api-key"),
    "body-parameter": (
        cassette(body=json.dumps({"caller_uid": "123"})),
        "response body",
        "account",
    ),
    "body-number": (
        cassette(body=json.dumps({"caller_uid": 123})),
        "response body",
        "account",
    ),
    "body-compressed": (
        cassette(headers=GZIP, body=gzip.compress(KEY.encode())),
        "response body",
        "api-key",
    ),
    "body-of-an-unknown-encoding": (
        cassette(headers={"Content-Encoding": ["br"]}, body=b"\x81\x82"),
        "response body",
        "unreadable",
    ),
    "body-escaped": (
        cassette(body='{"a": "\\u0073\\u006b-0123456789"}'),
        "response body",
        "hidden",
    ),
    "body-base64": (
        cassette(body=base64.b64encode(f"user:{KEY}".encode()).decode()),
        "response body",
        "hidden",
    ),
    "signed-url": (
        cassette(body='{"url": "https://a/x.mp4?Expires=1&Signature=abc%3D"}'),
        "response body",
        "signature",
    ),
    "split": (
        cassette(headers=SSE, body=stream("a sk-01", "2345", "6789 b")),
        "response body",
        "hidden",
    ),
    "split-without-a-type": (
        cassette(body=stream("a sk-01", "2345", "6789 b")),
        "response body",
        "hidden",
    ),
    "split-early": (
        cassette(headers=SSE, body=stream("s", "k-", "0123456789")),
        "response body",
        "hidden",
    ),
    "echo": (
        cassette(request_headers={"Authorization": ["my-own-form"]}, body="You sent my-own-form"),
        "response body",
        "hidden",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_credential_is_found_in_its_place(tmp_path: Path, name: str) -> None:
    text, place, kind = PLANTED[name]
    file = tmp_path / "deep" / "case.yaml"
    file.parent.mkdir()
    file.write_text(text)
    report = audit(tmp_path, load())
    assert report.files == 1
    assert Finding(file=str(file), place=f"interaction 1: {place}", kind=kind) in report.findings


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("case.yaml", f"# mine: {KEY}\ninteractions: []\n", "line 1"),
        ("case.yaml", f"interactions: []\nmetadata: {{a: {KEY}}}\n", "line 2"),
        ("note.txt", f"one\ntwo\n{KEY}\n", "line 3"),
        ("raw.json", '{"a": "https://a/?x=1&access_token=abc"}', "line 1"),
    ],
)
def test_comments_metadata_and_other_files_are_looked_at_line_by_line(
    tmp_path: Path, name: str, text: str, place: str
) -> None:
    (tmp_path / name).write_text(text)
    (finding,) = audit(tmp_path, load()).findings
    assert (finding.place, finding.kind) == (place, "api-key")


@pytest.mark.parametrize(
    "blank",
    ["[redacted]", "REDACTED", "<REDACTED>", "**redacted**", "Bearer REDACTED", "[Redacted]"],
)
def test_what_another_tool_has_taken_out_is_no_credential(tmp_path: Path, blank: str) -> None:
    text = cassette(
        uri=f"https://a/?Expires=1&Signature={blank.removeprefix('Bearer ')}",
        request_headers={"authorization": [blank]},
        request_body=json.dumps({"api_key": blank}),
        body=f"see https://a/?Signature={blank.removeprefix('Bearer ')} there",
    )
    (tmp_path / "case.yaml").write_text(text)
    assert audit(tmp_path / "case.yaml", load()).findings == ()


def test_what_cannot_be_judged_is_not_passed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"interactions: [\n# {KEY}")
    (tmp_path / "b.yml").write_text("interactions: 5")
    assert [(finding.place, finding.kind) for finding in audit(tmp_path, load()).findings] == [
        ("line 3", "unreadable"),
        ("line 2", "api-key"),
        ("is no cassette: it has no list of `interactions`", "unreadable"),
    ]


@pytest.mark.skipif(not UNREADABLE.exists(), reason="no file that nobody may read")
def test_a_file_that_cannot_be_read_is_not_passed() -> None:
    report = audit(UNREADABLE, load())
    assert [finding.kind for finding in report.findings] == ["unreadable"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file or folder .*missing"):
        audit(tmp_path / "missing", load())


def test_our_own_cassettes_are_clean() -> None:
    report = audit(CASSETTES, load())
    assert report.findings == ()
    assert report.files >= 30


def test_the_command_tells_file_place_and_kind_and_never_the_credential(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (text, _, _) in PLANTED.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(SystemExit) as exit_:
        main(["cassettes", "audit", str(tmp_path)])
    out, err = capsys.readouterr()
    assert exit_.value.code == 1
    assert f"{tmp_path}/cookie.yaml: interaction 1: response header set-cookie: cookie\n" in out
    assert f"{len(PLANTED)} files: {len(out.splitlines())} places to look at" in err
    for secret in (KEY, "my-own-form", "acw_tc=", "012345", "abc"):
        assert secret not in out.replace(str(tmp_path), "") + err


def test_the_command_passes_a_clean_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "case.yaml").write_text(cassette(body="Take the desk."))
    with pytest.raises(SystemExit) as exit_:
        main(["cassettes", "audit", str(tmp_path)])
    assert exit_.value.code == 0
    assert capsys.readouterr() == ("", "1 file: no credentials\n")
