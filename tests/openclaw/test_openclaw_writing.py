"""Files are written whole or not at all: on a full disk, and if the process dies in the middle."""

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qwensim.errors import ConfigError
from qwensim.provider.openclaw import onboarding
from qwensim.provider.openclaw.writing import NewFile, write_all

TRIALS = """
import json, os, resource, shutil, signal, sys
from pathlib import Path
from qwensim.catalog import load
from qwensim.errors import ConfigError
from qwensim.provider.openclaw import onboarding, read_config

kind, template, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
CATALOG = load()
STEPS = {"open", "write", "flush", "fsync", "__exit__", "chmod", "mkdir", "replace", "unlink"}

def plan(home):
    config = read_config(environ={"HOME": str(home)})
    return onboarding(config, "qwen-api-key", "sk-sp-brandnewkey1234", catalog=CATALOG)

def die_at(last):
    count = 0
    def hook(frame, event, function):
        nonlocal count
        if event in ("c_call", "c_return") and function.__name__ in STEPS:
            count += 1
            if count > last:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(hook)

def full_at(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

def child(home, limit):
    ready = plan(home)
    (die_at if kind == "die" else full_at)(limit)
    try:
        ready.write()
    except ConfigError as error:
        os.write(2, f"{error}\\n".encode())
        os._exit(3)
    os._exit(0)

def contents(home):
    files = {}
    for path in sorted(home.rglob("*")):
        if path.is_file():
            files[path.relative_to(home).as_posix()] = path.read_text()
    return files

shutil.copytree(template, work / "old")
shutil.copytree(template, work / "new")
plan(work / "new").write()
trials = []
limits = range(1000) if kind == "die" else [0, 10, 60, 500, 4000, 10**6]
for limit in limits:
    home = work / str(limit)
    shutil.copytree(template, home)
    pid = os.fork()
    if pid == 0:
        child(home, limit)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    left = contents(home)
    plan(home).write()
    trials.append([limit, code, left, contents(home)])
    if code == 0:
        break
print(json.dumps([contents(work / "old"), contents(work / "new"), trials]))
"""

WRITTEN = "{\n  // mine\n  gateway: { port: 18789 },\n}\n"
CONFIG = ".openclaw/openclaw.json"
PROFILES = ".openclaw/agents/main/agent/auth-profiles.json"


def trials(home: Any, kind: str) -> tuple[dict[str, str], dict[str, str], list[Any], str]:
    work = home.path / "work"
    work.mkdir()
    template = home.path / "template"
    (home.path / ".openclaw").rename(template / ".openclaw")
    done = subprocess.run(
        [sys.executable, "-c", TRIALS, kind, str(template), str(work)],
        capture_output=True,
        text=True,
        timeout=240,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    old, new, results = json.loads(done.stdout)
    return old, new, results, done.stderr


def filled(home: Any) -> Any:
    home.holds(WRITTEN).has_profiles({"other:default": {"type": "token", "provider": "other"}})
    (home.path / "template").mkdir()
    return home


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_process_that_dies_anywhere_leaves_whole_files(home: Any) -> None:
    old, new, results, _ = trials(filled(home), "die")
    assert len(results) > 10
    assert results[-1][1] == 0
    assert results[-1][2] == new
    between = 0
    for limit, code, left, again in results[:-1]:
        assert code == -9, limit
        for name in (CONFIG, PROFILES):
            assert left[name] in (old[name], new[name]), f"killed before step {limit}"
            assert again[name] == new[name], f"killed before step {limit}, then run again"
        assert left[CONFIG] == old[CONFIG] or left[PROFILES] == new[PROFILES], "config came first"
        between += (left[CONFIG], left[PROFILES]) == (old[CONFIG], new[PROFILES])
    assert between >= 1, "no process was killed between the two files"


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_full_disk_leaves_everything_as_it_was_and_says_so(home: Any) -> None:
    old, new, results, said = trials(filled(home), "full")
    *failures, (_, code, files, _) = results
    assert (code, files) == (0, new)
    assert len(failures) >= 3
    for limit, code, files, again in failures:
        assert (code, files, again) == (3, old, new), limit
    assert "cannot be written, and is as it was: File too large" in said
    assert "sk-sp-" not in said


def test_files_that_took_their_place_are_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    first.write_text("old")
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target == third:
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    files = [NewFile(path=path, before="", text="new") for path in (first, second, third)]
    with pytest.raises(ConfigError, match=r"third: cannot be written.*Input/output error"):
        write_all(files)
    assert first.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first"]


def test_a_place_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    new = NewFile(path=tmp_path / "file" / "below.json", before="", text="{}")
    with pytest.raises(ConfigError, match=r"below\.json: cannot be written"):
        write_all([new])
    assert (tmp_path / "file").read_text() == "x"


def test_nothing_is_written_that_could_not_be_read_again(home: Any, catalog: Any) -> None:
    home.holds(json.dumps({"gateway": {"note": " " * (4 * 2**20 - 100)}}))
    plan = onboarding(home.read(), "qwen-api-key", "sk-sp-brandnewkey1234", catalog=catalog)
    before = home.files()
    with pytest.raises(ConfigError, match=r"openclaw\.json: has more than the 4,194,304 bytes"):
        plan.write()
    assert home.files() == before


def test_a_link_is_followed_and_a_mode_is_kept(tmp_path: Path) -> None:
    real, link, secret = (tmp_path / name for name in ("real.json", "link.json", "secret.json"))
    real.write_text("{}")
    real.chmod(0o640)
    secret.write_text("{}")
    secret.chmod(0o644)
    link.symlink_to(real)
    write_all(
        [
            NewFile(path=link, before="{}", text="[1]"),
            NewFile(path=secret, before="{}", text="[2]", secret=True),
        ]
    )
    assert link.is_symlink()
    assert real.read_text() == "[1]"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("changed", ["config_file", "profiles_file"])
def test_a_file_that_changed_meanwhile_is_not_overwritten(
    home: Any, catalog: Any, changed: str
) -> None:
    home.holds(WRITTEN).has_profiles({})
    plan = onboarding(home.read(), "qwen-api-key", "sk-sp-brandnewkey1234", catalog=catalog)
    getattr(home, changed).write_text('{"by": "another"}')
    before = home.files()
    with pytest.raises(ConfigError, match="has changed since it was read; run onboarding again"):
        plan.write()
    assert home.files() == before
