"""What must hold of a scenario beyond the types of its fields."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

from msgspec import UNSET

from qwensim.catalog import Catalog, Redactor, load
from qwensim.errors import UsageError
from qwensim.fields import FieldError, Steps
from qwensim.scenarios.answers import sources
from qwensim.scenarios.calls import AnyCall, Chat, Http, filled
from qwensim.scenarios.expectations import Expectation
from qwensim.scenarios.parts import Key
from qwensim.scenarios.spec import Client, Scenario
from qwensim.scenarios.staging import at, keys_of, known_key, simulator_of, with_keys

_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_WORD: Final = re.compile(r"(?<=[A-Za-z])sk-")
"""The middle of a word such as `task-failed`, which looks like the beginning of a key."""

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""RFC 9110, section 5.6.2."""

_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})
"""What would be no request if it were not true."""

_OWN_FILES: Final = re.compile(r"HOME|USERPROFILE|OPENCLAW_\w*")
"""Variables that lead out of the environment of a scenario."""

_ARGUMENTS: Final = frozenset({"model_ref", "messages", "thinking", "stream"})
"""What `Chat` has fields for."""


def check_secrets(data: Any) -> None:
    """Raise `FieldError` if a text of a file is a credential, or holds one."""
    redactor = Redactor(load())
    for steps, text in _texts(data, ()):
        plain = _WORD.sub("", text)
        if any(redactor.text(form) != form for form in (plain, unquote_plus(plain))):
            raise FieldError("holds a credential: write {key: NAME} in the place of a key", steps)


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield steps, name
            yield from _texts(item, (*steps, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*steps, index))


def check(scenario: Scenario) -> None:
    """Raise `FieldError` with the place of what does not hold together, in the remedy too."""
    _check_situation(scenario)
    _check_expectations("reproduced", scenario.reproduced, scenario.calls)
    remedy = scenario.remedy
    if remedy is None:
        return
    with at("remedy"):
        remedied = scenario.remedied(remedy)
        _check_situation(remedied)
        _check_expectations("seen", remedy.seen, remedied.calls)


def _check_situation(scenario: Scenario) -> None:
    seen: set[str] = set()
    for number, account in enumerate(scenario.accounts):
        with at("accounts", number, "key"):
            if not _NAME.fullmatch(account.key):
                raise UsageError(f"{account.key!r} is no name: letters, digits and - make one")
            if account.key in seen:
                raise UsageError(f"{account.key!r} stands twice")
            seen.add(account.key)
    catalog = simulator_of(scenario).catalog
    keys = keys_of(scenario)
    with at("client"):
        _check_client(scenario.client, keys)
    for number, call in enumerate(scenario.calls):
        with at("calls", number):
            _check_call(call, catalog, keys)
            _check_sources(call, number)


def _check_client(client: Client, keys: Mapping[str, str]) -> None:
    for field in ("key", "profile"):
        _check_key(field, getattr(client, field), keys)
    for name, value in client.env.items():
        with at("env", name):
            if _OWN_FILES.fullmatch(name):
                raise UsageError("is not for scenarios to set: OpenClaw's files are in `config`")
            if isinstance(value, Key):
                known_key(value.key, keys)
    if not client.has_files:
        return
    with at("base_url"):
        if client.base_url is not None:
            raise UsageError("stands in `config` where there are OpenClaw's files")
    with at("auth_choice"):
        if client.auth_choice is not None and client.key is None:
            raise UsageError("is onboarded where there are OpenClaw's files, which wants a `key`")
    with at("config"):
        with_keys(client.config, keys)
        if client.config and "secrets" in client.config:
            raise UsageError("has `secrets`, which lead to files: write {key: NAME} for a key")


def _check_call(call: AnyCall, catalog: Catalog, keys: Mapping[str, str]) -> None:
    match call:
        case Chat():
            with at("messages"):
                filled(call.messages)
            with at("parameters"):
                filled(call.parameters)
                if own := _ARGUMENTS & call.parameters.keys():
                    raise UsageError(f"has {min(own)!r}, which stands beside it")
        case Http():
            _check_key("key", call.key, keys)
            with at("body"):
                filled(call.body)
            with at("host"):
                if call.host not in catalog.host_names:
                    known = ", ".join(catalog.host_names)
                    raise UsageError(f"no host {call.host!r}; there are: {known}")
            for name, value in call.headers.items():
                with at("headers", name):
                    _check_header(name, value, catalog, keys)
        case _:
            pass


def _check_sources(call: AnyCall, before: int) -> None:
    """Raise `FieldError` if a call takes from the answer to a call that is not before it."""
    for field, number in sources(call):
        with at(field):
            if number > before:
                raise UsageError(f"takes from call {number}, which is not before this one")


def _check_header(
    name: str, value: str | Key | None, catalog: Catalog, keys: Mapping[str, str]
) -> None:
    if not _HEADER.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a header")
    if name.lower() in _FRAMING:
        raise UsageError("follows from the body and cannot be set")
    if isinstance(value, Key):
        known_key(value.key, keys)
    elif value is not None:
        if not (value.isascii() and value.isprintable()):
            raise UsageError(f"{value!r} cannot stand in a header: printable ASCII can")
        if any(name.lower() in row.headers for row in catalog.credentials.values()):
            raise UsageError("is for credentials: write {key: NAME}, or `key` beside `headers`")


def _check_key(field: str, name: str | None, keys: Mapping[str, str]) -> None:
    with at(field):
        if name is not None:
            known_key(name, keys)


def _check_expectations(
    field: str, expectations: Sequence[Expectation], calls: Sequence[AnyCall]
) -> None:
    for number, expectation in enumerate(expectations):
        with at(field, number):
            if expectation.call > len(calls):
                with at("call"):
                    raise UsageError(f"no call {expectation.call}; the last one is {len(calls)}")
            if expectation.reply is not UNSET and isinstance(calls[expectation.call - 1], Http):
                with at("reply"):
                    raise UsageError("is of the provider; what came of http is the `response`")
