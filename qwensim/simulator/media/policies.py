"""The signed permits with which clients upload files to the storage service.

The form is that of the Object Storage Service's form upload, recorded in cnblogs/dashscope-sdk
RawHttpData/get-upload-policy-nosse.
"""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from qwensim.simulator.refusals import Refused

VALID = 300
"""Seconds for which a permit lets one upload."""

MEGABYTES = 1024
"""The longest file that a permit allows."""


class _Written(msgspec.Struct):
    """A permit as it is signed."""

    expiration: dt.datetime
    conditions: list[list[str | int] | dict[str, str]]


class Policies:
    """Writes permits, and knows its own again. The secret is made of the seed."""

    def __init__(self, seed: int) -> None:
        self._secret = hashlib.blake2b(b"uploads %d" % seed, digest_size=32).digest()
        self.access_key_id = "LTAI5t" + self._secret.hex()[:18]

    def write(self, *, bucket: str, directory: str, now: float) -> str:
        """Return a permit to upload into a directory of a bucket."""
        moment = dt.datetime.fromtimestamp(now + VALID, dt.UTC)
        written = {
            "expiration": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "conditions": [
                ["content-length-range", 0, MEGABYTES * 1024 * 1024],
                ["starts-with", "$key", directory],
                {"bucket": bucket},
                {"x-oss-object-acl": "private"},
                {"x-oss-forbid-overwrite": "true"},
            ],
        }
        return base64.b64encode(msgspec.json.encode(written)).decode("ascii")

    def signature(self, policy: str) -> str:
        """Return the signature of a permit."""
        digest = hmac.digest(self._secret, policy.encode("utf-8", "replace"), "sha1")
        return base64.b64encode(digest).decode("ascii")

    def check(self, fields: Mapping[str, str], now: float) -> str:
        """Return the key under which a form may be stored, or refuse it."""
        policy, signature = fields.get("policy", ""), fields.get("signature", "")
        if not hmac.compare_digest(self.signature(policy).encode(), signature.encode()):
            raise Refused(
                "storage-signature",
                access_key_id=fields.get("ossaccesskeyid", ""),
                signature=signature,
            )
        written = msgspec.json.decode(base64.b64decode(policy), type=_Written)
        if now >= written.expiration.timestamp():
            raise Refused("storage-policy-expired")
        key = fields.get("key", "")
        for condition in written.conditions:
            if isinstance(condition, dict):
                kept = all(fields.get(name, value) == value for name, value in condition.items())
            else:
                kept = condition[0] != "starts-with" or key.startswith(str(condition[2]))
            if not kept:
                raise Refused(
                    "storage-policy-failed", value=msgspec.json.encode(condition).decode()
                )
        return key
