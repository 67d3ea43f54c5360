"""Make the digests of the recordings of vercel/ai: what real answers look like, without their text.

    python tests/recorded/make_digests.py ../shared/recordings

A digest keeps the shape of an answer: keys in wire order and the types of their values. Words that
the format prescribes stand in quotes (`'assistant'`), any other string is `string` or `empty`. Of
the events of a stream, equal neighbours are one. Other digests in this folder were made by hand of
bodies that are quoted in public; `source` names where.
"""

import datetime as dt
import itertools
import json
import sys
from pathlib import Path
from typing import Any

LICENCE = "Apache-2.0; the digest has the shape of the recording and none of its text"
PRESCRIBED = frozenset({"object", "role", "type", "finish_reason"})
CUT_ANYWHERE = frozenset({"arguments"})
"""Strings that a stream cuts where it likes: whether a piece is empty tells nothing."""
NAMES = {type(None): "null", bool: "boolean", int: "integer", float: "number"}


def shape_of(value: Any, key: str = "") -> Any:
    """Return the shape of a JSON value that stands under `key`."""
    if isinstance(value, dict):
        return {name: shape_of(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    if not isinstance(value, str):
        return NAMES[type(value)]
    if key in PRESCRIBED:
        return f"'{value}'"
    return "string" if value or key in CUT_ANYWHERE else "empty"


def shapes_of(events: list[Any]) -> list[Any]:
    """Return the shapes of a stream's events, equal neighbours joined."""
    texts = (json.dumps(shape_of(event)) for event in events)
    return [json.loads(text) for text, _ in itertools.groupby(texts)]


def digest(path: Path) -> dict[str, Any]:
    """Return the digest of a recording: a whole answer, or the events of a streamed one."""
    stream = path.name.endswith(".chunks.txt")
    text = path.read_text(encoding="utf-8")
    events = [json.loads(line) for line in (text.splitlines() if stream else [text])]
    choices = [choice for event in events for choice in event["choices"]]
    said = [choice.get("delta") or choice.get("message") or {} for choice in choices]
    created = dt.datetime.fromtimestamp(events[0]["created"], dt.UTC)
    return {
        "source": f"vercel/ai packages/alibaba/src/__fixtures__/{path.name}",
        "licence": LICENCE,
        "recorded": created.date().isoformat(),
        "request": {
            "model": events[0]["model"],
            "stream": stream,
            "enable_thinking": any(part.get("reasoning_content") for part in said),
        },
        "reply": {
            "text": any(part.get("content") for part in said),
            "calls": len({call["index"] for part in said for call in part.get("tool_calls", ())}),
        },
        "events": shapes_of(events),
    }


def written(digest: dict[str, Any]) -> str:
    """Return a digest as JSON with one event on a line."""
    fields = {**digest, "events": []}
    events = ",\n".join(f"    {json.dumps(event)}" for event in digest["events"])
    return json.dumps(fields, indent=2).replace("[]", f"[\n{events}\n  ]") + "\n"


def make(recordings: Path) -> dict[str, str]:
    """Return the text of each digest of the recordings in a folder, by file name."""
    made = {}
    for path in sorted((recordings / "vercel-ai").glob("alibaba-*")):
        stem, _, ending = path.name.replace("alibaba", "vercel-ai").partition(".")
        suffix = "-stream" if ending == "chunks.txt" else ""
        made[f"{stem}{suffix}.json"] = written(digest(path))
    return made


if __name__ == "__main__":
    for name, text in make(Path(sys.argv[1])).items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")
