"""Writes cassettes as vcrpy's YAML, whole or not at all.

Beside what vcrpy knows a file holds, in places that vcrpy passes over, its provenance
(`metadata.provenance`) and, for each streamed answer, the chunks in which it came
(`response.chunks`: seconds since the request and bytes).
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from qwensim.recording.interactions import Cassette, Interaction, grouped


def write(path: Path, cassette: Cassette) -> None:
    """Write a cassette; what stood there before stays until the new file is complete."""
    text = dump(cassette)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def dump(cassette: Cassette) -> str:
    """Return the text of a cassette: the same bytes for the same contents."""
    provenance = {
        name: value
        for name, value in msgspec.structs.asdict(cassette.provenance).items()
        if value not in ("", None)
    }
    data = {
        "version": 1,
        "metadata": {"provenance": provenance},
        "interactions": [_to_dict(interaction) for interaction in cassette.interactions],
    }
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NO_FOLDING
    )
    summary = " ".join(cassette.provenance.summary.split())
    return f"# {summary}\n{text}"


_NO_FOLDING = 1_000_000


def _to_dict(interaction: Interaction) -> dict[str, Any]:
    response: dict[str, Any] = {
        "status": {"code": interaction.status, "message": interaction.reason},
        "headers": grouped(interaction.headers),
        "body": {"string": _text(interaction.body)},
    }
    if interaction.chunks:
        response["chunks"] = _Line([seconds, length] for seconds, length in interaction.chunks)
    return {
        "request": {
            "method": interaction.method,
            "uri": interaction.uri,
            "headers": grouped(interaction.request_headers),
            "body": _text(interaction.request_body),
        },
        "response": response,
    }


def _text(body: bytes) -> str | bytes:
    """Return text where the bytes are text: anything else YAML writes as base64."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body


class _Line(list[Any]):
    """A sequence that is written in one line."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # libyaml's or PyYAML's
    """Plain data only; texts of several lines as they are."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values out each time."""
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_line(dumper: Any, values: Sequence[Any]) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Line, _represent_line)
