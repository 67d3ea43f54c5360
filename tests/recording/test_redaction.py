"""No credential reaches a cassette, wherever it stands and however it is written."""

import base64
import itertools
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.recording import Interaction
from qwensim.recording.interactions import pieces
from qwensim.recording.redaction import Scrubber

URL = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
JSON = (("content-type", "application/json"),)
STREAM = (("content-type", "text/event-stream;charset=utf-8"),)

tails = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
keys = st.builds(
    lambda prefix, tail: prefix + tail,
    st.sampled_from(["sk-", "sk-sp-", "sk-ws-"]),
    tails.filter(lambda tail: 8 <= len(tail) <= 40),
)
words = st.text(st.characters(codec="utf-8", exclude_characters='"\\'), max_size=12)


def scrubbed(
    *,
    uri: str = URL,
    request_headers: tuple[tuple[str, str], ...] = JSON,
    request_body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = JSON,
    body: bytes = b"",
    chunks: tuple[tuple[float, int], ...] = (),
) -> Interaction:
    interaction = Interaction(
        method="POST",
        uri=uri,
        request_headers=request_headers,
        request_body=request_body,
        status=200,
        headers=headers,
        body=body,
        chunks=chunks,
    )
    return Scrubber(load()).interaction(interaction)


def everything(interaction: Interaction) -> str:
    """Return all that would be written, with the texts of JSON and of a stream joined."""
    bodies = [interaction.request_body.decode(), interaction.body.decode()]
    joined = "".join(_texts(bodies[1]))
    return "\n".join(
        [
            interaction.uri,
            *(f"{name}: {value}" for name, value in interaction.request_headers),
            *(f"{name}: {value}" for name, value in interaction.headers),
            *bodies,
            joined,
        ]
    )


def _texts(body: str) -> list[str]:
    events = [
        line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: {")
    ]
    return [
        choice["delta"].get("content", "")
        for event in events
        for choice in json.loads(event)["choices"]
    ]


def escaped(key: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in key)


def percent(key: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in key)


def in_base64(key: str) -> str:
    return base64.b64encode(f"user:{key}".encode()).decode()


def in_base64_for_urls(key: str) -> str:
    return base64.urlsafe_b64encode(f'{{"k":"{key}??>>"}}'.encode()).decode().rstrip("=")


def in_json(key: str) -> str:
    return json.dumps({"arguments": json.dumps({"key": key})})[1:-1].replace('"', '\\"')


FORMS = [str, escaped, percent, in_base64, in_base64_for_urls, in_json]


@pytest.mark.parametrize("form", FORMS)
@given(key=keys, before=words, after=words)
def test_a_key_in_a_body_is_found_in_every_form(
    form: Any, key: str, before: str, after: str
) -> None:
    content = f'{{"text": "{before} {form(key)} {after}"}}'.encode()
    clean = scrubbed(request_body=content, body=content)
    for body in (clean.request_body, clean.body):
        assert key not in body.decode()
        assert form(key) not in body.decode()
        assert b"[redacted]" in body


@pytest.mark.parametrize("form", [str, escaped, percent, in_base64])
@given(key=keys)
def test_a_key_in_a_header_a_url_or_broken_json_is_found(form: Any, key: str) -> None:
    written = form(key)
    clean = scrubbed(
        uri=f"https://user:{written}@example.com/a/{written}/b?q={written}#{written}",
        request_headers=(("user-agent", f"a {written} b"), ("x-api-key", "whatever")),
        request_body=f'{{"text": "{written}'.encode(),
        headers=(("x-note", f"a {written} b"), ("Set-Cookie", "acw_tc=1; path=/")),
        body=f"plain {written} text".encode(),
    )
    assert key not in everything(clean)
    assert written not in everything(clean)
    assert "acw_tc" not in everything(clean)
    assert "whatever" not in everything(clean)


@given(
    key=keys,
    cuts=st.lists(st.integers(1, 11), max_size=4),
    choice=st.integers(0, 2),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=6),
)
def test_a_key_cut_over_the_events_of_a_stream_is_found(
    key: str, cuts: list[int], choice: int, sizes: list[int]
) -> None:
    said = f"Your key is {key} ok?"
    bounds = [0, *sorted({12 + cut for cut in cuts}), len(said)]
    parts = [said[start:end] for start, end in itertools.pairwise(bounds)]
    frames = [
        "data: " + json.dumps({"choices": [{"delta": {"content": text}, "index": index}]}) + "\n\n"
        for part in parts
        for text, index in ((part, choice), ("other", choice + 1))
    ]
    body = "".join([*frames, "data: [DONE]\n\n"]).encode()
    ends = [
        end for end in (sum(sizes[: count + 1]) for count in range(len(sizes))) if end < len(body)
    ]
    lengths = [end - start for start, end in zip([0, *ends], [*ends, len(body)], strict=True)]
    clean = scrubbed(headers=STREAM, body=body, chunks=tuple((0.5, length) for length in lengths))
    texts = _texts(clean.body.decode())
    assert "".join(texts[::2]) == "Your key is [redacted] ok?"
    assert set(texts[1::2]) == {"other"}
    assert len(texts) == len(frames)
    assert key not in everything(clean)
    assert b"".join(pieces(clean)) == clean.body
    assert [moment for moment, _ in clean.chunks] == [0.5] * len(lengths)


