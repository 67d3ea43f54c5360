"""Who may import whom, read from the source of every module."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "qwensim"

ANYTHING = {
    "catalog",
    "cli",
    "contract",
    "errors",
    "exact",
    "exchange",
    "fake",
    "fields",
    "mocking",
    "provider",
    "pytest_plugin",
    "qwensim",
    "recording",
    "running",
    "scenarios",
    "server",
    "simulator",
    "transport",
    "verdict",
}

MAY_IMPORT = {
    "errors": set[str](),
    "exchange": set[str](),
    "fields": {"errors"},
    "catalog": {"fields", "errors"},
    "exact": {"errors"},
    "simulator": {"catalog", "exchange", "fields", "errors"},
    "provider": {"catalog", "errors"},
    "transport": {"simulator", "exchange", "catalog", "errors"},
    "server": {"simulator", "exchange", "catalog", "fields", "errors"},
    "verdict": {"simulator", "catalog", "errors"},
    "fake": {"simulator", "verdict", "catalog", "exchange", "fields", "errors"},
    "mocking": {"fake", "simulator", "transport", "recording", "catalog", "exchange", "errors"},
    "recording": {"catalog", "exchange", "errors"},
    "running": {"catalog"},
    "contract": {
        "provider",
        "simulator",
        "transport",
        "server",
        "recording",
        "catalog",
        "exchange",
        "errors",
    },
    "scenarios": {
        "provider",
        "simulator",
        "verdict",
        "transport",
        "server",
        "recording",
        "catalog",
        "exchange",
        "fields",
        "errors",
    },
    "pytest_plugin": ANYTHING,
    "cli": ANYTHING,
    "qwensim": ANYTHING,
}
"""Each part of the package and the parts that it may import besides itself."""

NO_IO = {"asyncio", "multiprocessing", "os", "secrets", "select", "socket", "subprocess", "time"}
"""What the simulator takes as an argument, or does without."""

CLIENTS = {"httpx", "httpx2", "openai", "requests", "aiohttp"}


def part_of(module: str) -> str:
    names = module.split(".")
    return names[1] if len(names) > 1 else "qwensim"


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and name of every import, in functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            module = node.module or ""
            if module == "qwensim":
                for alias in node.names:
                    dunder = alias.name.startswith("__")
                    yield node.lineno, "qwensim" if dunder else f"qwensim.{alias.name}"
            else:
                yield node.lineno, module


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def home_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    if relative.name == "__init__.py" and len(relative.parts) == 1:
        return "qwensim"
    return relative.parts[0].removesuffix(".py")


def identify(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    home = home_of(path)
    assert home in MAY_IMPORT, f"{path}: a part without a rule"
    for line, module in imports(path):
        if module.split(".")[0] == "qwensim":
            part = part_of(module)
            allowed = part == home or part in MAY_IMPORT[home]
            assert allowed, f"{path}:{line}: {home} must not import {module}"


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_the_simulator_has_no_clock_no_io_and_no_client(path: Path) -> None:
    if home_of(path) not in ("simulator", "exchange"):
        return
    for line, module in imports(path):
        assert module.split(".")[0] not in NO_IO | CLIENTS, f"{path}:{line}: {module}"


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_chance_in_the_simulator_is_seeded(path: Path) -> None:
    if home_of(path) != "simulator":
        return
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("Random", "random.Random"):
                assert node.args, f"{path}:{node.lineno}: Random without a seed"
            assert not (called.startswith("random.") and called != "random.Random"), (
                f"{path}:{node.lineno}: {called} draws from the module's own chance"
            )


def test_every_part_has_a_rule_and_every_rule_a_part() -> None:
    assert {home_of(path) for path in modules()} == set(MAY_IMPORT)
