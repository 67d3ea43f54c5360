"""The catalogue: every table by name, and what each host serves."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from qwensim.catalog.rows import (
    AdvertisedRow,
    AgentRow,
    AssetHostRow,
    AuthChoiceRow,
    BuiltInToolRow,
    CredentialRow,
    DialectRow,
    EmbeddingRow,
    EnvelopeRow,
    ErrorRow,
    FailureRow,
    HostRow,
    ImageProtocolRow,
    ImageRow,
    KeyVariableRow,
    LimitRow,
    MediaRow,
    ModelRow,
    NativeRow,
    ParameterRow,
    PictureRow,
    PlanRow,
    RerankRow,
    RouteRow,
    TierRow,
    UsageRow,
    VideoRow,
    VideoSizeRow,
    WireRow,
    WordsRow,
)
from qwensim.errors import UsageError

Tables: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Table, row name, row."""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of one day. Tables keep the order of their rows."""

    plans: Mapping[str, PlanRow]
    hosts: Mapping[str, HostRow]
    asset_hosts: Mapping[str, AssetHostRow]
    routes: Mapping[str, RouteRow]
    auth_choices: Mapping[str, AuthChoiceRow]
    key_variables: Mapping[str, KeyVariableRow]
    credentials: Mapping[str, CredentialRow]
    agents: Mapping[str, AgentRow]
    models: Mapping[str, ModelRow]
    media: Mapping[str, MediaRow]
    pictures: Mapping[str, PictureRow]
    videos: Mapping[str, VideoRow]
    video_sizes: Mapping[str, VideoSizeRow]
    images: Mapping[str, ImageRow]
    image_protocols: Mapping[str, ImageProtocolRow]
    embeddings: Mapping[str, EmbeddingRow]
    reranks: Mapping[str, RerankRow]
    limits: Mapping[str, LimitRow]
    tiers: Mapping[str, TierRow]
    advertised: Mapping[str, AdvertisedRow]
    wires: Mapping[str, WireRow]
    envelopes: Mapping[str, EnvelopeRow]
    errors: Mapping[str, ErrorRow]
    parameters: Mapping[str, ParameterRow]
    usages: Mapping[str, UsageRow]
    dialects: Mapping[str, DialectRow]
    natives: Mapping[str, NativeRow]
    built_in_tools: Mapping[str, BuiltInToolRow]
    words: Mapping[str, WordsRow]
    failures: Mapping[str, FailureRow]
    errors_on: Mapping[str, Mapping[str, ErrorRow]]
    """Wire, error id, and the row that tells that error there, whatever wire its own row is of."""
    served: Mapping[str, Mapping[str, ModelRow]]
    """Host name, model id, and the row as it holds on that host, its dialect included."""

    @classmethod
    def from_tables(cls, tables: Tables) -> "Catalog":
        """Build the catalogue from sound tables and work out what each host serves."""
        hosts: Mapping[str, HostRow] = tables["host"]
        models: Mapping[str, ModelRow] = tables["model"]
        return cls(
            plans=tables["plan"],
            hosts=hosts,
            asset_hosts=tables["asset_host"],
            routes=tables["route"],
            auth_choices=tables["auth_choice"],
            key_variables=tables["key_variable"],
            credentials=tables["credential"],
            agents=tables["agent"],
            models=models,
            media=tables["media"],
            pictures=tables["picture"],
            videos=tables["video"],
            video_sizes=tables["video_size"],
            images=tables["image"],
            image_protocols=tables["image_protocol"],
            embeddings=tables["embedding"],
            reranks=tables["rerank"],
            limits=tables["limit"],
            tiers=tables["tier"],
            advertised=tables["advertised"],
            wires=tables["wire"],
            envelopes=tables["envelope"],
            errors=tables["error"],
            parameters=tables["parameter"],
            usages=tables["usage"],
            dialects={
                row.id: _extended(row, tables["dialect"]) for row in tables["dialect"].values()
            },
            natives=tables["native"],
            built_in_tools=tables["built_in_tool"],
            words=tables["words"],
            failures=tables["failure"],
            errors_on={
                wire.id: _told_on(wire, tables["wire"].get(wire.extends), tables["error"])
                for wire in tables["wire"].values()
            },
            served={
                host.name: {
                    model.id: on_host(model, host)
                    for model in models.values()
                    if host.name in model.hosts or host.plan in model.hosts
                }
                for host in hosts.values()
            },
        )

    @property
    def host_names(self) -> tuple[str, ...]:
        """All names that the service is reached under, those of its storage included."""
        return (*self.hosts, *self.asset_hosts)

    def result_host(self, region: str) -> AssetHostRow:
        """Return the host on which the results of a region lie.

        Raises `UsageError` if there is none.
        """
        for host in self.asset_hosts.values():
            if host.region == region and "asset" in host.routes:
                return host
        known = ", ".join(self.asset_hosts)
        raise UsageError(f"no host for results in region {region!r}; there are: {known}")

    def host_of(self, plan: str, region: str) -> HostRow:
        """Return the host of a plan and region; raises `UsageError` if there is none."""
        for host in self.hosts.values():
            if (host.plan, host.region) == (plan, region):
                return host
        known = ", ".join(f"{host.plan} {host.region}" for host in self.hosts.values())
        raise UsageError(f"no host for plan {plan!r} in region {region!r}; there are: {known}")


def on_host(model: ModelRow, host: HostRow) -> ModelRow:
    """Return the row of a model with what differs on the host's plan, then on the host itself."""
    changes = {**model.on.get(host.plan, {}), **model.on.get(host.name, {})}
    changes.setdefault("dialect", model.dialect or host.dialect)
    return msgspec.convert({**msgspec.structs.asdict(model), **changes, "on": {}}, ModelRow)