def test_arguments_of_a_call_that_came_in_pieces_are_looked_into() -> None:
    arguments = '{"to": "a", "api_key": "plainly-secret"}'
    frames = [
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}}]}
        for part in (arguments[:20], arguments[20:32], arguments[32:])
    ]
    body = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames).encode()
    clean = scrubbed(headers=STREAM, body=body).body.decode()
    assert "plainly" not in clean
    assert "secret" not in clean


def test_a_stream_with_windows_line_ends_is_looked_into() -> None:
    body = b'id: 1\r\ndata: {"a":"sk-0123456789"}\r\n\r\nid: sk-0123456789\r\n\r\n'
    clean = scrubbed(headers=STREAM, body=body).body
    assert clean == b'id: 1\r\ndata: {"a":"[redacted]"}\r\n\r\nid: [redacted]\r\n\r\n'


@given(secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=20))
def test_what_a_request_presents_is_a_secret_in_any_form(secret: str) -> None:
    echo = json.dumps({"message": f"Incorrect key: {secret}."}).encode()
    clean = scrubbed(request_headers=(("authorization", f"Bearer {secret}"),), body=echo)
    said = json.loads(clean.body)["message"] if clean.body != echo else echo.decode()
    assert secret not in said.replace("[redacted]", "\0").removeprefix("Incorrect key: ")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("api_key", "x"),
        ("access_token", "plain words"),
        ("caller_uid", "1234567890"),
        ("security-token", "CAIS"),
    ],
)
def test_what_stands_in_the_place_of_a_credential_is_one(place: str, value: str) -> None:
    clean = scrubbed(
        uri=f"{URL}?{place}={quote(value)}&page=2",
        request_body=f"page=2&{place}={quote(value)}".encode(),
        body=json.dumps({"data": [{place: value, "model": "m"}]}).encode(),
    )
    assert clean.uri == f"{URL}?{place}=[redacted]&page=2"
    assert clean.request_body == f"page=2&{place}=[redacted]".encode()
    assert json.loads(clean.body) == {"data": [{place: "[redacted]", "model": "m"}]}


def test_signed_urls_lose_their_signature_and_keep_their_expiry() -> None:
    url = "https://a.oss-cn-beijing.aliyuncs.com/1d/x.mp4?Expires=1767876248&OSSAccessKeyId=LTAI5tAbCdEf0123&Signature=a%2Bb%3D"
    clean = json.loads(scrubbed(body=json.dumps({"video_url": url}).encode()).body)["video_url"]
    assert clean == (
        "https://a.oss-cn-beijing.aliyuncs.com/1d/x.mp4"
        "?Expires=1767876248&OSSAccessKeyId=[redacted]&Signature=[redacted]"
    )


