"""No key ever leaves: whatever place it is put in, no journal entry, repr or error shows it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import Redactor, load
from qwensim.simulator import Simulator

Send = Callable[..., Any]

KEY_LETTERS = "ABCXYZabcxyz0189-_"
KEYS = st.builds(
    lambda prefix, rest: prefix + rest,
    st.sampled_from(["sk-", "sk-sp-", "sk-ws-"]),
    st.text(KEY_LETTERS, min_size=8, max_size=24),
)
OPAQUE = st.text("QWJKV23456789.~", min_size=12, max_size=24)

# Where a secret may stand: each makes the fields of a request of one.
PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "a header": lambda secret: {"headers": (("x-note", f"my key is {secret}!"),)},
    "a header, encoded": lambda secret: {"headers": (("referer", f"https://h/?q={_hex(secret)}"),)},
    "a header's name": lambda secret: {"headers": ((secret.lower(), "x"), (secret, "x"))},
    "the path": lambda secret: {"path": f"/compatible-mode/v1/{secret}/x"},
    "the path, encoded": lambda secret: {"path": f"/compatible-mode/v1/{_hex(secret)}"},
    "the host": lambda secret: {"host": f"{secret}.{secret.lower()}.example.com"},
    "the query": lambda secret: {"query": f"a=1&b={secret}&c"},
    "the query, encoded": lambda secret: {"query": f"a=1&b={_hex(secret)}&c"},
    "the query's name": lambda secret: {"query": secret},
    "the model": lambda secret: {"model": secret},
    "a message": lambda secret: {"messages": [{"role": "user", "content": f"key: {secret}."}]},
    "a role": lambda secret: {"messages": [{"role": secret, "content": "hi"}]},
    "a value": lambda secret: {"user": secret},
    "a deep value": lambda secret: {"metadata": [{"x": [secret]}]},
    "a name": lambda secret: {secret: 1},
    "a deep name": lambda secret: {"metadata": {"x": {f"a {secret}": 1}}},
    "a tool choice": lambda secret: {"tool_choice": {"function": {"name": secret}}},
    "a URL": lambda secret: {"user": f"https://h/x?a=1&API_KEY={secret}&b=2"},
    "a body that is no object": lambda secret: {"raw": json.dumps([secret]).encode()},
    "broken JSON": lambda secret: {"raw": f'{{"model": "{secret}"'.encode()},
    "escaped JSON": lambda secret: {"raw": f'{{"model": "{_escaped(secret)}"}}'.encode()},
    "escaped broken JSON": lambda secret: {"raw": f'{{"{_escaped(secret)}": 1'.encode()},
    "a form": lambda secret: {"raw": f"a=1&api_key={quote(secret)}".encode()},
    "an encoded form": lambda secret: {"raw": f"a=1&b={_hex(secret)}".encode()},
    "deep JSON": lambda secret: {
        "raw": b'{"' + _escaped(secret).encode() + b'":' + b"[" * 900 + b"]" * 900 + b"}"
    },
}


def _hex(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" for letter in text)


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def shown(simulator: Simulator) -> str:
    entries = list(simulator.journal)
    return f"{entries!r}{msgspec.json.encode(entries).decode()}".lower()


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=12, deadline=None)
@given(key=KEYS, authorized=st.booleans())
def test_a_key_is_known_by_its_look(send: Send, place: str, key: str, authorized: bool) -> None:
    simulator = Simulator()
    fields = PLACES[place](key)
    send(simulator, **({} if authorized else {"key": None}), **fields)
    assert key.lower() not in shown(simulator)
    assert _hex(key).lower() not in shown(simulator)
    assert _escaped(key).lower() not in shown(simulator).replace("\\\\", "\\")


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "api-key", "x-dashscope-apikey"])
@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=4, deadline=None)
@given(secret=OPAQUE)
def test_what_a_client_presents_is_secret_whatever_it_looks_like(
    send: Send, place: str, header: str, secret: str
) -> None:
    simulator = Simulator()
    fields = PLACES[place](secret)
    scheme = "Bearer " if header == "authorization" else ""
    headers = ((header, f"{scheme}{secret}"), *fields.pop("headers", ()))
    send(simulator, key=None, headers=headers, **fields)
    assert secret.lower() not in shown(simulator)


@pytest.mark.parametrize("name", ["api_key", "API-KEY", "access_token", "Signature", "%61pi_key"])
def test_a_parameter_that_carries_a_credential_is_blanked(send: Send, name: str) -> None:
    simulator = Simulator()
    send(simulator, query=f"a=1&{name}=opaque.secret&b=2", user="it is opaque.secret")
    entry = simulator.journal[-1]
    assert "opaque" not in shown(simulator)
    assert entry.query == f"a=1&{name}=[redacted]&b=2"


@pytest.mark.parametrize("name", ["api_key", "API_KEY", "access_token", "signature"])
def test_a_field_that_carries_a_credential_is_blanked(send: Send, name: str) -> None:
    simulator = Simulator()
    send(simulator, extra={name: "opaque", "api": "plain", "other": {name: [1]}})
    assert simulator.journal[-1].body["extra"] == {
        name: "[redacted]",
        "api": "plain",
        "other": {name: [1]},
    }


def test_cookies_are_blanked(send: Send) -> None:
    simulator = Simulator()
    send(simulator, headers=(("cookie", "acw_tc=opaque"), ("x-plain", "kept")))
    headers = dict(simulator.journal[-1].headers)
    assert headers["cookie"] == "[redacted]"
    assert headers["x-plain"] == "kept"


def test_a_refusal_s_words_are_kept_without_the_key(send: Send) -> None:
    simulator = Simulator()
    send(simulator, model="sk-0123456789")
    entry = simulator.journal[-1]
    assert entry.model == "[redacted]"
    assert entry.message == (
        "The model `[redacted]` does not exist or you do not have access to it."
    )


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_what_is_no_secret_stays_as_it_is(text: str, query: str) -> None:
    redactor = Redactor(load())
    if not any(mark in text.lower() for mark in ("sk-", "bearer", "ltai", "=")):
        assert redactor.text(text) == text
        assert redactor.value({"a": [text]}) == {"a": [text]}
    plain = quote(query)
    if "sk-" not in query.lower() and "bearer" not in query.lower():
        assert redactor.url(plain) == plain


def test_the_longest_secret_goes_first() -> None:
    redactor = Redactor(load())
    assert redactor.text("x abcdefgh y", secrets=("abcd", "abcdefgh")) == "x [redacted] y"


def test_a_secret_too_short_to_be_one_is_left() -> None:
    redactor = Redactor(load())
    assert redactor.text("a cat", secrets=("a", "cat")) == "a cat"
    assert redactor.text("a cats", secrets=("cats",)) == "a [redacted]"


def test_a_half_encoded_key_is_taken_out_whole() -> None:
    redactor = Redactor(load())
    assert redactor.url("/x/sk-abcd%45fgh/y") == "/x/[redacted]/y"
    assert redactor.url("/x y/sk-abcdefgh") == "/x y/[redacted]"
    assert redactor.url("/x%20y/plain") == "/x%20y/plain"


def test_presented_credentials() -> None:
    presented = Redactor(load()).presented(
        (("Authorization", " Bearer abc "), ("x-api-key", "def"), ("accept", "x"), ("api-key", "")),
        "a=1&API_KEY=g%20h",
    )
    assert set(presented) >= {"abc", "def", "g h"}
    assert "x" not in presented
