"""The module that Python imports at its start under `qwensim run`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qwensim.running import environment

SITE = Path(environment.__file__).with_name("site")
OWN = "def where(): return 'own'\ndef contents(): return ''\n"
CERTIFI = "import certifi, json, sys; print(json.dumps([certifi.where(), certifi.contents()]))"


def run(program: str, *path: Path, **environ: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    python_path = os.pathsep.join(map(str, (SITE, *path)))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**kept, "PYTHONPATH": python_path, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("ours", "ascii")
    return bundle


def test_certifi_names_the_file_of_the_variable(bundle: Path) -> None:
    assert json.loads(run(CERTIFI, SSL_CERT_FILE=str(bundle))) == [str(bundle), "ours"]


def test_without_the_variable_certifi_is_as_it_was() -> None:
    where, contents = json.loads(run(CERTIFI, SSL_CERT_FILE=""))
    assert Path(where).name == "cacert.pem"
    assert contents == Path(where).read_text("ascii")


def test_it_is_certifi_that_is_asked_for_and_not_loaded_before() -> None:
    program = (
        "import sys; print([name for name in ('certifi', 'ssl', 'pathlib') if name in sys.modules])"
    )
    assert run(program) == "[]\n"


def test_a_program_without_certifi_starts(tmp_path: Path) -> None:
    hidden = tmp_path / "certifi.py"
    hidden.write_text("raise ImportError('no certifi here')")
    program = "try: import certifi\nexcept ImportError as error: print(error)"
    assert run(program, tmp_path) == "no certifi here\n"


def test_the_users_own_module_runs_in_its_place(tmp_path: Path, bundle: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import sys\nsys.mine = __file__\nNAME = 'mine'\n")
    program = f"import sys, sitecustomize; print(sys.mine, sitecustomize.NAME); {CERTIFI}"
    first, second = run(program, own, SSL_CERT_FILE=str(bundle)).splitlines()
    assert first == f"{own / 'sitecustomize.py'} mine"
    assert json.loads(second) == [str(bundle), "ours"]


def test_a_broken_module_of_the_users_is_told_of_as_ever(tmp_path: Path, bundle: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("1/0")
    done = subprocess.run(
        [sys.executable, "-c", CERTIFI],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(SITE), str(tmp_path)]),
            "SSL_CERT_FILE": str(bundle),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ZeroDivisionError" in done.stderr
    assert json.loads(done.stdout)[1] == "ours"


@pytest.fixture
def certifi(tmp_path: Path) -> Path:
    """A folder with a certifi of its own, for Pythons that have none."""
    package = tmp_path / "certifi"
    package.mkdir()
    (package / "__init__.py").write_text("from .core import contents, where\n")
    (package / "core.py").write_text(OWN)
    return tmp_path


def test_it_may_have_been_imported_before(bundle: Path, certifi: Path) -> None:
    program = (
        f"import certifi, runpy; runpy.run_path({str(SITE / 'sitecustomize.py')!r}); {CERTIFI}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(certifi), "SSL_CERT_FILE": str(bundle)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [str(bundle), "ours"]


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.10", "3.12", "3.13"])
def test_other_pythons_take_it_too(version: str, bundle: Path, certifi: Path) -> None:
    python = next(iter(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")), None)
    if python is None:
        pytest.skip(f"no Python {version} here")
    python_path = os.pathsep.join([str(SITE), str(certifi)])
    done = subprocess.run(
        [python, "-c", CERTIFI],
        env={"PYTHONPATH": python_path, "SSL_CERT_FILE": str(bundle)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout) == [str(bundle), "ours"]
