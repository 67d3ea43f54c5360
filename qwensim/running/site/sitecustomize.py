"""Makes certifi name the authorities of `SSL_CERT_FILE`, then runs the module that it hides.

Python imports the first `sitecustomize` on its path when it starts; `qwensim run` puts this one
there, and so leaves what is installed as it is: some clients trust certifi's own file, whatever the
variables say. For any Python from 3.6 on.
"""

import os
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_WHERE = "certifi.core"
"""The module in which certifi says where its file is, and what is in it."""


class _Finder:
    """Finds that module where it is: most programs never import it, and it is slow to load."""

    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name != _WHERE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            _redirect_when_loaded(spec.loader)
        return spec


def _redirect_when_loaded(loader: object) -> None:
    load = loader.exec_module  # type: ignore[attr-defined]  # that of any loader

    def exec_module(module: "ModuleType") -> None:
        load(module)
        _redirect(module)

    loader.exec_module = exec_module  # type: ignore[attr-defined]  # as above


def _redirect(module: "ModuleType") -> None:
    own = module.where

    def where() -> str:
        return os.environ.get("SSL_CERT_FILE") or own()

    def contents() -> str:
        with open(where(), encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to load
            return file.read()

    module.where, module.contents = where, contents  # type: ignore[attr-defined]  # it has both


def _run_hidden() -> None:
    """Run the user's own module in this one's place, if there is one."""
    here = os.path.normcase(__file__[: __file__.rindex(os.sep)])
    others = [entry for entry in sys.path if os.path.normcase(entry) != here]
    spec = PathFinder.find_spec(__name__, others)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec  # noqa: PLC0415 - slow to load

        module = module_from_spec(spec)
        sys.modules[__name__] = module
        spec.loader.exec_module(module)


if _WHERE in sys.modules:  # imported by a .pth file
    _redirect(sys.modules[_WHERE])
    _redirect(sys.modules["certifi"])
else:
    sys.meta_path.insert(0, _Finder)
_run_hidden()
