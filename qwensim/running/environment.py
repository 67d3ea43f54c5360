"""The variables that lead a program's requests to the proxy, whatever it is written in."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from qwensim.catalog import Catalog

PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
"""Set in lower case too: curl ignores `HTTP_PROXY`, other clients the lower case."""

AUTHORITIES: Final = (
    "SSL_CERT_FILE",  # OpenSSL, and with it Python's ssl, httpx2, Go, Ruby
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
"""Each names a file with the certificates of the authorities to trust."""

DIRECT: Final = ("localhost", "127.0.0.1", "::1")
"""What is asked without the proxy."""

OTHER_KEYS: Final = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
"""Variables of clients that are not the service's own."""


_SITE: Final = Path(__file__).with_name("site")


@contextlib.contextmanager
def variables(
    environ: Mapping[str, str],
    *,
    proxy: str,
    certificate: bytes,
    direct: Iterable[str] = DIRECT,
) -> Iterator[dict[str, str]]:
    """Yield the variables to set, and their values, for a program with the environment `environ`.

    `proxy` is its URL, `certificate` the PEM of its authority. They hold while the context lasts:
    the certificates are in a folder that only its owner can look into. Authorities that `environ`
    names are trusted as before; what it exempts from proxies gives way to `direct`, so that nothing
    passes by.
    """
    with tempfile.TemporaryDirectory(prefix="qwensim-") as folder:
        bundle = Path(folder) / "ca.pem"
        bundle.write_bytes(b"\n".join([certificate, *_trusted(environ)]))
        upper = dict.fromkeys(PROXIES, proxy) | {"NO_PROXY": ",".join(direct)}
        yield {
            **upper,
            **{name.lower(): value for name, value in upper.items()},
            **dict.fromkeys(AUTHORITIES, str(bundle)),
            "NODE_USE_ENV_PROXY": "1",
            "PYTHONPATH": os.pathsep.join([str(_SITE), *filter(None, [environ.get("PYTHONPATH")])]),
        }


def missing_keys(catalog: Catalog, environ: Mapping[str, str], key: str) -> dict[str, str]:
    """Return the variables for keys that are not set, with `key` for each."""
    names = (*catalog.key_variables, *OTHER_KEYS)
    return {name: key for name in names if not environ.get(name)}


def _trusted(environ: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the certificates that `environ` names; a file that is not there it names in vain."""
    for name in dict.fromkeys(environ.get(variable) for variable in AUTHORITIES):
        if name:
            with contextlib.suppress(OSError):
                yield Path(name).read_bytes()
