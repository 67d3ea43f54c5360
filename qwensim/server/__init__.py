"""The simulator behind a socket."""

from qwensim.server.clock import SystemClock
from qwensim.server.runner import Server, run, serve

__all__ = ["Server", "SystemClock", "run", "serve"]
