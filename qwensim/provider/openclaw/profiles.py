"""OpenClaw's auth profile store: keys by profile, in a JSON file of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from qwensim.provider.openclaw.document import parse
from qwensim.provider.openclaw.places import Places, read_text
from qwensim.provider.openclaw.targets import canonical_id
from qwensim.provider.openclaw.values import Value
from qwensim.provider.refs import PORTALS, PROVIDER

DEFAULT_PROFILE: Final = f"{PROVIDER}:default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A profile that holds a key, or refers to one."""

    id: str
    provider: str
    """In its canonical form."""
    key: Any = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """What the store holds, and the whole of it as it is written."""

    text: str = field(default="", repr=False)
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    profiles: tuple[Profile, ...] = ()
    portal: str | None = None
    """A profile of the OAuth service that is gone."""

    def of(self, provider_id: str) -> Profile | None:
        """Return the profile of a provider: its default one, else the first."""
        found = [profile for profile in self.profiles if profile.provider == provider_id]
        default = [profile for profile in found if profile.id == f"{provider_id}:default"]
        return next(iter(default or found), None)


def read_store(places: Places) -> Store:
    """Read the store; one that does not exist is empty. Raises `ConfigError`."""
    file = str(places.profiles)
    text = read_text(places.profiles)
    data = parse(text, file=file)
    found = Value(file=file, place="", data=data).get("profiles")
    portals = [name for name, value in found.items() if _provider(value) in PORTALS]
    return Store(
        text=text,
        data=data,
        profiles=tuple(_profiles(found)),
        portal=next(iter(portals), None),
    )


def with_key(store: Store, key: str) -> str:
    """Return the text of the store with qwen's key in it; other profiles stay."""
    profile = {"type": "api_key", "provider": PROVIDER, "key": key}
    others = store.data.get("profiles") or {}
    data = {"version": 1, **store.data, "profiles": {**others, DEFAULT_PROFILE: profile}}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _profiles(found: Value) -> Iterator[Profile]:
    for name, value in found.items():
        if value.get("type").text() != "api_key":
            continue
        key = value.get("key", secret=True).text() or value.get("keyRef", secret=True).data
        if key is not None:
            yield Profile(id=name, provider=_provider(value), key=key)


def _provider(value: Value) -> str:
    return canonical_id(value.get("provider").text() or "")
