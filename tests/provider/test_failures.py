"""From a fault to an exception: every refusal of the catalogue, advice, and no key anywhere."""

import pickle
import re
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.catalog.rows import ErrorRow, FailureRow
from qwensim.provider import (
    AccessError,
    AuthError,
    BadRequestError,
    InputTooLongError,
    ModelNotOnPlanError,
    ModerationError,
    NotFoundError,
    OverdueError,
    PlanQuotaError,
    ProviderError,
    RateLimitError,
    ServerError,
    UnknownModelError,
)
from qwensim.provider import failures as tree
from qwensim.provider.credentials import Credential
from qwensim.provider.endpoints import resolve
from qwensim.provider.failures import Classifier
from qwensim.provider.faults import Fault, of_response

CATALOG = load()
CHAT_ERRORS = [row for row in CATALOG.errors.values() if row.wire == "compatible"]
BY_ID: dict[str, type[ProviderError]] = {
    "free-quota-exceeded": AccessError,
    "not-activated": AccessError,
    "plan-client-refused": AccessError,
    "overdue": OverdueError,
    "plan-unknown-model": ModelNotOnPlanError,
    "unknown-model": UnknownModelError,
    "model-not-compatible": UnknownModelError,
    "not-found": NotFoundError,
    "path-below-chat": NotFoundError,
    "plan-quota": PlanQuotaError,
    "input-length": InputTooLongError,
    "embedding-input-length": InputTooLongError,
}
BY_STATUS: dict[int, type[ProviderError]] = {
    400: BadRequestError,
    401: AuthError,
    403: AccessError,
    405: BadRequestError,
    429: RateLimitError,
    500: ServerError,
    503: ServerError,
}
FINAL = {400, 401, 403, 404, 405}


def classifier(auth_choice: str = "qwen-api-key", key: str = "sk-sp-abcdefgh1234") -> Classifier:
    endpoint = resolve(CATALOG, auth_choice=auth_choice)
    return Classifier(CATALOG, endpoint, Credential(key=key, source="QWEN_API_KEY"))


def answered(row: ErrorRow, *, framed: bool = False) -> httpx2.Response:
    """Render a refusal in its envelope, as a stream's event if `framed`."""
    envelope = CATALOG.envelopes[row.envelope]
    names = dict.fromkeys(re.findall(r"\{(\w+)\}", row.message), "3")
    names |= {"scope": "week", "model": "qwen9"}
    values: dict[str, Any] = {
        "message": re.sub(r"\{(\w+)\}", lambda found: names[found[1]], row.message),
        "type": row.type,
        "param": row.param,
        "code": row.code,
        "id": "chatcmpl-RID",
        "bare_id": "RID",
        "request_id": "RID",
        "chat_request_id": "chatcmpl-RID",
        "camel_request_id": "RID",
    }
    wire_name = {
        "bare_id": "id",
        "chat_request_id": "request_id",
        "camel_request_id": "requestId",
    }
    body = {wire_name.get(key, key): values[key] for key in envelope.body}
    if envelope.error:
        body = {"error": {key: values[key] for key in envelope.error}, **body}
    if envelope.literal is not None:
        return httpx2.Response(row.status, text=envelope.literal)
    text = msgspec.json.encode(body).decode()
    return httpx2.Response(row.status, text=f"data: {text}\n\n" if framed else text)


@pytest.mark.parametrize("framed", [False, True], ids=["plain", "framed"])
@pytest.mark.parametrize("row", CHAT_ERRORS, ids=lambda row: row.id)
def test_every_refusal_on_record_is_classified(row: ErrorRow, framed: bool) -> None:
    judge = classifier()
    error = judge.error(of_response(answered(row, framed=framed)), model="qwen9")
    expected = BY_ID.get(row.id, BY_STATUS.get(row.status))
    if row.code == "data_inspection_failed":
        expected = ModerationError
    assert type(error) is expected
    assert error.retry is (expected in {RateLimitError, ServerError})
    assert error.advice
    assert "{" not in error.advice
    envelope = CATALOG.envelopes[row.envelope]
    if {*envelope.error, *envelope.body} & {"id", "request_id", "chat_request_id"}:
        assert error.request_id == "RID"
        assert error.code == row.code
    if row.message and envelope.literal is None and "{" not in row.message:
        assert error.message == judge.redacted(row.message)


@given(status=st.integers(400, 599), code=st.none() | st.text(max_size=5))
def test_any_status_counts_as_its_class(status: int, code: str | None) -> None:
    error = classifier().error(Fault(status=status, code=code, message="?"))
    assert error.retry is (status == 429 or status >= 500)
    assert type(error) is not ProviderError


@given(
    status=st.sampled_from(sorted(FINAL)),
    code=st.sampled_from(sorted({c for row in CATALOG.failures.values() for c in row.code})),
    message=st.sampled_from([row.message for row in CHAT_ERRORS]),
    choice=st.sampled_from(sorted(CATALOG.auth_choices)),
)
def test_no_final_status_is_ever_tried_again(
    status: int, code: str, message: str, choice: str
) -> None:
    client_side = {"connection_failed", "timed_out"}
    if code not in client_side:
        fault = Fault(status=status, code=code, message=message)
        assert not classifier(choice).error(fault).retry


