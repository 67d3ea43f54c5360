"""Temporary uploads: GET /api/v1/uploads gives the permit, a POST to the storage service uses it.

Model Studio docs: temporary uploads; cnblogs/dashscope-sdk RawHttpData/get-upload-policy-nosse.
"""

import datetime as dt
import hashlib
from urllib.parse import parse_qs

import msgspec

from qwensim.catalog import Catalog
from qwensim.exchange import Chunk, Head
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.clock import BEIJING
from qwensim.simulator.forms import decode_form
from qwensim.simulator.media.policies import MEGABYTES, VALID, Policies
from qwensim.simulator.media.uploads import Uploads
from qwensim.simulator.refusals import Refused

_CAPACITY = 999_999_999
"""Megabytes of an account, as recorded."""

_NO_CONTENT = 204
_STATUSES = frozenset({"200", "201"})
"""That a form may ask for in place of it."""


class UploadPolicySurface:
    """Gives permits to upload; any model may be named."""

    def __init__(self, catalog: Catalog, policies: Policies) -> None:
        self._policies = policies
        self._hosts = {
            row.region: row.name for row in catalog.asset_hosts.values() if "upload" in row.routes
        }

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        query = parse_qs(call.request.query)
        if query.get("action") != ["getPolicy"]:
            raise Refused("body-invalid")
        call.model = query.get("model", [""])[0]
        if not call.model:
            raise Refused("model-missing")
        host, request_id = self._hosts[call.host.region], call.identity.request_id
        account = hashlib.blake2b(call.account.key.encode(), digest_size=16).hexdigest()
        day = dt.datetime.fromtimestamp(call.arrived, BEIJING)
        directory = f"dashscope-instant/{account}/{day:%Y-%m-%d}/{request_id}"
        policy = self._policies.write(
            bucket=host.partition(".")[0], directory=directory, now=call.arrived
        )
        gateway = call.request.gateway
        permit = {
            "policy": policy,
            "signature": self._policies.signature(policy),
            "upload_dir": directory,
            "upload_host": f"{gateway}/{host}" if gateway else f"https://{host}",
            "expire_in_seconds": VALID,
            "max_file_size_mb": MEGABYTES,
            "capacity_limit_mb": _CAPACITY,
            "oss_access_key_id": self._policies.access_key_id,
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        body = msgspec.json.encode({"data": permit, "request_id": request_id})
        content_type = headers.JSON_TYPE
        return Answer(
            content_type=content_type,
            head=Head(
                status=200,
                headers=headers.task_service(content_type=content_type, arrived=call.arrived),
            ),
            events=iter((Chunk(data=body),)),
        )


class UploadSurface:
    """Takes files that come with a permit."""

    def __init__(self, policies: Policies, uploads: Uploads) -> None:
        self._policies = policies
        self._uploads = uploads

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        # The journal gets what is told of the file, not the file.
        call.body = {"length": len(call.request.body)}
        form = decode_form(call.request.header("content-type") or "", call.request.body)
        key = self._policies.check(form.fields, call.arrived)
        key = key.replace("${filename}", form.file_name)
        call.body = {"key": key, "file": form.file_name, "length": len(form.file)}
        address = f"oss://{key}"
        if address in self._uploads:
            raise Refused("storage-object-exists")
        self._uploads.add(address, form.file)
        wished = form.fields.get("success_action_status", "")
        status = int(wished) if wished in _STATUSES else _NO_CONTENT
        return Answer(
            content_type="",
            head=Head(
                status=status,
                headers=headers.storage(
                    arrived=call.arrived,
                    request_id=call.identity.request_id,
                    content=() if status == _NO_CONTENT else (("content-length", "0"),),
                ),
            ),
            events=iter(()),
        )
