"""Where OpenClaw keeps its files (OpenClaw docs/help/environment, 2026-05), and their texts."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwensim.errors import ConfigError

LARGEST: Final = 4 * 2**20
"""Bytes of a file that is read, and so of one that is written; a few thousand are usual."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The files of one installation; none of them need exist."""

    config: Path
    state: Path
    """The folder of everything that is not the configuration."""

    @property
    def profiles(self) -> Path:
        """The auth profile store of the main agent, where keys are."""
        return self.state / "agents" / "main" / "agent" / "auth-profiles.json"

    @property
    def env_file(self) -> Path:
        """Variables that a daemon finds although no shell gave it any."""
        return self.state / ".env"


def places(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Places:
    """Return where the files are; a given `path` is that of `openclaw.json`.

    Without one it is OPENCLAW_CONFIG_PATH, else `openclaw.json` in the state folder. That is
    OPENCLAW_STATE_DIR, else `.openclaw` in OPENCLAW_HOME or the home of the user. A given `path`
    keeps the state folder with it, unless the environment names one: what lies beside the file
    belongs to the same installation.
    """
    environ = os.environ if environ is None else environ
    home = _home(environ)
    explicit = _folder(environ.get("OPENCLAW_STATE_DIR", ""), home)
    state = explicit or home / ".openclaw"
    if path is not None:
        config = user_path(path).absolute()
        stated = explicit is not None or environ.get("OPENCLAW_HOME", "").strip()
        return Places(config=config, state=state if stated else config.parent)
    config_path = _folder(environ.get("OPENCLAW_CONFIG_PATH", ""), home)
    return Places(config=config_path or state / "openclaw.json", state=state)


def read_text(path: Path) -> str:
    """Return the text of a file, empty if there is none. Raises `ConfigError`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe may never end, a device is no file
            raise ConfigError("is a folder, a pipe or a device, no file", file=str(path))
        with path.open("rb") as file:
            contents = file.read(LARGEST + 1)
        if len(contents) > LARGEST:
            raise too_large(path)
        return contents.decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", file=str(path)) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error


def user_path(path: str | Path) -> Path:
    """Return a path, `~` being the home of the user. Raises `ConfigError` if there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError("the user before the first slash has no home", file=str(path)) from None


def too_large(path: Path) -> ConfigError:
    """Return the error of a file above the limit."""
    return ConfigError(f"has more than the {LARGEST:,} bytes allowed", file=str(path))


def _home(environ: Mapping[str, str]) -> Path:
    user = environ.get("HOME", "").strip() or environ.get("USERPROFILE", "").strip()
    home = Path(user) if user else Path.home()
    return _folder(environ.get("OPENCLAW_HOME", ""), home) or home.absolute()


def _folder(value: str, home: Path) -> Path | None:
    """Return the path of a variable, `~` being that home, or None if it is blank."""
    value = value.strip()
    if not value:
        return None
    head, slash, rest = value.partition("/")
    if head == "~":
        return (home / rest).absolute() if slash else home.absolute()
    return Path(value).absolute()
