"""What a simulator is made of, checked before it is made."""

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.fields import check_fields, check_kind
from qwensim.simulator.clock import Clock
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.tasks import TaskPace


def check_settings(
    *,
    catalog: Catalog | None,
    seed: int,
    clock: Clock | None,
    pace: Pace,
    task_pace: TaskPace | None,
    tokenizer: Tokenizer | None,
    journal_size: int,
) -> None:
    """Raise `UsageError` for a setting of `Simulator` that is none, with the value seen."""
    check_kind("catalog", catalog, Catalog | None, "a Catalog, such as load_catalog()")
    check_kind("seed", seed, int, "a whole number")
    _check_method("clock", clock, "now", "a Clock, such as VirtualClock()")
    _check_method("tokenizer", tokenizer, "split", "a Tokenizer, such as exact_tokenizer()")
    check_kind("pace", pace, Pace, "a Pace, such as INSTANT or REALISTIC")
    check_fields(pace)
    check_kind("task_pace", task_pace, TaskPace | None, "a TaskPace, such as TaskPace(polls=3)")
    if task_pace is not None:
        check_fields(task_pace)
    if not isinstance(journal_size, int) or journal_size < 0:
        raise UsageError(f"journal_size is a whole number from 0 on, not {journal_size!r}")


def _check_method(name: str, value: object, method: str, wanted: str) -> None:
    """Check what any class may be that has a method. Texts have a `split` too, but another one."""
    if value is not None and (isinstance(value, str) or not hasattr(value, method)):
        raise UsageError(f"{name} is {wanted}, not {value!r}")
