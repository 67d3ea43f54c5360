"""Has the clients of this process trust a proxy: those that look when they are imported too."""

import contextlib
import importlib
import ssl

import pytest

_EARLY = ("requests", "aiohttp.connector", "certifi")
"""They decide whom to trust when they are imported: that must not be while the proxy is there."""


def trust(patch: pytest.MonkeyPatch, bundle: str) -> None:
    """Have clients that heed no variable trust the certificates in the file `bundle`."""
    installed = set()
    for name in _EARLY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
            installed.add(name)
    if "certifi" in installed:
        for holder in ("certifi", "certifi.core"):
            patch.setattr(f"{holder}.where", lambda: bundle)
    if "aiohttp.connector" in installed:
        context = ssl.create_default_context(cafile=bundle)
        # There is no public place for what it uses by default.
        patch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", context, raising=False)
