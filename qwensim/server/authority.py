"""The certificate authority of a run: clients that trust it take the fake for the service."""

import os
import ssl
from collections.abc import Iterable
from pathlib import Path

import trustme

from qwensim.errors import UsageError

CERTIFICATE = "ca.pem"
"""The file that clients are told to trust."""

KEY = "ca-key.pem"
"""The file that must not leave the machine."""

_OWNER = "qwensim, for tests only"


class Authority:
    """Signs certificates. Its key is in memory only, unless it was read from a folder."""

    def __init__(self, ca: trustme.CA | None = None) -> None:
        self._ca = ca or trustme.CA(organization_name=_OWNER)

    @classmethod
    def kept_in(cls, folder: Path) -> "Authority":
        """Return the authority of a folder; one that has none gets a new one.

        The files are `CERTIFICATE` and, for its owner alone, `KEY`. Raises `UsageError` if they
        cannot be read or written, if one is missing, or if they are no authority.
        """
        certificate, key = folder / CERTIFICATE, folder / KEY
        try:
            if not certificate.exists() and not key.exists():
                authority = cls()
                authority._write(certificate, key)
                return authority
            ca = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
            # That they belong together is for OpenSSL to say.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except (ssl.SSLError, TypeError, ValueError) as error:
            raise UsageError(
                f"{certificate} and {key} are no certificate and its key: delete both to have new "
                "ones made"
            ) from error
        except OSError as error:
            raise UsageError(
                f"cannot keep an authority in {folder} ({error.strerror}: {error.filename}): give "
                f"a folder with both {CERTIFICATE} and {KEY}, or with neither"
            ) from error
        return cls(ca)

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, as PEM."""
        return self._ca.cert_pem.bytes()

    def context(self, names: Iterable[str]) -> ssl.SSLContext:
        """Return the settings of a TLS server that is called by any of `names`, for HTTP/1.1."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(*names, organization_name=_OWNER).configure_cert(context)
        return context

    def _write(self, certificate: Path, key: Path) -> None:
        certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(self._ca.private_key_pem.bytes())
        certificate.write_bytes(self.certificate)
