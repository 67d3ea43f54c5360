"""How long it takes to import qwensim, to make a simulator, and until a server listens."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

IMPORTS = {
    "python alone": "pass",
    "import qwensim": "import qwensim",
    "a simulator": "from qwensim import Simulator; Simulator()",
    "a provider": "from qwensim import QwenProvider",
}


@pytest.mark.parametrize("name", IMPORTS)
@pytest.mark.benchmark(group="start")
def test_start(benchmark: Any, name: str) -> None:
    command = [sys.executable, "-c", IMPORTS[name]]
    benchmark.pedantic(subprocess.run, args=(command,), kwargs={"check": True}, rounds=7)


@pytest.mark.benchmark(group="start")
def test_a_server_listens(benchmark: Any) -> None:
    command = [sys.executable, str(Path(__file__).with_name("servers.py")), "simulated"]

    def start() -> None:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.kill()

    benchmark.pedantic(start, rounds=5)
