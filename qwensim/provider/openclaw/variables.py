"""The variables that a configuration may name.

What the process lacks is looked for in `~/.openclaw/.env` and in the `env` block (OpenClaw
docs/help/environment, 2026-05), so that a daemon finds a variable that no shell gave it.
"""

import io
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import dotenv

from qwensim.provider.openclaw.places import Places, read_text

_REFERENCE: Final = re.compile(r"(\$?)\$\{([A-Z_][A-Z0-9_]*)\}")
"""`${NAME}`, in upper case; `$${NAME}` is the text itself (OpenClaw docs/gateway/configuration)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A variable that is set."""

    value: str = field(repr=False)
    origin: str = ""
    """Where it was found; blank for the process itself."""


def variables_of(
    places: Places, block: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Variable]:
    """Return the variables of the process, of `.env` and of the `env` block.

    The first of them that names one wins. Raises `ConfigError` for a `.env` that cannot be read.
    """
    text = io.StringIO(read_text(places.env_file))
    in_file = dotenv.dotenv_values(stream=text, interpolate=False)
    sources: tuple[tuple[str, Mapping[str, str | None]], ...] = (
        ("", dict(environ)),
        (str(places.env_file), in_file),
        (f"{places.config}: env", dict(block)),
    )
    found: dict[str, Variable] = {}
    for origin, values in sources:
        for name, value in values.items():
            if value is not None and name not in found:
                found[name] = Variable(value=value.strip(), origin=origin)
    return found


def filled(text: str, variables: Mapping[str, Variable]) -> tuple[str, str]:
    """Return a text with its `${NAME}` filled in and a blank, or what is wrong in the second place.

    A variable that is blank counts as not set.
    """
    values = {name: found.value for name, found in variables.items() if found.value}
    names = [name for escape, name in _REFERENCE.findall(text) if not escape]
    if missing := [name for name in dict.fromkeys(names) if name not in values]:
        return "", f"{', '.join(missing)} is not set"
    new = _REFERENCE.sub(lambda found: found[0][1:] if found[1] else values[found[2]], text)
    return new.strip(), ""


def login_shell(environ: Mapping[str, str], timeout: float) -> Mapping[str, str]:
    """Return the variables that a login shell exports; none if there is no shell or it fails."""
    shell = environ.get("SHELL", "").strip() or shutil.which("sh")
    if not shell:
        return {}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own shell, as OpenClaw runs it
            [shell, "-l", "-c", "env -0"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = (line.partition("=") for line in done.stdout.decode(errors="replace").split("\0"))
    return {name: value for name, _, value in pairs if name}