def test_an_empty_signature_beside_thinking_is_left_as_it_is() -> None:
    block = b'{"type":"thinking","signature":"","thinking":"Hm"}'
    event = b'event:content_block_start\ndata:{"type":"content_block_start","content_block":%b}\n\n'
    assert scrubbed(request_body=block, body=block).request_body == block
    assert scrubbed(body=block).body == block
    assert scrubbed(headers=STREAM, body=event % block).body == event % block


def test_account_ids_and_cookies_go_and_request_ids_stay() -> None:
    clean = scrubbed(
        request_headers=(("x-dashscope-workspace", "ws-123456"), ("cookie", "a=b")),
        headers=(("x-request-id", "79db74e3-beb0-96c9-b70a-0ff0f9b51819"), ("set-cookie", "a=b")),
        body=b"workspace ws-123456",
    )
    assert clean.request_headers == (("x-dashscope-workspace", "[redacted]"),)
    assert clean.headers == (
        ("x-request-id", "79db74e3-beb0-96c9-b70a-0ff0f9b51819"),
        ("set-cookie", "[redacted]"),
    )
    assert clean.body == b"workspace [redacted]"


@given(st.one_of(st.binary(max_size=80), words.map(str.encode)))
def test_a_key_is_found_among_any_bytes(noise: bytes) -> None:
    clean = scrubbed(body=noise + b" sk-0123456789 " + noise).body
    assert b"sk-0123456789" not in clean


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"b":1,  "a":[1.50,"\\u00e9",null]}',
        b"[" * 5000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b"data: " + b'{"a":' * 900 + b"1" + b"}" * 900 + b"\n\n",
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"\x00\xff\xfe",
        b'{"n": 123456789012345678901234567890, "s": "\\ud800"}',
        "data: 你好&signature".encode(),
        base64.b64encode(bytes(range(256))),
    ],
)
@pytest.mark.parametrize("headers", [JSON, STREAM])
def test_what_holds_no_credential_keeps_its_bytes(
    body: bytes, headers: tuple[tuple[str, str], ...]
) -> None:
    assert scrubbed(headers=headers, body=body).body == body
    assert scrubbed(request_body=body).request_body == body


def test_json_that_other_programs_write_is_scrubbed_too() -> None:
    body = b'{"n": 123456789012345678901234567890, "s": "\\ud800", "k": "sk-0123456789"}'
    clean = scrubbed(body=body).body
    assert b'012345"' not in clean
    assert b"123456789012345678901234567890" in clean


@pytest.mark.parametrize("depth", [90, 110, 900, 90_000])
@pytest.mark.parametrize("headers", [JSON, STREAM])
def test_a_key_is_found_however_deep_it_lies(
    depth: int, headers: tuple[tuple[str, str], ...]
) -> None:
    body = b"data: " + b'{"a":' * depth + b'"sk-0123456789"' + b"}" * depth + b"\n\n"
    assert b"sk-0123456789" not in scrubbed(headers=headers, body=body).body


def test_a_url_that_is_none_is_scrubbed_as_text() -> None:
    assert scrubbed(uri="https://[a/?api_key=sk-0123456789").uri == "https://[a/?api_key=[redacted]"


@given(key=keys, form=st.sampled_from(FORMS))
def test_scrubbing_twice_changes_nothing_more(key: str, form: Any) -> None:
    once = scrubbed(
        uri=f"{URL}?api_key={key}&q={quote(key)}",
        request_headers=(("authorization", f"Bearer {key}"), *JSON),
        request_body=f'{{"a": "{form(key)}"}}'.encode(),
        body=f'{{"a": "{form(key)}"}}'.encode(),
    )
    assert Scrubber(load()).interaction(once) == once
