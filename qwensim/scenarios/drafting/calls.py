"""Calls that make the requests on record again, with keys that work as theirs did."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import Plan
from qwensim.recording.interactions import STREAM
from qwensim.scenarios.calls import filled
from qwensim.scenarios.drafting.record import Record
from qwensim.scenarios.drafting.refusals import Refusal

Fields: TypeAlias = dict[str, Any]
"""The fields of a part of a scenario."""

_HEADERS: Final = re.compile(r"content-type|anthropic-.*|x-dashscope-.*")
"""Those that the service looks at, beside `user-agent` and what carries keys; of `accept` it is the
wish for a stream."""

_KEYS: Final = ("x-api-key", "api-key")
"""Headers that carry a key as it is."""

_METHODS: Final = frozenset({"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"})
_YEAR: Final = 366 * 86_400.0

_ACCOUNTS: Final[Mapping[str, tuple[str, Fields]]] = {
    "wrong-key": ("refused", {"state": "revoked"}),
    "plan-wrong-key": ("refused", {"state": "revoked"}),
    "overdue": ("overdue", {"state": "overdue"}),
    "free-tier-used-up": ("free-tier-used-up", {"state": "free-tier-used-up"}),
    "plan-quota": ("{scope}-spent", {"spent": "{scope}"}),
}
"""For an error that an account is to blame for its name and its fields."""


class Keys:
    """Names the keys of requests: what became of them tells in what state their accounts are."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._accounts: dict[str, Fields] = {}

    def name(self, record: Record, refusal: Refusal | None) -> str | None:
        """Return the name of the key of a request, None if it has none."""
        headers = {name for name, _ in record.exchange.headers}
        if not headers & {"authorization", *_KEYS}:
            return None
        host = self._catalog.hosts.get(record.exchange.host)
        plan: Plan = host.plan if host is not None else "standard"
        fields: Fields = {"plan": plan}
        name: str = plan
        if refusal is not None and refusal.error in _ACCOUNTS:
            name, given = _ACCOUNTS[refusal.error]
            name = name.format(**refusal.values)
            fields |= {key: value.format(**refusal.values) for key, value in given.items()}
        if self._accounts.get(name, fields) != fields:
            name = f"{name}-{plan}"
        self._accounts[name] = fields
        return name

    @property
    def accounts(self) -> list[Fields]:
        """The accounts, if there must be any: else any key works that looks like one."""
        if all(name == fields["plan"] for name, fields in self._accounts.items()):
            return []
        return [{"key": name, **fields} for name, fields in self._accounts.items()]


def may_be_made(record: Record, catalog: Catalog) -> bool:
    """Return whether a scenario can make a request: to the service, by a method that it knows."""
    exchange = record.exchange
    return exchange.host in catalog.host_names and exchange.method in _METHODS


def http(record: Record, catalog: Catalog, *, key: str | None) -> Fields:
    """Return the fields of a call that makes a request again."""
    secret = {name for row in catalog.credentials.values() for name in row.headers}
    exchange, body = record.exchange, record.body
    sent = dict(reversed(exchange.headers))
    headers: dict[str, Any] = {
        name: value
        for name, value in sent.items()
        if (_HEADERS.fullmatch(name) or (name, value) == ("accept", STREAM))
        and name not in secret
        and value.isascii()
        and value.isprintable()
    }
    if headers.get("content-type") == "application/json":
        del headers["content-type"]
    if not sent.get("user-agent", "").strip():
        headers["user-agent"] = None
    fields: Fields = {"do": "http", "host": exchange.host, "path": exchange.path}
    if exchange.method != "POST":
        fields["method"] = exchange.method
    if key is not None and "authorization" in sent:
        fields["key"] = key
    elif key is not None:
        headers |= {name: {"key": key} for name in _KEYS if name in sent}
    if headers:
        fields["headers"] = headers
    if body is not None:
        fields["body"] = body if isinstance(body, dict) and filled(body) == body else _text(record)
    return fields


def _text(record: Record) -> str:
    if isinstance(record.body, str):
        return record.body
    return (record.exchange.content or msgspec.json.encode(record.body)).decode("utf-8", "replace")


def waits(records: Sequence[Record]) -> list[float]:
    """Return the seconds before each request, to the tenth; 0 where the times are not on record."""
    moments = [record.at for record in records]
    return [
        0.0 if before is None or at is None else min(max(round(at - before, 1), 0.0), _YEAR)
        for before, at in zip([None, *moments], moments, strict=False)
    ]
