"""Two projects that use qwensim, each in an environment of its own with the built wheel."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REQUIREMENTS = {"openai3": ("openai>=3", "pytest"), "openai2": ("openai<3",)}
"""What each project needs besides qwensim: the second does without pytest."""

collect_ignore = list(REQUIREMENTS)  # they are run where qwensim is installed


@dataclass(frozen=True, kw_only=True)
class Project:
    """A copy of a project, and the environment that it runs in."""

    folder: Path
    programs: Path
    """Where the environment's `python` and `qwensim` are."""

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the project's folder."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "PYTHON", "COV_", "COVERAGE_"))
        }
        environ["PATH"] = f"{self.programs}{os.pathsep}{environ['PATH']}"
        return subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """Return the projects by name; their environments are built side by side."""
    folder = tmp_path_factory.mktemp("projects")
    wheel = build_wheel(folder)
    with ThreadPoolExecutor() as pool:
        installed = pool.map(
            lambda name: install(folder, name, [str(wheel), *REQUIREMENTS[name]]), REQUIREMENTS
        )
        return dict(zip(REQUIREMENTS, installed, strict=True))


def build_wheel(folder: Path) -> Path:
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(HERE.parents[1]))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(folder: Path, name: str, requirements: Sequence[str]) -> Project:
    environment = folder / f"{name}-environment"
    # One pip serves all; byte code is made of what is imported.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    programs = environment / ("Scripts" if sys.platform == "win32" else "bin")
    pip("--python", str(programs / "python"), "install", "--no-compile", *requirements)
    shutil.copytree(HERE / name, folder / name)
    return Project(folder=folder / name, programs=programs)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