@pytest.mark.parametrize(
    ("plan", "choice", "base_url"),
    [
        (
            "qwen-api-key-cn",
            "qwen-standard-api-key-cn",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
        ),
        (
            "qwen-api-key",
            "qwen-standard-api-key",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ),
    ],
)
def test_a_model_off_the_plan_is_sent_to_standard_of_the_same_region(
    plan: str, choice: str, base_url: str
) -> None:
    response = answered(CATALOG.errors["plan-unknown-model"])
    error = classifier(plan).error(of_response(response), model="qwen3.6-plus")
    assert isinstance(error, ModelNotOnPlanError)
    assert f"{base_url} (auth choice {choice}," in error.advice
    assert "qwen3.6-plus" in error.advice


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("sk-abcdefgh1234", "is a Standard key;"),
        ("sk-sp-abcdefgh1234", "is a Coding Plan key;"),
        ("abc", "is no key of the service;"),
    ],
)
def test_a_refused_key_is_told_by_source_and_shape(key: str, shape: str) -> None:
    error = classifier(key=key).error(of_response(answered(CATALOG.errors["plan-wrong-key"])))
    assert isinstance(error, AuthError)
    assert f"The key came from QWEN_API_KEY and {shape}" in error.advice


def test_a_wrong_key_of_the_anthropic_protocol_is_one_though_its_status_is_403() -> None:
    error = classifier().error(of_response(answered(CATALOG.errors["anthropic-wrong-key"])))
    assert isinstance(error, AuthError)


def test_an_error_tells_words_facts_and_advice_in_one_line() -> None:
    error = classifier().error(of_response(answered(CATALOG.errors["plan-quota"])))
    assert str(error).startswith(
        "week allocated quota exceeded. (429, throttling, request RID) The plan's quota is spent"
    )


def test_an_error_survives_pickling() -> None:
    error = classifier().error(of_response(answered(CATALOG.errors["rate-limit"])))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own bytes
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_a_kind_without_a_class_is_a_provider_error_of_that_kind() -> None:
    row = {"id": "teapot", "kind": "teapot", "status": [418], "advice": "for {model} at {nowhere}"}
    first = {"failure": [row]}
    catalog = load(first)
    rows = {"teapot": catalog.failures["teapot"], **catalog.failures}
    catalog = msgspec.structs.replace(catalog, failures=rows)
    judge = Classifier(catalog, resolve(catalog), Credential(key="sk-1", source="api_key"))
    error = judge.error(Fault(status=418, message="short and stout"), model="m")
    assert (type(error), error.kind, error.advice) == (
        ProviderError,
        "teapot",
        "for m at {nowhere}",
    )


@pytest.mark.parametrize("row", CATALOG.failures.values(), ids=lambda row: row.id)
def test_an_advice_names_only_what_its_endpoints_have(row: FailureRow) -> None:
    known = {"model", "endpoint", "key"}
    if row.plan is not None:
        known |= {"base_url", "auth_choice"}
    assert set(re.findall(r"\{(\w+)\}", row.advice)) <= known


def test_every_class_of_the_tree_has_its_kind_and_rows() -> None:
    classes = {
        value
        for value in vars(tree).values()
        if isinstance(value, type) and issubclass(value, ProviderError)
    }
    assert {row.kind for row in CATALOG.failures.values()} == {cls.kind for cls in classes}
    assert len({cls.kind for cls in classes}) == len(classes)


@given(
    key=st.text("abcXYZ019-_.~+", min_size=8, max_size=40),
    echo=st.sampled_from(["{}", "Bearer {}", "model `{}` is not supported.", "a{}b"]),
    status=st.sampled_from([400, 401, 403, 404, 429, 500, None]),
    place=st.sampled_from(["message", "code", "request_id", "model"]),
    padding=st.integers(0, 1200),
)
def test_no_error_holds_the_key_wherever_it_is_echoed(
    key: str, echo: str, status: int | None, place: str, padding: int
) -> None:
    echoed = "." * padding + " " + echo.format(key)
    fields: dict[str, Any] = {"message": "words", "code": None, "request_id": None}
    if place in fields:
        fields[place] = echoed
    error = classifier(key=key).error(
        Fault(status=status, **fields), model=echoed if place == "model" else "qwen9"
    )
    assert key not in "\n".join([str(error), repr(error), repr(error.args), repr(vars(error))])


@pytest.mark.parametrize("padding", range(980, 1000))
def test_a_long_message_is_cut_without_leaving_a_part_of_the_key(padding: int) -> None:
    key = "k9ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    error = classifier(key=key).error(Fault(status=400, message="." * padding + key))
    assert len(error.message) <= 1000
    assert "k9" not in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        ("", "Bad Gateway, without a body"),
        ("data: no json", "data: no json"),
        ("[" * 100_000, "[" * 1000),
    ],
    ids=["html", "empty", "event", "deep"],
)
def test_a_body_that_is_no_error_is_quoted_in_short(text: str, words: str) -> None:
    error = classifier().error(of_response(httpx2.Response(502, text=text)))
    assert isinstance(error, ServerError)
    assert error.message == words


def test_a_native_frame_is_read_under_an_error_status() -> None:
    frame = (
        "id:1\nevent:error\n:HTTP_STATUS/400\n"
        'data:{"code":"Arrearage","message":"Access denied","request_id":"9"}\n\n'
    )
    error = classifier().error(of_response(httpx2.Response(400, text=frame)))
    assert isinstance(error, OverdueError)
    assert (error.message, error.request_id) == ("Access denied", "9")
