"""Whether a command is a Node too old to know of proxies."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_NAMES: Final = ("node", "nodejs")

_SINCE: Final = {22: 21, 24: 0}
"""Major version and the minor one from which on it honours `NODE_USE_ENV_PROXY` (Node's
documentation of its command line). 23 never did."""

_SHEBANG = 200
"""Bytes of a script that are looked at."""


def obstacle(command: Sequence[str], *, path: str | None) -> str | None:
    """Return, in a line, why a command that runs on Node will not use the proxy, if it will not.

    `path` is the PATH that programs are looked for on. Of a program that cannot be read or run it
    has nothing to say.
    """
    try:
        node = _node_of(command[0], path)
        if node is None:
            return None
        asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - the user's own Node
    except OSError:
        return None
    told = asked.stdout.strip()
    version = re.match(r"v(\d+)\.(\d+)", told)
    if version is None or _honours_proxies(int(version[1]), int(version[2])):
        return None
    return (
        f"{node} is Node {told.removeprefix('v')}, whose fetch honours no proxy and will "
        f"not be answered by the fake: use Node 22.{_SINCE[22]}, 24 or newer"
    )


def _honours_proxies(major: int, minor: int) -> bool:
    return major > max(_SINCE) or (major in _SINCE and minor >= _SINCE[major])


def _node_of(program: str, path: str | None) -> str | None:
    """Return the Node that a program is, or that its first line names."""
    found = shutil.which(program, path=path)
    if found is None:
        return None
    if Path(found).name in _NAMES:
        return found
    with Path(found).open("rb") as file:
        first = file.read(_SHEBANG).partition(b"\n")[0]
    words = first.decode("latin-1").removeprefix("#!").split()
    if first.startswith(b"#!") and any(Path(word).name in _NAMES for word in words):
        return shutil.which("node", path=path)
    return None
