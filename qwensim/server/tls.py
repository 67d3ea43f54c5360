"""TLS on a port of its own, for clients that can be given another address but no proxy."""

import ssl
from typing import TYPE_CHECKING

from qwensim.exchange import Request
from qwensim.server.routing import served_name
from qwensim.simulator import Simulator
from qwensim.simulator.journal import KEPT_AWAY

if TYPE_CHECKING:
    from qwensim.server.authority import Authority


def by_name(authority: "Authority", simulator: Simulator) -> ssl.SSLContext:
    """Return the settings of a TLS server for clients that call it by a name of the service.

    One that calls by another name, or by none, gets the alert `unrecognized_name` and an entry in
    the journal.
    """
    context = authority.context(simulator.catalog.host_names)

    def judge(_: object, name: str | None, __: object) -> int | None:
        if served_name(simulator.catalog, name or "") is not None:
            return None
        simulator.journal.add_turned_away(
            Request(method="TLS", host=name or "-", path=""),
            at=simulator.clock.now(),
            status=0,
            error=KEPT_AWAY,
            message="TLS is for clients that send one of the service's host names",
        )
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = judge
    return context
