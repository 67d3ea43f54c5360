"""The README is code: its Python runs, its commands are those of CI, its TOML loads."""

import re
import shlex
import tomllib
from pathlib import Path

import httpx2
import msgspec
import pytest

import qwensim
from qwensim.catalog import load
from qwensim.cli import main
from qwensim.scenarios import Source, reproduce, scenario_of
from qwensim.simulator import Simulator, read_accounts
from qwensim.transport import transport

ROOT = Path(__file__).parents[1]
PROJECTS = "\n## Test your project with qwensim\n"
"""The section whose code is that of the projects in tests/e2e: it is compared and run there."""

BEFORE, _, AFTER = (ROOT / "README.md").read_text("utf-8").partition(PROJECTS)
README = BEFORE + "\n## " + AFTER.partition("\n## ")[2]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.split("\n")[-2][:40])
def test_python_recipes_run(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own text


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    first, second = [command.strip() for command in blocks("sh")[:2]]
    assert first.endswith("qwensim demo")
    assert second in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_toml_recipes_load(tmp_path: Path) -> None:
    overlay, accounts = blocks("toml")
    catalog = load(tomllib.loads(overlay))
    assert "qwen3.6-plus" in catalog.served["coding.dashscope.aliyuncs.com"]
    path = tmp_path / "accounts.toml"
    path.write_text(accounts, "utf-8")
    assert read_accounts(path, catalog)[0].models == ("qwen3.6-plus",)


def test_yaml_recipes_reproduce_and_are_remedied() -> None:
    (text,) = blocks("yaml")
    scenario = scenario_of(Source(id="mine", name="README.md", text=text))
    assert reproduce(scenario).as_expected
    assert reproduce(scenario, remedy=True).as_expected


REPRO = re.findall(r"^qwensim (repro \w+ [\w. -]+)$", README, re.MULTILINE)


def exit_code(command: str) -> object:
    with pytest.raises(SystemExit) as exit_:
        main(shlex.split(command))
    return exit_.value.code


@pytest.mark.parametrize("command", [command for command in REPRO if "report." not in command])
def test_support_issues_are_reproduced_as_it_says(command: str) -> None:
    assert exit_code(command) == 0


def test_a_journal_is_drafted_and_played_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    simulator = Simulator()
    client = httpx2.Client(transport=transport(simulator, httpx2))
    client.get("https://dashscope-intl.aliyuncs.com/compatible-mode/v1/models")
    Path("report.jsonl").write_bytes(msgspec.json.encode(simulator.journal[-1]))
    commands = [command for command in REPRO if "report." in command]
    assert [exit_code(command) for command in commands] == [0, 0]


def test_its_contents_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    titles = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\s-]", "", title).lower().replace(" ", "-") for title in titles}
    links = re.findall(r"\]\(#(.+?)\)", text)
    assert links
    assert set(links) <= anchors


def test_every_public_name_can_be_imported() -> None:
    for name in qwensim.__all__:
        assert getattr(qwensim, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = qwensim.nothing
    assert set(qwensim.__all__) <= set(dir(qwensim))
