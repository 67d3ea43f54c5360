"""Scripts and faults decide on the end of a video."""

from typing import Any

import pytest

from qwensim.fake import Fake
from qwensim.simulator import Fault, Simulator


def test_a_strict_fake_wants_a_script_for_a_video(client: Any, simulator: Simulator) -> None:
    fake = Fake(simulator, strict=True)
    simulator.script(model="wan*")
    client.make()
    assert fake.problems() == []
    client.make()
    assert [line.partition(":")[0] for line in fake.problems()] == ["no script matched"]


def test_a_script_has_a_task_fail(client: Any, simulator: Simulator) -> None:
    simulator.script(error="task-failed-moderation", last_user="cat")
    got = client.make()
    assert got.output["code"] == "DataInspectionFailed"
    entry = simulator.journal[-1]
    assert (entry.error, entry.scripted, entry.status) == ("task-failed-moderation", True, 200)
    assert client.make().output["task_status"] == "SUCCEEDED"


def test_a_script_has_a_task_refused(client: Any, simulator: Simulator) -> None:
    simulator.script(error="overdue", model="wan*")
    got = client.submit()
    assert (got.status, got.json["code"]) == (400, "Arrearage")
    assert client.list()["total"] == 0


def test_the_fault_of_a_script_meets_the_request_alone(client: Any, simulator: Simulator) -> None:
    simulator.script(fault=Fault(kind="error", error="task-failed-download"))
    assert client.make().output["code"] == "InvalidParameter.DataInspection"
    simulator.script(fault=Fault(kind="malformed-chunk"))
    with pytest.raises(ValueError, match="delimiter"):
        _ = client.submit().json
    task = client.list()["data"][0]["task_id"]
    assert client.finish(task).output["task_status"] == "SUCCEEDED"


def test_a_script_that_speaks_is_left_for_a_model_that_talks(
    client: Any, simulator: Simulator
) -> None:
    script = simulator.script("Hello!")
    assert client.make().output["task_status"] == "SUCCEEDED"
    assert simulator.unused_scripts == (script,)


@pytest.mark.parametrize("kind", ["error", "malformed-chunk", "truncated-chunk"])
def test_a_fault_meets_a_submission_and_a_poll(
    client: Any, simulator: Simulator, kind: Any
) -> None:
    task = client.begin()
    for ask in (client.submit, lambda: client.poll(task)):
        simulator.fault(kind)
        if kind == "error":
            got = ask()
            assert (got.status, got.json["code"]) == (500, "InternalError")
        else:
            with pytest.raises(ValueError, match=r"(?i)json|delimiter|expecting|unterminated"):
                _ = ask().json
        assert simulator.journal[-1].fault == kind
    assert client.finish(task).output["task_status"] == "SUCCEEDED"
