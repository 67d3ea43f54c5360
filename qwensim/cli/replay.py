"""`qwensim replay`: recordings, served to any client."""

from pathlib import Path
from typing import cast

from qwensim.catalog import load
from qwensim.catalog.rows import Region
from qwensim.cli.consoles import console
from qwensim.recording import Pace, Player, read_all
from qwensim.server import Server, run
from qwensim.simulator import Simulator


def replay_until_stopped(path: Path, *, host: str, port: int, region: Region, pace: Pace) -> None:
    """Serve a cassette or a folder of them until Ctrl-C or SIGTERM; either is the proper end.

    Raises `CassetteError` or `UsageError` if there is nothing to serve or nowhere to listen.
    """
    recordings = read_all(path)
    player = Player(recordings, catalog=load(), pace=pace)

    def announce(server: Server) -> None:
        named = "\n".join(f"  {server.base_urls[name]}" for name in player.hosts)
        count = f"{len(recordings)} recording{'s' * (len(recordings) != 1)}"
        console().print(
            f"Replaying {count} at {server.url} until Ctrl-C.\n\nBy host:\n{named}\n",
            soft_wrap=True,
        )

    # The server asks no more of a simulator than that it handles requests.
    run(cast("Simulator", player), host=host, port=port, region=region, on_start=announce)
    console().print("Stopped.")
