"""What a command asked of the service, told when it has ended."""

from collections import Counter
from typing import Final, NamedTuple

import typer

from qwensim.catalog import Catalog
from qwensim.cli.consoles import new_table, show_line, show_table
from qwensim.simulator import Entry
from qwensim.simulator.journal import KEPT_AWAY, LEFT, TLS_FAILED

_SHOWN: Final = 10
"""Hosts of a list that are told."""


_NO_TRUST: Final = (
    "a client that does not trust the certificate takes its authorities from none of the variables "
    "that are set"
)


class _Kind(NamedTuple):
    """What requests have in common that are counted together."""

    host: str
    model: str
    outcome: str


class Tally:
    """Counts the entries of a journal, of which that itself keeps only the last."""

    def __init__(self, catalog: Catalog) -> None:
        self.key = ""
        """The key of the request that is being answered: advice tells what kind of key it is."""
        self._catalog = catalog
        self._requests: Counter[_Kind] = Counter()
        self._tokens: dict[_Kind, Counter[str]] = {}
        self._refusals: dict[tuple[str, str | None, str], tuple[Entry, str]] = {}
        self._kept_away: Counter[str] = Counter()
        self._untrusting: dict[str, str] = {}
        self._left: Counter[str] = Counter()

    def __call__(self, entry: Entry) -> None:
        """Count an entry."""
        if entry.error == KEPT_AWAY:
            self._kept_away[entry.host] += 1
        elif entry.error == TLS_FAILED:
            self._untrusting[entry.host] = entry.message or ""
        elif entry.error == LEFT:
            self._left[entry.host] += 1
        else:
            kind = _Kind(entry.host, entry.model or "-", _outcome(entry))
            self._requests[kind] += 1
            self._tokens.setdefault(kind, Counter()).update(entry.usage or {})
            if entry.error is not None and entry.fault is None:
                self._refusals[entry.host, entry.model, entry.error] = entry, self.key

    @property
    def blameless(self) -> bool:
        """Whether nothing was refused but by the faults that were asked for, and nobody left."""
        return not (self._refusals or self._kept_away or self._untrusting)

    def show(self) -> None:
        """Print all to stderr."""
        total = sum((self._tokens.values()), Counter[str]())
        typer.echo(
            f"\nqwensim: requests {self._requests.total():,}, "
            f"tokens {total['prompt']:,} in and {total['completion']:,} out\n",
            err=True,
        )
        if self._requests:
            table = new_table("", "Host", "Model", "Outcome", "Requests", "Tokens")
            for kind, count in self._requests.items():
                prompt, completion = (self._tokens[kind][of] for of in ("prompt", "completion"))
                told = f"{prompt:,} + {completion:,}" if prompt or completion else "-"
                table.add_row(*kind, f"{count:,}", told)
            show_table(table, stderr=True)
        for entry, key in self._refusals.values():
            asked = f"{entry.model or 'a request'} on {entry.host}"
            show_line("refused", f"{asked}: {self._advice(entry, key)}", style="bold red")
        for host, count in self._kept_away.most_common(_SHOWN):
            show_line("kept from", f"{host} (requests: {count:,})", style="bold red")
        if (more := len(self._kept_away) - _SHOWN) > 0:
            shown = sum(count for _, count in self._kept_away.most_common(_SHOWN))
            rest = self._kept_away.total() - shown
            show_line("kept from", f"{more:,} hosts more (requests: {rest:,})", style="bold red")
        for host, reason in self._untrusting.items():
            show_line("no TLS", f"{host} ({reason}): {_NO_TRUST}", style="bold red")
        for host, count in self._left.items():
            show_line(
                "no request",
                f"{host} (tunnels: {count:,}): the client left before it asked for anything, which "
                f"may be for want of trust; {_NO_TRUST}",
                style="bold yellow",
            )

    def _advice(self, entry: Entry, key: str) -> str:
        """Return the service's words and what to do, as the provider has it; without the key."""
        message = entry.message or "without a word"
        host = self._catalog.hosts.get(entry.host)
        if host is None:
            return f"{message} ({_outcome(entry)})"
        from qwensim.provider.credentials import Credential
        from qwensim.provider.endpoints import resolve
        from qwensim.provider.failures import Classifier
        from qwensim.provider.faults import Fault

        row = self._catalog.errors.get(entry.error or "")
        fault = Fault(
            message=message,
            status=entry.status,
            code=row.code if row else None,
            request_id=entry.request_id,
        )
        endpoint = resolve(self._catalog, base_url=host.base_url)
        credential = Credential(key=key, source="the command")
        return str(
            Classifier(self._catalog, endpoint, credential).error(fault, model=entry.model or "")
        )


def _outcome(entry: Entry) -> str:
    reason = entry.error or entry.fault
    return " ".join(str(part) for part in (entry.status or None, reason) if part)
