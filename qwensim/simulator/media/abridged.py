"""Requests without the files that are sent along in them, for whoever keeps many of them."""

from typing import Any

LONGEST_KEPT = 8192
"""Characters of a data URI that is kept whole."""


def abridged(value: Any) -> Any:
    """Return a JSON value in which long data URIs say how long they were in place of their data.

    So do the data of base64 sources, as the Anthropic protocol has them. Parts in which there are
    none are not copied.
    """
    if isinstance(value, str):
        return _abridged_text(value)
    if isinstance(value, dict):
        data = value.get("data") if value.get("type") == "base64" else None
        if isinstance(data, str) and len(data) > LONGEST_KEPT:
            return {**value, "data": f"[{len(data)} characters]"}
        changed = {name: new for name, item in value.items() if (new := abridged(item)) is not item}
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [abridged(item) for item in value]
        same = all(new is item for new, item in zip(items, value, strict=True))
        return value if same else items
    return value


def _abridged_text(text: str) -> str:
    if len(text) <= LONGEST_KEPT or text[:5].lower() != "data:":
        return text
    head, comma, _ = text[:LONGEST_KEPT].partition(",")
    if not comma:
        return text
    return f"{head},[{len(text) - len(head) - 1} characters]"
