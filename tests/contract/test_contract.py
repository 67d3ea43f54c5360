"""That the contract tells a service that keeps it from one that does not."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import msgspec
import pytest

from qwensim.catalog import Catalog, load, loader
from qwensim.catalog.rows import HostRow
from qwensim.contract import Case, Cassettes, Fake, Gateway, Live, Served, Session, cases, run
from qwensim.errors import UsageError
from qwensim.recording import use_cassette
from qwensim.server import serve
from qwensim.simulator import Simulator, TaskPace, VirtualClock
from qwensim.transport import transport

KEY = "sk-entirely-secret-0001"
STANDARD = "dashscope.aliyuncs.com"
PLAN = "coding-intl.dashscope.aliyuncs.com"


Way: TypeAlias = Callable[[Simulator], httpx2.BaseTransport]


def faked(simulator: Simulator) -> httpx2.BaseTransport:
    return transport(simulator, httpx2)


class Elsewhere(Fake):
    """A target that is answered by what a test says: a fake of other facts, or something else."""

    name = "elsewhere"

    def __init__(self, catalog: Catalog, way: Way = faked, *, facts: Catalog | None = None) -> None:
        super().__init__(catalog)
        self._to = way
        self._facts = facts or catalog

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        clock = VirtualClock()
        simulator = Simulator(catalog=self._facts, clock=clock, task_pace=TaskPace())
        session = Session(
            catalog=self.catalog,
            host=host,
            model=case.model(self.catalog, host.name) or "",
            key=KEY if host.plan == "standard" else KEY.replace("sk-", "sk-sp-"),
            service=simulator,
            transport=self._to(simulator),
            sleep=clock.advance,
        )
        with contextlib.closing(session):
            yield session


def the(case: str) -> Case:
    (found,) = cases(case)
    return found


def outcomes(target: Elsewhere, pattern: str = "*") -> dict[str, set[str]]:
    """Return for each case how it fares on its hosts."""
    return {
        case.id: {run(case, host, target).outcome for host in case.hosts(target.catalog)}
        for case in cases(pattern)
    }


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    ids = [case.id for case in cases()]
    assert len(ids) == len(set(ids)) >= 300
    assert all(re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", name) for name in ids)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_case_says_what_it_holds_and_is_about_a_host(case: Case, catalog: Catalog) -> None:
    assert case.title
    assert case.holds
    assert case.hosts(catalog)


def unreachable(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("nobody", request=request)


EMPTY_ANSWERS: Mapping[str, Callable[[httpx2.Request], httpx2.Response]] = {
    "an empty object": lambda _: httpx2.Response(200, json={}),
    "a list": lambda _: httpx2.Response(200, json=[1]),
    "a page": lambda _: httpx2.Response(200, text="<html>It works!</html>"),
    "an empty stream": lambda _: httpx2.Response(
        200, content=b"data: {}\n\ndata: [DONE]\n\n", headers={"content-type": "text/event-stream"}
    ),
    "an error page": lambda _: httpx2.Response(502, text="<html>Bad gateway</html>"),
    "nobody": unreachable,
}


@pytest.mark.parametrize("answer", EMPTY_ANSWERS)
def test_a_service_that_does_nothing_right_keeps_no_promise(answer: str, catalog: Catalog) -> None:
    target = Elsewhere(catalog, lambda _: httpx2.MockTransport(EMPTY_ANSWERS[answer]))
    assert {name for name, seen in outcomes(target).items() if seen != {"broken"}} == set()


def replaced(catalog: Catalog, table: str, row: str, **fields: Any) -> Catalog:
    """Return a catalogue in which a row is another one."""
    tables = {name: getattr(catalog, PLURALS.get(name, f"{name}s")) for name in TABLES}
    changed = msgspec.structs.replace(tables[table][row], **fields)
    tables[table] = {**tables[table], row: changed}
    return Catalog.from_tables(tables)


TABLES = tuple(loader.TABLES)
PLURALS = {"advertised": "advertised", "media": "media", "words": "words"}

MUTANTS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("model", "qwen3.5-plus", {"thinking": "off"}, {"thinking-level-unset", "thinking-on-default"}),
    ("model", "qwen3-max-2026-01-23", {"thinking": "on"}, {"thinking-off-default"}),
    ("model", "qwen3-coder-plus", {"thinking": "off"}, {"thinking-never-flag-on"}),
    ("model", "qwen3-32b", {"thinking_streams_only": False}, {"thinking-needs-stream"}),
    ("model", "qwq-plus", {"stream_only": False}, {"stream-only-model"}),
    ("model", "qwen3-max-2026-01-23", {"max_output": 8192}, {"limit-max-tokens"}),
    ("model", "glm-4.7", {"hosts": ("standard",)}, {"serves-glm-4.7", "config-serves-glm-4.7"}),
    (
        "model",
        "qwen3.6-plus",
        {"hosts": ("standard", "coding")},
        {"lacks-qwen3.6-plus", "model-not-on-plan", "config-model-explicit", "onboard-move"},
    ),
    ("model", "qwen3.5-plus", {"usage": "totals"}, {"usage-shape", "usage-shape-streamed"}),
    ("parameter", "temperature", {"below": None}, {"limit-temperature", "envelope-model"}),
    ("parameter", "seed", {"minimum": -5}, {"limit-seed"}),
    (
        "plan",
        "standard",
        {"key_pattern": ".*"},
        {"key-of-other-plan", "key-malformed", "config-key-of-other-plan"},
    ),
    ("plan", "standard", {"routes": ("chat",)}, {"models-list"}),
    ("plan", "coding", {"client_check": None}, {"client-without-name"}),
    ("plan", "coding", {"unknown_model": "unknown-model"}, {"lacks-qwen3.6-plus"}),
    ("error", "thinking-only", {"message": "No."}, {"thinking-only-flag-off"}),
    ("error", "json-word-missing", {"status": 422}, {"json-word-missing"}),
    ("error", "role-unknown", {"envelope": "gateway"}, {"role-unknown", "envelope-front"}),
    ("error", "overdue", {"code": "Overdue"}, {"account-overdue"}),
    ("envelope", "plan", {"error": ("message", "code", "param", "type")}, {"envelope-gateway"}),
    ("envelope", "model", {"stream": None}, {"envelope-model-streamed"}),
    ("envelope", "empty", {"literal": "{}"}, {"path-unknown", "native-on-plan", "video-on-plan"}),
    (
        "native",
        "commercial",
        {"incremental": "on"},
        {"native-stream-unset", "native-stream-text"},
    ),
    ("native", "commercial", {"result_format": "message"}, {"native-text", "native-prompt"}),
    ("native", "text", {"incremental": "off"}, {"native-stream-incremental-unset"}),
    ("native", "multimodal", {"incremental": "on"}, {"multimodal-stream-cumulative"}),
    (
        "envelope",
        "flat-model",
        {"stream_status": None},
        {"native-error-framed", "native-parameter", "multimodal-image-tiny"},
    ),
    ("envelope", "flat-model", {"event": "data: $body\n\n"}, {"native-error-framed"}),
    ("envelope", "flat", {"event": "data: $body\n\n"}, {"native-stream-error"}),
    ("error", "native-wrong-key", {"code": "InvalidKey"}, {"native-key-unknown", "task-wrong-key"}),
    ("error", "native-url-error", {"status": 404}, {"native-routing-text", "native-routing-media"}),
    (
        "model",
        "qwen3-max",
        {"inputs": ("text", "image")},
        {"vision-text-only", "vision-describe-text-only"},
    ),
    (
        "media",
        "qwen-vl-max",
        {"patch": 28},
        {"vision-image", "vision-frames", "multimodal-image", "multimodal-frames"},
    ),
    ("media", "qwen-vl-max", {"max_pixels": 1_003_520}, {"vision-image-shrunk"}),
    ("media", "qwen-vl-plus", {"patch": 28}, {"multimodal-photo-qwen-vl-plus"}),
    ("media", "qwen3-vl", {"min_pixels": 4096}, {"vision-image-enlarged"}),
    ("route", "task", {"trailing_slash": False}, {"task-with-slash"}),
    ("plan", "standard", {"routes": ("chat", "models")}, {"task-list", "task-unknown"}),
    ("plan", "coding", {"routes": ("chat", "task-list")}, {"video-on-plan"}),
    ("video", "wan2.6-t2v", {"running": 6}, {"task-waiting"}),
    ("video", "wan2.6-t2v", {"prompt": False}, {"video-failed-prompt"}),
    ("video", "wan2.6-t2v", {"resolutions": ("1080P",)}, {"video-failed-size", "video-fetched"}),
    ("video", "wan2.6-i2v", {"shortest_side": 0}, {"video-failed-image-small"}),
    ("video", "wan2.6-r2v", {"usage": ("duration", "size")}, {"video-cost-wan2.6-r2v"}),
    ("video", "wan2.7-r2v", {"media": ("first_frame",)}, {"video-made-wan2.7-r2v"}),
    (
        "envelope",
        "flat-tasks",
        {"body": ("code", "message", "request_id")},
        {"task-cancelled", "task-cancelled-late"},
    ),
    ("error", "storage-expired", {"status": 401}, {"video-expired", "task-forgotten"}),
    ("wire", "anthropic", {"key_header": None}, {"anthropic-key-in-x-api-key"}),
    ("envelope", "anthropic", {"stream": None}, {"anthropic-error-framed", "anthropic-budget"}),
    ("error", "anthropic-wrong-key", {"status": 401}, {"anthropic-key-malformed"}),
    ("error", "anthropic-max-tokens-missing", {"status": 422}, {"anthropic-max-tokens-missing"}),
    ("model", "qwen3-coder-plus", {"thinking": "on"}, {"anthropic-thinking-never"}),
    ("model", "qwen3.5-plus", {"max_output": 8192}, {"anthropic-max-tokens-range"}),
    ("plan", "coding", {"routes": ("chat", "messages")}, {"anthropic-routing"}),
    (
        "wire",
        "responses",
        {"event_body": ("code", "message")},
        {"responses-error-framed", "responses-temperature"},
    ),
    (
        "wire",
        "responses",
        {"reasoning": "reasoning_text"},
        {"responses-both-ways", "responses-thinking-effort"},
    ),
    ("envelope", "responses", {"stream": None}, {"responses-error-framed", "responses-effort"}),
    ("error", "responses-wrong-key", {"status": 403}, {"responses-key-malformed"}),
    (
        "error",
        "responses-previous-unknown",
        {"code": "NotFound"},
        {"responses-previous-unknown", "responses-not-kept", "responses-forgotten"},
    ),
    ("plan", "standard", {"routes": ("chat", "responses")}, {"responses-routing"}),
    ("plan", "standard", {"routes": ("responses", "responses-legacy")}, {"responses-kept"}),
    ("plan", "coding", {"routes": ("chat", "responses")}, {"responses-on-plan"}),
    (
        "model",
        "qwen3-vl-plus",
        {"surfaces": ("chat", "responses")},
        {"responses-lacks-vision"},
    ),
    ("model", "qwen3.5-plus", {"thinking": "never"}, {"responses-thinking-effort"}),
    ("built_in_tool", "web_search", {"steps": ("completed",)}, {"responses-web-search"}),
    ("plan", "coding", {"routes": ("chat", "reranks")}, {"embedding-on-plan"}),
    ("embedding", "text-embedding-v4", {"norm": 2.0}, {"embedding-sizes", "embedding-client"}),
    ("embedding", "text-embedding-v4", {"dimension": 768}, {"embedding-size-text-embedding-v4"}),
    ("embedding", "text-embedding-v4", {"rows": 25}, {"embedding-batch-text-embedding-v4"}),
    ("embedding", "text-embedding-v4", {"sparse": False}, {"embedding-sparse"}),
    ("embedding", "text-embedding-v1", {"norm": 1.0}, {"embedding-size-text-embedding-v1"}),
    ("embedding", "qwen3-vl-embedding", {"fuses": "never"}, {"embedding-media-fused"}),
    ("envelope", "rows", {"body": ("request_id",)}, {"embedding-input-tokens"}),
    ("rerank", "gte-rerank-v2", {"compatible": True}, {"rerank-routing"}),
    ("rerank", "qwen3-rerank", {"documents": 100}, {"rerank-documents-too-many"}),
]


@pytest.mark.parametrize(
    ("table", "row", "fields", "broken"),
    MUTANTS,
    ids=[f"{row} {name}" for _, row, fields, _ in MUTANTS for name in fields],
)
def test_a_service_that_differs_breaks_the_promise(
    table: str, row: str, fields: dict[str, Any], broken: set[str], catalog: Catalog
) -> None:
    target = Elsewhere(catalog, facts=replaced(catalog, table, row, **fields))
    for name in broken:
        assert "broken" in outcomes(target, name)[name], name


CLIENT_MUTANTS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    (
        "auth_choice",
        "qwen-standard-api-key",
        {"host": STANDARD},
        {"auth-choice", "auth-choice-legacy", "onboard", "onboard-legacy", "onboard-merge"},
    ),
    ("auth_choice", "qwen-api-key", {"legacy": ()}, {"auth-choice-legacy", "onboard-legacy"}),
    (
        "advertised",
        "qwen3.6-plus",
        {"omitted_on": ()},
        {"onboard", "config-models", "config-model-explicit"},
    ),
    ("advertised", "kimi-k2.5", {"context_window": 1}, {"onboard"}),
    (
        "failure",
        "model-not-on-plan",
        {"advice": "{endpoint} does not have {model}."},
        {"model-not-on-plan", "config-model-explicit", "onboard-move"},
    ),
    (
        "failure",
        "key-coding",
        {"advice": "Try another."},
        {"key-advice", "config-key-of-other-plan"},
    ),
    ("failure", "unknown-model", {"kind": "bad_request"}, {"config-lacks-glm-5"}),
    (
        "failure",
        "plan-key-on-standard",
        {"advice": "Try another."},
        {
            "vision-describe-with-plan-key",
            "video-with-plan-key",
            "image-client-with-plan-key",
        },
    ),
    ("video", "wan2.7-r2v", {"ratio": False}, {"video-made-wan2.7-r2v"}),
    ("video", "wan2.6-i2v", {"geometry": "size"}, {"video-made-wan2.6-i2v"}),
    ("route", "video-synthesis", {"path": "/api/v1/videos"}, {"video-made-wan2.6-t2v"}),
    ("route", "task-cancel", {"path": "/api/v1/tasks/{task_id}"}, {"task-given-up"}),
    ("route", "reranks", {"path": "/compatible-mode/v1/reranks"}, {"rerank-client"}),
    ("image", "qwen-image-plus", {"sizes": ("1024*1024",)}, {"image-client"}),
    ("image", "wan2.6-t2i", {"most_images": 5}, {"image-client-limits"}),
    (
        "route",
        "image-synthesis",
        {"path": "/api/v1/images"},
        {"image-client-wan2.2-t2i-flash", "image-client-ordered-once"},
    ),
    ("embedding", "text-embedding-v4", {"rows": 25}, {"embedding-client-batches"}),
    ("rerank", "gte-rerank-v2", {"compatible": True}, {"rerank-client-older"}),
]


@pytest.mark.parametrize(
    ("table", "row", "fields", "broken"),
    CLIENT_MUTANTS,
    ids=[f"{row} {name}" for _, row, fields, _ in CLIENT_MUTANTS for name in fields],
)
def test_a_client_that_differs_breaks_the_promise(
    table: str, row: str, fields: dict[str, Any], broken: set[str], catalog: Catalog
) -> None:
    target = Elsewhere(replaced(catalog, table, row, **fields), facts=catalog)
    for name in broken:
        assert "broken" in outcomes(target, name)[name], name


def test_a_service_and_a_client_that_do_not_differ_keep_them(catalog: Catalog) -> None:
    target = Elsewhere(catalog)
    names = {name for *_, broken in MUTANTS + CLIENT_MUTANTS for name in broken}
    assert {name for name in names if outcomes(target, name)[name] != {"kept"}} == set()


def test_what_is_told_of_a_broken_promise_holds_no_key(catalog: Catalog) -> None:
    def echo(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(418, text=f"you sent {request.headers['authorization']}")

    target = Elsewhere(catalog, lambda _: httpx2.MockTransport(echo))
    result = run(the("answer-outside"), STANDARD, target)
    assert result.outcome == "broken"
    assert "you sent" in result.detail
    assert KEY not in result.detail


def test_a_broken_promise_tells_what_was_expected_and_what_was_seen(catalog: Catalog) -> None:
    target = Elsewhere(catalog, facts=replaced(catalog, "error", "wrong-key", status=403))
    assert run(the("key-malformed"), STANDARD, target).detail == "status: expected 401, saw 403"


def test_a_case_of_another_host_is_a_mistake_of_the_caller(catalog: Catalog) -> None:
    result = run(the("default-endpoint"), STANDARD, Fake(catalog))
    assert result.detail == f"UsageError: case 'default-endpoint' is not about {STANDARD}"


def test_an_unknown_case_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no case 'usage-aksed' among \d+; .* usage-asked"):
        cases("usage-aksed")


def test_without_a_recording_a_case_is_not_run(tmp_path: Path, catalog: Catalog) -> None:
    case = the("usage-asked")
    result = run(case, PLAN, Cassettes(tmp_path, catalog))
    assert result.outcome == "not run"
    assert result.detail == f"no recording {tmp_path / PLAN / 'chat' / 'usage-asked.yaml'}"


def test_no_recording_is_looked_for_where_none_can_be(tmp_path: Path, catalog: Catalog) -> None:
    case = the("stream-drop")
    assert not case.recordable
    result = run(case, PLAN, Cassettes(tmp_path, catalog))
    assert result.detail == "no recording can hold it: fault, script"


@pytest.mark.parametrize(
    "name",
    [
        "usage-foreign-host",
        "retries-end",
        "account-overdue",
        "native-stream-cumulative",
        "native-stream-error",
        "multimodal-thinking",
        "vision-frames",
        "task-list",
        "task-given-up",
        "video-fetched",
        "video-unsigned",
        "anthropic-thinking",
        "anthropic-stream-error",
        "responses-kept",
        "responses-stream-error",
        "responses-goes-on",
        "image-client",
        "embedding-client-batches",
        "rerank-order",
    ],
)
def test_what_is_recorded_from_the_fake_keeps_the_promise(
    name: str, tmp_path: Path, catalog: Catalog
) -> None:
    case = the(name)
    with use_cassette(case.recording(tmp_path, STANDARD), record="all", catalog=catalog):
        assert run(case, STANDARD, Fake(catalog)).outcome == "kept"
    assert run(case, STANDARD, Cassettes(tmp_path, catalog)).outcome == "kept"


def test_the_live_service_wants_a_key_for_each_host(catalog: Catalog) -> None:
    result = run(the("usage-asked"), PLAN, Live(catalog, environ={}))
    assert (result.outcome, result.detail) == ("not run", "no key: set QWEN_API_KEY")
    result = run(the("usage-asked"), STANDARD, Live(catalog, environ={"QWEN_API_KEY": KEY}))
    assert result.detail == "no key: set QWEN_STANDARD_API_KEY_CN"


def test_nothing_can_be_arranged_with_the_live_service(catalog: Catalog) -> None:
    live = Live(catalog, environ={"QWEN_STANDARD_API_KEY_CN": KEY})
    assert run(the("account-overdue"), STANDARD, live).detail == "needs account"


def test_the_live_service_is_asked_under_its_own_name(tmp_path: Path, catalog: Catalog) -> None:
    case = the("usage-asked")
    path = case.recording(tmp_path, STANDARD)
    with use_cassette(path, record="all", catalog=catalog):
        run(case, STANDARD, Fake(catalog))
    live = Live(catalog, environ={"QWEN_STANDARD_API_KEY_CN": KEY})
    with use_cassette(path, catalog=catalog):
        assert run(case, STANDARD, live).outcome == "kept"


def test_a_gateway_stands_for_a_host(catalog: Catalog) -> None:
    simulator = Simulator(catalog=catalog)
    with serve(simulator) as server:
        gateway = Gateway(f"{server.url}/v1/", key="sk-sp-of-a-gateway", catalog=catalog)
        assert run(the("model-not-on-plan"), PLAN, gateway).outcome == "kept"
        assert run(the("usage-native"), PLAN, gateway).outcome == "kept"
    assert {entry.host for entry in simulator.journal} == {PLAN}
    assert run(the("key-unknown"), PLAN, gateway).detail == "needs account"
    assert run(the("task-cancelled"), STANDARD, gateway).detail == "needs pace"
    assert run(the("vision-describe-elsewhere"), PLAN, gateway).detail == "needs standard"


@pytest.mark.parametrize("below", ["", f"/{STANDARD}"])
@pytest.mark.parametrize("base_path", ["", "/v1", "/compatible-mode/v1"])
def test_a_gateway_has_the_native_api_beside_the_chat(
    below: str, base_path: str, catalog: Catalog
) -> None:
    simulator = Simulator(catalog=catalog, task_pace=TaskPace(polls=1))
    with serve(simulator, region="china") as server:
        gateway = Gateway(f"{server.url}{below}{base_path}", key=KEY, catalog=catalog)
        for name in ("native-text", "video-fetched"):
            assert run(the(name), STANDARD, gateway).outcome == "kept"
    storage = "dashscope-result-bj.oss-cn-beijing.aliyuncs.com"
    assert {entry.host for entry in simulator.journal} == {STANDARD, storage}


def test_an_account_of_one_case_keeps_no_other_out(catalog: Catalog) -> None:
    with Served(catalog) as served:
        assert run(the("key-revoked"), STANDARD, served).outcome == "kept"
        assert run(the("usage-asked"), STANDARD, served).outcome == "kept"
        assert run(the("retried-no-answer"), STANDARD, served).detail == "needs clock"


def test_the_contract_follows_the_catalogue_of_another_day() -> None:
    later = Fake(load(as_of=load().hosts[STANDARD].checked))
    assert PLAN not in the("lacks-qwen3.6-plus").hosts(later.catalog)
    assert run(the("serves-qwen3.6-plus"), PLAN, later).outcome == "kept"
    assert run(the("models-list"), PLAN, later).outcome == "kept"
