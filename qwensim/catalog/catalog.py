"""The catalogue: every table by name, what each host serves, and the references to be checked."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from qwensim.catalog.rows import (
    AdvertisedRow,
    AgentRow,
    AuthChoiceRow,
    CredentialRow,
    DialectRow,
    EnvelopeRow,
    ErrorRow,
    FailureRow,
    HostRow,
    KeyVariableRow,
    ModelRow,
    ParameterRow,
    PlanRow,
    Row,
    UsageRow,
    WordsRow,
)
from qwensim.errors import CatalogError, UsageError


class Reference(NamedTuple):
    """A field that names another row."""

    table: str
    row: str
    field: str
    value: str
    allowed: Collection[str]


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of one day. Tables keep the order of their rows."""

    plans: Mapping[str, PlanRow]
    hosts: Mapping[str, HostRow]
    auth_choices: Mapping[str, AuthChoiceRow]
    key_variables: Mapping[str, KeyVariableRow]
    credentials: Mapping[str, CredentialRow]
    agents: Mapping[str, AgentRow]
    models: Mapping[str, ModelRow]
    advertised: Mapping[str, AdvertisedRow]
    envelopes: Mapping[str, EnvelopeRow]
    errors: Mapping[str, ErrorRow]
    parameters: Mapping[str, ParameterRow]
    usages: Mapping[str, UsageRow]
    dialects: Mapping[str, DialectRow]
    words: Mapping[str, WordsRow]
    failures: Mapping[str, FailureRow]
    served: Mapping[str, Mapping[str, ModelRow]]
    """Host name, model id, and the row as it holds on that host, its dialect included."""

    @classmethod
    def from_tables(cls, tables: Mapping[str, Mapping[str, Any]]) -> "Catalog":
        """Build the catalogue from decoded tables and work out what each host serves."""
        hosts: Mapping[str, HostRow] = tables["host"]
        models: Mapping[str, ModelRow] = tables["model"]
        return cls(
            plans=tables["plan"],
            hosts=hosts,
            auth_choices=tables["auth_choice"],
            key_variables=tables["key_variable"],
            credentials=tables["credential"],
            agents=tables["agent"],
            models=models,
            advertised=tables["advertised"],
            envelopes=tables["envelope"],
            errors=tables["error"],
            parameters=tables["parameter"],
            usages=tables["usage"],
            dialects={
                row.id: _extended(row, tables["dialect"]) for row in tables["dialect"].values()
            },
            words=tables["words"],
            failures=tables["failure"],
            served={
                host.name: {
                    model.id: on_host(model, host)
                    for model in models.values()
                    if host.name in model.hosts or host.plan in model.hosts
                }
                for host in hosts.values()
            },
        )

    def host_of(self, plan: str, region: str) -> HostRow:
        """Return the host of a plan and region; raises `UsageError` if there is none."""
        for host in self.hosts.values():
            if (host.plan, host.region) == (plan, region):
                return host
        known = ", ".join(f"{host.plan} {host.region}" for host in self.hosts.values())
        raise UsageError(f"no host for plan {plan!r} in region {region!r}; there are: {known}")

    def references(self) -> Iterator[Reference]:
        """Yield every field that names another row, for the loader to check."""
        hosts_and_plans = {*self.hosts, *self.plans}
        for table, fields, allowed in (
            ("plan", ("missing_key", "wrong_key", "unknown_model", "client_check"), self.errors),
            ("host", ("plan",), self.plans),
            ("host", ("dialect",), self.dialects),
            ("auth_choice", ("host",), self.hosts),
            ("model", ("hosts", "on"), hosts_and_plans),
            ("model", ("usage",), self.usages),
            ("model", ("dialect",), self.dialects),
            ("error", ("envelope",), self.envelopes),
            ("parameter", ("wrong_type", "out_of_range", "too_small"), self.errors),
            ("dialect", ("usage", "usage_stream"), self.usages),
        ):
            for name, row in self.table(table).items():
                for field in fields:
                    for value in _names_in(getattr(row, field)):
                        yield Reference(table, name, field, value, allowed)
        for model in self.models.values():
            for place, changes in model.on.items():
                for field, allowed in (("usage", self.usages), ("dialect", self.dialects)):
                    for value in _names_in(changes.get(field)):
                        yield Reference("model", model.id, f"on.{place}.{field}", value, allowed)

    def table(self, name: str) -> Mapping[str, Row]:
        """Return a table by the name that it has in the files."""
        attribute = _ATTRIBUTES.get(name, f"{name}s")
        table: Mapping[str, Row] = getattr(self, attribute)
        return table

    def patterns(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield table, row, field and text of every regular expression."""
        for plan in self.plans.values():
            yield "plan", plan.id, "key_pattern", plan.key_pattern
        for agent in self.agents.values():
            yield "agent", agent.id, "pattern", agent.pattern
        for credential in self.credentials.values():
            for pattern in credential.patterns:
                yield "credential", credential.id, "patterns", pattern
        for failure in self.failures.values():
            if failure.message is not None:
                yield "failure", failure.id, "message", failure.message


_ATTRIBUTES = {"advertised": "advertised", "words": "words"}
"""Tables whose attribute is not their name with an s."""


def _names_in(value: Any) -> Iterable[str]:
    """Return the names in a field that holds one, none or several."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def on_host(model: ModelRow, host: HostRow) -> ModelRow:
    """Return the row of a model with what differs on the host's plan, then on the host itself."""
    changes = {**model.on.get(host.plan, {}), **model.on.get(host.name, {})}
    changes.setdefault("dialect", model.dialect or host.dialect)
    try:
        return msgspec.convert({**msgspec.structs.asdict(model), **changes, "on": {}}, ModelRow)
    except msgspec.ValidationError as error:
        raise CatalogError(
            f"what differs on {host.name} does not fit: {error}",
            file="the catalogue",
            row=f"model {model.id}",
            field="on",
        ) from error


def _extended(row: DialectRow, rows: Mapping[str, DialectRow]) -> DialectRow:
    """Return a dialect with what it does not say itself taken from the one that it extends."""
    chain = [row]
    while (parent := chain[-1].extends) is not None:
        if parent not in rows or rows[parent] in chain:
            raise CatalogError(
                f"{parent!r} is no other dialect; there are: {', '.join(rows)}",
                file="the catalogue",
                row=f"dialect {chain[-1].id}",
                field="extends",
            )
        chain.append(rows[parent])
    merged: dict[str, Any] = {}
    shapes: dict[str, str] = {}
    for ancestor in reversed(chain):
        values = msgspec.structs.asdict(ancestor)
        shapes |= values.pop("shapes")
        merged |= {name: value for name, value in values.items() if value is not None}
    return DialectRow(**{**merged, "id": row.id, "extends": row.extends, "shapes": shapes})


__all__ = ["Catalog", "Reference", "Row"]
