"""Sends what is meant for the service's hosts to a served fake."""

import httpx2
import openai

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.provider import endpoints


def client_to(catalog: Catalog, address: str) -> httpx2.Client:
    """Return a client that connects to `address` whatever the URL; the Host header stays.

    Raises `UsageError` if the address is no URL or holds more than scheme, host and port.
    """
    base_url = endpoints.resolve(catalog, base_url=address).base_url
    url = httpx2.URL(base_url)
    if url.path != "/":
        raise UsageError(
            f"target {base_url!r} must have no path; give the address that `qwensim serve` prints"
        )

    def redirect(request: httpx2.Request) -> None:
        request.url = request.url.copy_with(scheme=url.scheme, host=url.host, port=url.port)

    return openai.DefaultHttpx2Client(event_hooks={"request": [redirect]})
