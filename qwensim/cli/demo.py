"""`qwensim demo`: the real client on the real SDK, against the fake, on all four hosts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import httpx2
import msgspec
from rich.padding import Padding
from rich.progress import track
from rich.table import Table
from rich.text import Text

from qwensim.catalog import Catalog
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import HostRow
from qwensim.cli import beside_chat
from qwensim.cli.consoles import console, new_table, show_table
from qwensim.cli.trials import Promise, Trial, ask, promise
from qwensim.provider import ProviderError, QwenProvider
from qwensim.simulator import Simulator
from qwensim.transport import transport


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A model on a host, asked with thinking off and on."""

    host: HostRow
    model: str
    advertised: bool
    trials: tuple[Trial, Trial]

    @property
    def passed(self) -> bool:
        """Whether both answers are what the catalogue says."""
        return all(trial.passed for trial in self.trials)


def run(catalog: Catalog, simulator: Simulator) -> bool:
    """Ask the service, print what came, and return whether it is what `catalog` says."""
    total = len(catalog.hosts) * len(catalog.advertised)
    err = console(stderr=True)
    rows = [
        *track(
            _rows(catalog, simulator),
            description="Asking the four hosts",
            total=total,
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
    ]
    refusals = _refusals(rows)
    for host in catalog.hosts.values():
        show_table(_table(host, [row for row in rows if row.host == host], refusals))
    _show_refusals(refusals)
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        answered = beside_chat.show(catalog.host_of("standard", "global"), client)
    passed = sum(row.passed for row in rows)
    console().print(f"{passed} of {total} as the catalogue says")
    return passed == total and answered


def _rows(catalog: Catalog, simulator: Simulator) -> Iterator[Row]:
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        for host in catalog.hosts.values():
            provider = QwenProvider(
                base_url=host.base_url,
                api_key=FAKE_KEYS[host.plan],
                catalog=catalog,
                http_client=client,
            )
            for row in catalog.advertised.values():
                off, on = (
                    Trial(
                        host=host,
                        model=row.id,
                        promise=promise(catalog, host, row.id, thinking=thinking),
                        outcome=ask(provider, row.id, thinking=thinking),
                    )
                    for thinking in (False, True)
                )
                yield Row(
                    host=host,
                    model=row.id,
                    advertised=host.plan not in row.omitted_on,
                    trials=(off, on),
                )


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Trials refused alike, but for the name of the model."""

    number: int
    error: ProviderError
    """That of the first."""
    trials: list[Trial]


_Key: TypeAlias = tuple[str, str, str]
_Refusals: TypeAlias = Mapping[_Key, Refusal]


def _refusals(rows: Sequence[Row]) -> _Refusals:
    found: dict[_Key, Refusal] = {}
    for row in rows:
        for trial in row.trials:
            if error := trial.outcome.error:
                new = Refusal(number=len(found) + 1, error=error, trials=[])
                found.setdefault(_key(error, trial.model), new).trials.append(trial)
    return found


def _key(error: ProviderError, model: str) -> _Key:
    """Return what tells refusals apart."""
    return error.kind, error.message.replace(model, ""), error.advice.replace(model, "")


def _table(host: HostRow, rows: Sequence[Row], refusals: _Refusals) -> Table:
    table = new_table(host.base_url, "Model", "Thinking off", "Thinking on")
    for row in rows:
        name = row.model if row.advertised else f"{row.model}, not advertised"
        table.add_row(name, *(_cell(trial, refusals) for trial in row.trials))
    return table


def _cell(trial: Trial, refusals: _Refusals) -> Text:
    outcome = trial.outcome
    if outcome.error is not None:
        number = refusals[_key(outcome.error, trial.model)].number
        cell = Text(f"{outcome.error.kind} [{number}]", style="yellow")
    else:
        usage = "no usage" if outcome.tokens is None else f"{outcome.tokens} tokens"
        cell = Text(f"{_named(reasoning=outcome.reasoning)}, {usage}")
    if not trial.passed:
        cell.append(f"\ncatalogue: {_promised(trial.promise)}", style="bold red")
    return cell


def _promised(promised: Promise) -> str:
    if promised.refusal is not None:
        return f"refused, {promised.refusal}"
    return f"{_named(reasoning=promised.reasoning)}, usage"


def _named(*, reasoning: bool) -> str:
    return "reasoning" if reasoning else "no reasoning"


def _show_refusals(refusals: _Refusals) -> None:
    out = console()
    for refusal in refusals.values():
        error = refusal.error
        models = dict.fromkeys(trial.model for trial in refusal.trials)
        hosts = dict.fromkeys(trial.host.name for trial in refusal.trials)
        out.print(f"[{refusal.number}] {error.kind}: {', '.join(models)} at {', '.join(hosts)}")
        for text in (error.message, error.advice):
            out.print(Padding(text, (0, 0, 0, 4)))
        out.print()
