"""What the task service answers: states, lists, cancellations, and its own headers."""

import re
from typing import Any

import pytest

from qwensim.simulator import Account, Simulator, TaskPace, VirtualClock
from qwensim.simulator.clock import PAGE_MOMENT
from qwensim.simulator.tasks import KEPT

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ON_THE_CLOCK = TaskPace(pending=0.5, running=2.5)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def simulator(clock: VirtualClock) -> Simulator:
    return Simulator(clock=clock, task_pace=ON_THE_CLOCK)


def test_a_submitted_task_is_pending_and_has_an_id_of_its_own(client: Any) -> None:
    first, second = client.submit(), client.submit()
    assert [*first.json] == ["request_id", "output"]
    assert [*first.output] == ["task_id", "task_status"]
    assert first.output["task_status"] == "PENDING"
    assert UUID4.fullmatch(first.output["task_id"])
    assert first.output["task_id"] != second.output["task_id"]
    assert first.headers["x-dashscope-timeout"] == "298"
    assert first.headers["x-request-id"] == first.json["request_id"]


def test_a_task_goes_from_pending_to_running_to_done_on_the_clock(
    client: Any, clock: VirtualClock
) -> None:
    task = client.begin()
    outputs = []
    for seconds in (0.25, 0.25, 2.25, 0.25):
        clock.advance(seconds)
        outputs.append(client.poll(task).output)
    assert [output["task_status"] for output in outputs] == [
        *("PENDING", "RUNNING", "RUNNING", "SUCCEEDED")
    ]
    assert [*outputs[0]] == ["task_id", "task_status", "submit_time", "scheduled_time"]
    assert [*outputs[1]] == ["task_id", "task_status", "submit_time", "scheduled_time"]
    assert {name: outputs[3][name] for name in ("submit_time", "scheduled_time", "end_time")} == {
        "submit_time": "2026-05-18 08:00:00.000",  # Beijing time
        "scheduled_time": "2026-05-18 08:00:00.026",
        "end_time": "2026-05-18 08:00:03.000",
    }


def test_the_task_service_has_headers_of_its_own(client: Any) -> None:
    headers = client.poll(client.begin()).headers
    assert [*headers] == [
        "vary",
        "content-type",
        "req-cost-time",
        "req-arrive-time",
        "resp-start-time",
        "x-envoy-upstream-service-time",
        "date",
        "server",
    ]
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert headers["vary"] == "Accept-Encoding"


def test_a_slash_at_the_end_makes_no_difference(client: Any) -> None:
    task = client.begin()
    assert client.send("GET", f"/api/v1/tasks/{task}/").output["task_status"] == "PENDING"
    assert client.send("GET", "/api/v1/tasks/").json["total"] == 1
    assert client.send("POST", f"/api/v1/tasks/{task}/cancel/").status == 200


def test_a_task_is_unknown_to_other_keys_other_hosts_and_after_a_day(
    client: Any, make_client: Any, clock: VirtualClock, simulator: Simulator
) -> None:
    task = client.begin()
    stranger = make_client(simulator, key="sk-another-key-here")
    abroad = make_client(simulator, host="dashscope-intl.aliyuncs.com")
    unknown = {"task_id": task, "task_status": "UNKNOWN"}
    assert stranger.poll(task).output == unknown
    assert abroad.poll(task).output == unknown
    assert stranger.cancel(task).status == 400
    assert stranger.list()["total"] == 0
    assert client.state(task) == "PENDING"
    clock.advance(KEPT - 0.25)
    assert client.state(task) == "SUCCEEDED"
    clock.advance(0.25)
    assert client.poll(task).output == unknown
    assert client.list()["total"] == 0


def test_an_id_that_never_was_is_unknown(client: Any) -> None:
    got = client.poll("1111")
    assert got.status == 200
    assert [*got.json] == ["request_id", "output"]
    assert got.output == {"task_id": "1111", "task_status": "UNKNOWN"}
    assert client.poll("a%20b").output["task_id"] == "a b"


def test_tasks_belong_to_an_account(clock: VirtualClock, make_client: Any) -> None:
    accounts = [Account(key="sk-first-of-two"), Account(key="sk-second-of-two")]
    simulator = Simulator(clock=clock, accounts=accounts)
    first, second = (make_client(simulator, key=account.key) for account in accounts)
    task = first.begin()
    assert first.state(task) == "RUNNING"
    assert second.state(task) == "UNKNOWN"


def test_only_a_pending_task_can_be_cancelled(client: Any, clock: VirtualClock) -> None:
    task, other = client.begin(), client.begin()
    cancelled = client.cancel(task)
    assert (cancelled.status, [*cancelled.json]) == (200, ["request_id"])
    assert client.state(task) == "CANCELED"
    again = client.cancel(task)
    clock.advance(1)
    running = client.cancel(other)
    for refused in (again, running, client.cancel("1111")):
        assert refused.status == 400
        assert [*refused.json] == ["request_id", "code", "message"]
        assert refused.json["code"] == "UnsupportedOperation"
        assert "PENDING status" in refused.json["message"]
        assert "x-request-id" not in refused.headers
    assert client.state(task) == "CANCELED"
    assert client.state(other) == "RUNNING"


