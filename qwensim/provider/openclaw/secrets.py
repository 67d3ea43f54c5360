"""Secrets of a configuration, which need not stand in it (OpenClaw docs/gateway/secrets, 2026-05).

A secret is a text in which `${NAME}` is filled in, or `$NAME`, or a reference:

    { source: "env", provider: "default", id: "QWEN_API_KEY" }
    { source: "file", provider: "mine", id: "/qwen/apiKey" }    the file of secrets.providers.mine

What a command would tell (`source: "exec"`) is OpenClaw's own to ask for.
"""

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from qwensim.errors import ConfigError
from qwensim.provider.openclaw.config import Config, SecretFile
from qwensim.provider.openclaw.places import read_text
from qwensim.provider.openclaw.variables import Variable, filled

_SHORTHAND: Final = re.compile(r"^\$([A-Z][A-Z0-9_]*)$")
_OTHERS: Final = 0o077
"""The permissions of everyone but the owner."""


def resolved(value: Any, config: Config, variables: Mapping[str, Variable]) -> tuple[str, str]:
    """Return a secret and a blank, or a blank and why it cannot be had."""
    if isinstance(value, str):
        text, problem = filled(_SHORTHAND.sub(r"${\1}", value.strip()), variables)
        return text, problem or ("" if text else "is blank")
    source, name = value["source"], str(value.get("id"))
    if source == "env":
        found = variables.get(name)
        return (found.value, "") if found and found.value else ("", f"{name} is not set")
    if source == "file":
        provider = str(value.get("provider") or "default")
        file = config.secret_files.get(provider)
        if file is None:
            return "", f"{config.file} has no secrets.providers.{provider} of source 'file'"
        return _in_file(file, name)
    return "", f"source {source!r} is OpenClaw's own to ask; put the key into a variable"


def _in_file(file: SecretFile, pointer: str) -> tuple[str, str]:
    """Return what a file holds at a JSON pointer, or the whole of one that holds a single value."""
    try:
        text = read_text(file.path)
        if text and os.name != "nt" and not file.insecure and file.path.stat().st_mode & _OTHERS:
            return "", f"{file.path} is open to others, so that OpenClaw refuses it: chmod 600"
        found: Any = text if file.single else json.loads(text)
        for part in [] if file.single else pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")  # RFC 6901, section 4
            found = found[int(key) if isinstance(found, list) else key]
    except ConfigError as error:
        return "", str(error)
    except (LookupError, ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, str) or not found.strip():
        return "", f"{file.path} holds no text at {pointer!r}"
    return found.strip(), ""
