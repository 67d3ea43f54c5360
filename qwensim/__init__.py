"""An offline DashScope for testing Qwen integrations, and the qwen provider client.

The names below are imported when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwensim.catalog import load as load_catalog
    from qwensim.errors import CatalogError, QwensimError, UsageError
    from qwensim.fake import Fake
    from qwensim.mocking import mock, mount
    from qwensim.provider import AsyncQwenProvider, QwenProvider
    from qwensim.server import serve
    from qwensim.simulator import (
        Account,
        Counts,
        Fault,
        Pace,
        Script,
        Simulator,
        TaskPace,
        ToolCall,
        Used,
        VirtualClock,
    )

__version__ = "0.1.0"

_HOME = {
    "Account": "qwensim.simulator",
    "AsyncQwenProvider": "qwensim.provider",
    "CatalogError": "qwensim.errors",
    "Counts": "qwensim.simulator",
    "Fake": "qwensim.fake",
    "Fault": "qwensim.simulator",
    "Pace": "qwensim.simulator",
    "QwenProvider": "qwensim.provider",
    "QwensimError": "qwensim.errors",
    "Script": "qwensim.simulator",
    "Simulator": "qwensim.simulator",
    "TaskPace": "qwensim.simulator",
    "ToolCall": "qwensim.simulator",
    "UsageError": "qwensim.errors",
    "Used": "qwensim.simulator",
    "VirtualClock": "qwensim.simulator",
    "load_catalog": "qwensim.catalog",
    "mock": "qwensim.mocking",
    "mount": "qwensim.mocking",
    "serve": "qwensim.server",
}

__all__ = [
    "Account",
    "AsyncQwenProvider",
    "CatalogError",
    "Counts",
    "Fake",
    "Fault",
    "Pace",
    "QwenProvider",
    "QwensimError",
    "Script",
    "Simulator",
    "TaskPace",
    "ToolCall",
    "UsageError",
    "Used",
    "VirtualClock",
    "load_catalog",
    "mock",
    "mount",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qwensim' has no attribute {name!r}")
    home = importlib.import_module(_HOME[name])
    return getattr(home, "load" if name == "load_catalog" else name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
