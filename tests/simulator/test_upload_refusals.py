"""What the storage service refuses of an upload, and in which words."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qwensim.catalog import load
from qwensim.simulator import Simulator, VirtualClock

Send = Callable[..., Any]
CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
UPLOADS = "/api/v1/uploads"
BOUNDARY = "0123456789abcdef"
STORAGE_CODES = {row.code for row in load().errors.values() if row.wire == "storage"}


def picture(width: int = 640, height: int = 480) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def permit(send: Send, simulator: Simulator, host: str = CN) -> dict[str, Any]:
    query = "action=getPolicy&model=qwen3-vl-plus"
    reply = send(simulator, host=host, path=UPLOADS, method="GET", query=query, raw=b"")
    assert reply.status == 200
    return dict(reply.json["data"])


def fields_of(data: dict[str, Any], name: str = "cat.png") -> dict[str, str]:
    return {
        "OSSAccessKeyId": data["oss_access_key_id"],
        "Signature": data["signature"],
        "policy": data["policy"],
        "key": f"{data['upload_dir']}/{name}",
        "x-oss-object-acl": data["x_oss_object_acl"],
        "x-oss-forbid-overwrite": data["x_oss_forbid_overwrite"],
        "success_action_status": "200",
    }


def form(fields: dict[str, str], *files: bytes) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    disposition = b'Content-Disposition: form-data; name="file"; filename="cat.png"\r\n\r\n'
    parts += [disposition + file for file in files]
    lines = [f"--{BOUNDARY}\r\n".encode() + part + b"\r\n" for part in parts]
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


def post(
    send: Send,
    simulator: Simulator,
    body: bytes,
    *,
    host: str = "dashscope-file-mgr.oss-cn-beijing.aliyuncs.com",
    content_type: str = f"multipart/form-data; boundary={BOUNDARY}",
) -> Any:
    headers = (("content-type", content_type),)
    return send(simulator, host=host, path="/", key=None, headers=headers, raw=body)


def upload(send: Send, simulator: Simulator, *files: bytes, **changed: str) -> Any:
    fields = fields_of(permit(send, simulator)) | changed
    return post(send, simulator, form(fields, *files)), f"oss://{fields['key']}"


def code_in(reply: Any) -> str:
    assert reply.headers["content-type"] == "application/xml"
    return str(reply.body.decode().partition("<Code>")[2].partition("</Code>")[0])


# Refusals of the storage service


def test_a_key_is_written_once(send: Send, simulator: Simulator) -> None:
    body = form(fields_of(permit(send, simulator)), picture())
    assert post(send, simulator, body).status == 200
    again = post(send, simulator, body)
    assert (again.status, code_in(again)) == (409, "FileAlreadyExists")


def test_a_permit_runs_out(send: Send) -> None:
    clock = VirtualClock()
    simulator = Simulator(clock=clock)
    body = form(fields_of(permit(send, simulator)), picture())
    clock.advance(300)
    late = post(send, simulator, body)
    assert (late.status, code_in(late)) == (403, "AccessDenied")
    assert b"Invalid according to Policy: Policy expired." in late.body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "elsewhere/cat.png"),
        ("key", ""),
        ("x-oss-object-acl", "public-read"),
        ("x-oss-forbid-overwrite", "false"),
    ],
)
def test_the_permit_is_for_this_and_nothing_else(send: Send, field: str, value: str) -> None:
    reply, _ = upload(send, Simulator(), picture(), **{field: value})
    assert (reply.status, code_in(reply)) == (403, "AccessDenied")
    assert b"Invalid according to Policy: Policy Condition failed: " in reply.body


@pytest.mark.parametrize(("field", "value"), [("Signature", "x"), ("policy", ""), ("policy", "é")])
def test_a_permit_that_the_service_did_not_write(send: Send, field: str, value: str) -> None:
    reply, _ = upload(send, Simulator(), picture(), **{field: value})
    assert (reply.status, code_in(reply)) == (403, "SignatureDoesNotMatch")


def test_exactly_one_file(send: Send) -> None:
    for files in ((), (picture(), picture())):
        reply, _ = upload(send, Simulator(), *files)
        assert (reply.status, code_in(reply)) == (400, "IncorrectNumberOfFilesInPOSTRequest")


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data"])
def test_a_body_that_is_no_form(send: Send, content_type: str) -> None:
    reply = post(send, Simulator(), form({}, b"x"), content_type=content_type)
    assert (reply.status, code_in(reply)) == (400, "MalformedPOSTRequest")


def test_the_storage_takes_forms_only(send: Send, simulator: Simulator) -> None:
    host = "dashscope-file-mgr.oss-cn-beijing.aliyuncs.com"
    reply = send(simulator, host=host, path="/", method="GET", key=None, raw=b"")
    assert (reply.status, code_in(reply)) == (405, "MethodNotAllowed")


PIECES = st.lists(
    st.binary(max_size=20)
    | st.sampled_from(
        [
            b"--0123456789abcdef",
            b"\r\n--0123456789abcdef\r\n",
            b"\r\n--0123456789abcdef--\r\n",
            b"\r\n\r\n",
            b'Content-Disposition: form-data; name="file"',
            b'Content-Disposition: form-data; name="key"',
            b"Content-Disposition: form-data; name*=utf-8''k%E9y",
        ]
    ),
    max_size=12,
).map(b"".join)


@given(PIECES)
def test_any_form_is_refused_in_known_words(send: Send, body: bytes) -> None:
    reply = post(send, Simulator(), body)
    assert reply.status in (400, 403)
    assert code_in(reply) in STORAGE_CODES
