"""Work that is taken now and done later: tasks, their pace, and the book that is kept of them.

What a task makes is not known here: a surface hands in `Work`.
"""

from qwensim.simulator.tasks.book import TaskBook
from qwensim.simulator.tasks.pace import TASK_PACES, TaskPace
from qwensim.simulator.tasks.task import (
    KEPT,
    Failure,
    Link,
    Order,
    Owner,
    Result,
    Sight,
    State,
    Task,
    Work,
)

__all__ = [
    "KEPT",
    "TASK_PACES",
    "Failure",
    "Link",
    "Order",
    "Owner",
    "Result",
    "Sight",
    "State",
    "Task",
    "TaskBook",
    "TaskPace",
    "Work",
]