def _told_on(
    wire: WireRow, parent: WireRow | None, errors: Mapping[str, ErrorRow]
) -> dict[str, ErrorRow]:
    """Return the row of every error as it is told on a wire, which may extend another."""
    told: dict[str, ErrorRow] = {}
    if parent is not None:
        told = {
            row.of: msgspec.structs.replace(row, envelope=_envelope_on(wire, row))
            for row in errors.values()
            if row.wire == parent.id and row.of
        }
    told |= {row.of: row for row in errors.values() if row.wire == wire.id and row.of}
    if parent is not None:
        wire = msgspec.structs.replace(
            wire,
            codes=_laid_over(parent.codes, wire.codes),
            envelopes=_laid_over(parent.envelopes, wire.envelopes),
        )
    return {name: told.get(name) or _translated(row, wire) for name, row in errors.items()}


def _translated(row: ErrorRow, wire: WireRow) -> ErrorRow:
    """Return an error of the compatible wire with the code and the envelope of another."""
    envelope = _envelope_on(wire, row)
    if row.wire != "compatible" or envelope == row.envelope:
        return row
    return msgspec.structs.replace(
        row,
        wire=wire.id,
        code=wire.codes.get(row.code or "", wire.codes.get("", row.code)),
        envelope=envelope,
        message_stream=None,
    )


def _laid_over(below: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return a table of a wire over that of its parent, which one that is for all others hides."""
    return dict(own) if "" in own else {**below, **own}


def _envelope_on(wire: WireRow, row: ErrorRow) -> str:
    return wire.envelopes.get(row.envelope, wire.envelopes.get("", row.envelope))


def _extended(row: DialectRow, rows: Mapping[str, DialectRow]) -> DialectRow:
    """Return a dialect with what it does not say itself taken from the one that it extends."""
    chain = [row]
    while (parent := chain[-1].extends) is not None:
        chain.append(rows[parent])
    merged: dict[str, Any] = {}
    shapes: dict[str, str] = {}
    for ancestor in reversed(chain):
        values = msgspec.structs.asdict(ancestor)
        shapes |= values.pop("shapes")
        merged |= {name: value for name, value in values.items() if value is not None}
    return DialectRow(**{**merged, "id": row.id, "extends": row.extends, "shapes": shapes})