def test_five_tasks_of_a_model_run_at_once_and_the_others_wait(
    client: Any, clock: VirtualClock
) -> None:
    tasks = [client.begin() for _ in range(7)]
    other_model = client.begin("wan2.6-r2v", {"prompt": "x", "reference_urls": ["https://a/b.png"]})
    clock.advance(0.5)
    assert [client.state(task) for task in tasks] == ["RUNNING"] * 5 + ["PENDING"] * 2
    assert client.state(other_model) == "RUNNING"
    assert client.cancel(tasks[5]).status == 200
    clock.advance(2.5)
    assert [client.state(task) for task in tasks] == (
        ["SUCCEEDED"] * 5 + ["CANCELED"] + ["RUNNING"]
    )
    last = client.poll(tasks[6]).output
    assert last["scheduled_time"] == "2026-05-18 08:00:03.000"


def test_a_cancelled_task_takes_no_place(client: Any, clock: VirtualClock) -> None:
    tasks = [client.begin("wanx2.1-t2v-turbo") for _ in range(6)]
    for task in tasks[2:4]:
        assert client.cancel(task).status == 200
    clock.advance(3)
    assert [client.state(task) for task in tasks[4:]] == ["RUNNING"] * 2


def test_a_list_shows_the_newest_first_with_what_is_known_of_each(
    client: Any, clock: VirtualClock
) -> None:
    older = client.begin()
    clock.advance(1)
    newer = client.submit("wan2.7-r2v")
    listed = client.list()
    assert [*listed] == ["total", "data", "total_page", "page_no", "request_id", "page_size"]
    assert (listed["total"], listed["total_page"], listed["page_no"], listed["page_size"]) == (
        *(2, 1, 1, 10),
    )
    assert [item["task_id"] for item in listed["data"]] == [newer.output["task_id"], older]
    pending, running = listed["data"]
    assert [*running] == [
        "api_key_id",
        "caller_parent_id",
        "caller_uid",
        "gmt_create",
        "model_name",
        "region",
        "request_id",
        "start_time",
        "status",
        "task_id",
        "user_api_unique_key",
    ]
    assert "start_time" not in pending
    assert pending["request_id"] == newer.json["request_id"]
    assert (running["gmt_create"], running["start_time"]) == (
        int(PAGE_MOMENT * 1000),
        int(PAGE_MOMENT * 1000) + 26,
    )
    assert running["region"] == "cn-beijing"
    assert running["user_api_unique_key"] == (
        "apikey:v1:aigc:video-generation:video-synthesis:wan2.6-t2v"
    )
    clock.advance(5)
    assert client.list()["data"][1]["end_time"] == int(PAGE_MOMENT * 1000) + 3000


def test_a_list_is_filtered_and_comes_in_pages(client: Any, clock: VirtualClock) -> None:
    tasks = [client.begin() for _ in range(4)]
    clock.advance(10)
    late = client.begin("wan2.6-i2v", {"img_url": "https://a/b.png"})

    def ids(query: str) -> list[str]:
        return [item["task_id"] for item in client.list(query)["data"]]

    assert ids("status=PENDING") == [late]
    assert ids("status=SUCCEEDED&model_name=wan2.6-t2v") == tasks[::-1]
    assert ids("model_name=wan2.6-i2v") == [late]
    assert ids(f"task_id={tasks[1]}") == [tasks[1]]
    assert ids("status=CANCELED") == []
    assert ids("page_no=2&page_size=2") == [tasks[2], tasks[1]]
    assert ids("page_no=9") == []
    page = client.list("page_no=3&page_size=2")
    assert (page["total"], page["total_page"], page["page_no"]) == (5, 3, 3)
    # in Beijing time: the first tasks came at 08:00:00, the last at 08:00:10
    assert ids("start_time=20260518080005") == [late]
    assert ids("end_time=20260518080005") == tasks[::-1]
    assert ids("start_time=20260518080001&end_time=20260518080009") == []
    assert ids(f"start_time={int((PAGE_MOMENT + 5) * 1000)}") == [late]


@pytest.mark.parametrize(
    "query",
    [
        "page_no=0&page_size=0",
        "page_no=-1",
        "page_size=x",
        "start_time=20261399000000",
        "end_time=y",
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out(client: Any, query: str) -> None:
    task = client.begin()
    listed = client.list(query)
    assert [item["task_id"] for item in listed["data"]] == [task]
    assert (listed["page_no"], listed["page_size"]) == (1, 10)


def test_the_key_is_checked_on_every_path_of_tasks(client: Any) -> None:
    for method, path in (
        ("GET", "/api/v1/tasks/1111"),
        ("GET", "/api/v1/tasks"),
        ("POST", "/api/v1/tasks/1111/cancel"),
    ):
        got = client.send(method, path, key=False)
        assert (got.status, got.json["code"]) == (401, "InvalidApiKey")


def test_a_reset_forgets_tasks(client: Any, simulator: Simulator) -> None:
    task = client.begin()
    simulator.reset()
    assert client.state(task) == "UNKNOWN"


def test_the_same_requests_make_the_same_tasks(make_client: Any) -> None:
    def run(seed: int) -> list[bytes]:
        other = make_client(Simulator(seed=seed))
        task = other.begin()
        return [other.poll(task).body for _ in range(2)]

    assert run(1) == run(1)
    assert run(1) != run(2)
