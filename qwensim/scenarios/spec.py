"""A support issue as data: what a scenario file may say.

A scenario has the service as it was for the user who reports, the client and what it does, and what
is then seen. The remedy changes some of it and says what is seen instead. Files are YAML; the names
there are the names here.
"""

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from qwensim.catalog import PAGE_DATE
from qwensim.scenarios.calls import AnyCall
from qwensim.scenarios.expectations import Expectation
from qwensim.scenarios.parts import Key, Spec, Text
from qwensim.simulator import Account, Fault, TaskPace
from qwensim.simulator.gate import ClientCheck
from qwensim.simulator.replies.spec import ScriptSpec

Overlay: TypeAlias = dict[str, tuple[dict[str, Any], ...]]
"""Rows by table, as an overlay of the catalogue has them."""

Expectations: TypeAlias = Annotated[tuple[Expectation, ...], msgspec.Meta(min_length=1)]
Calls: TypeAlias = Annotated[tuple[AnyCall, ...], msgspec.Meta(min_length=1)]


class Client(Spec, frozen=True, kw_only=True):
    """The environment of the provider client: its settings, or the files of an OpenClaw user.

    There are such files if `config` or `profile` is given. In them `{key: NAME}` stands for a key.
    """

    auth_choice: str | None = None
    """Plan and region; where there are files, it is onboarded into them with `key`."""
    base_url: str | None = None
    key: str | None = None
    """The name of the key that the client is given itself."""
    env: dict[str, str | Key] = msgspec.field(default_factory=dict)
    """All environment variables that it sees."""
    config: dict[str, Any] | None = None
    """What `openclaw.json` holds."""
    profile: str | None = None
    """The name of the key in OpenClaw's store of auth profiles."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] | None = None
    """Seconds that it waits for the service to say something; by default its own."""

    @property
    def has_files(self) -> bool:
        """Whether there are files of OpenClaw's."""
        return self.config is not None or self.profile is not None


class Remedy(Spec, frozen=True, kw_only=True):
    """What helps. A field of the scenario that is given here takes the place of the whole field."""

    words: Text
    """What to do, for the user who reports."""
    as_of: dt.date | UnsetType = UNSET
    overlay: Overlay | UnsetType = UNSET
    accounts: tuple[Account, ...] | UnsetType = UNSET
    limits: bool | UnsetType = UNSET
    client_check: ClientCheck | UnsetType = UNSET
    task_pace: TaskPace | UnsetType = UNSET
    scripts: tuple[ScriptSpec, ...] | UnsetType = UNSET
    faults: tuple[Fault, ...] | UnsetType = UNSET
    client: Client | UnsetType = UNSET
    calls: Calls | UnsetType = UNSET
    seen: Expectations
    """What must be seen then. What was reported must be gone, too."""

    def __post_init__(self) -> None:
        """See that it changes something."""
        self.must_give("changes nothing")


class Scenario(Spec, frozen=True, kw_only=True):
    """A support issue that can be seen again."""

    version: Literal[1]
    """Of this format."""
    title: Text
    reference: Text
    """Where it was reported: a URL, `owner/repository#number`, or the page that tells of it."""
    symptom: Text
    """What the user who reports saw."""
    as_of: dt.date = PAGE_DATE
    """The day of the service. Its clock stands at the beginning of that day, UTC."""
    overlay: Overlay = msgspec.field(default_factory=dict)
    """What was otherwise for this user, or on that day."""
    accounts: tuple[Account, ...] = ()
    """Whose keys alone work; `key` is a name. Without accounts all well-formed keys do."""
    limits: bool = False
    """Whether the service's limits hold."""
    client_check: ClientCheck = "any"
    """Who may use the Coding Plan."""
    task_pace: TaskPace | None = None
    """How long tasks take; by default no longer than until they are asked for twice, or served to
    other clients, 3 s."""
    scripts: tuple[ScriptSpec, ...] = ()
    faults: tuple[Fault, ...] = ()
    client: Client = Client()
    calls: Calls
    reproduced: Expectations
    """What must be seen to call it reproduced."""
    remedy: Remedy | None = None

    @property
    def midnight(self) -> float:
        """When the service's day begins, in seconds since the epoch."""
        return dt.datetime.combine(self.as_of, dt.time(), dt.UTC).timestamp()

    def remedied(self, remedy: Remedy) -> "Scenario":
        """Return the scenario with what a remedy changes."""
        return msgspec.structs.replace(self, **remedy.given)
