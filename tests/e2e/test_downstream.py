"""As a user would: the projects beside this file, with the wheel that they would install."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent
SECTION = "## Test your project with qwensim\n"
HOST = "dashscope-intl.aliyuncs.com"


@pytest.fixture
def openai3(projects: dict[str, Any]) -> Any:
    return projects["openai3"]


@pytest.fixture
def openai2(projects: dict[str, Any]) -> Any:
    return projects["openai2"]


def test_a_project_on_openai_3_and_pytest_passes(openai3: Any) -> None:
    done = openai3.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^7 passed in", done.stdout, re.MULTILINE)


def test_a_project_on_openai_2_without_pytest_passes(openai2: Any) -> None:
    done = openai2.run("python", "-m", "unittest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 5 tests" in done.stderr
    versions = "import importlib.metadata as m; print(m.version('openai'), m.version('httpx'))"
    assert openai2.run("python", "-c", versions).stdout.startswith("2.")
    assert openai2.run("python", "-c", "import pytest").returncode != 0


def test_a_project_records_the_cassette_that_it_keeps(openai3: Any) -> None:
    cassette = openai3.folder / "cassettes" / "opening_hours.yaml"
    kept = cassette.read_text("utf-8")
    cassette.unlink()
    done = openai3.run(
        "python", "-m", "pytest", "-q", "-k", "opening_hours", "--qwensim-record=once"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert without_versions(cassette.read_text("utf-8")) == without_versions(kept)


def without_versions(text: str) -> str:
    return re.sub(r"(OpenAI/Python|qwensim) [\d.]+", r"\1", text)


@pytest.mark.parametrize("name", ["openai3", "openai2"])
def test_the_cassettes_of_a_project_hold_no_credentials(
    name: str, projects: dict[str, Any]
) -> None:
    done = projects[name].run("qwensim", "cassettes", "audit", "cassettes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 file: no credentials" in done.stderr


@pytest.mark.parametrize("name", ["openai3", "openai2"])
def test_a_project_sees_the_promises_kept(name: str, projects: dict[str, Any]) -> None:
    done = projects[name].run("qwensim", "check", "--host", HOST, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)
    assert len(results) >= 60
    assert {(result["host"], result["outcome"]) for result in results} == {(HOST, "kept")}


def test_the_readme_shows_the_code_of_the_projects() -> None:
    readme = (HERE.parents[1] / "README.md").read_text("utf-8")
    _, found, rest = readme.partition(SECTION)
    assert found
    blocks = re.findall(r"```python\n(.*?)```", rest.partition("\n## ")[0], re.DOTALL)
    assert len(blocks) >= 3
    code = [path.read_text("utf-8") for path in HERE.glob("openai[23]/*.py")]
    for block in blocks:
        # Two empty lines stand for what is left out, if anything is.
        for piece in block.strip("\n").split("\n\n\n"):
            assert any(piece in text for text in code), f"in no project:\n{piece}"
