"""What the user of qwensim did wrong.

QwensimError
 +-- CatalogError     a row of facts, an overlay or an accounts file that does not hold together
 +-- ConfigError      a file of OpenClaw's that is wrong, or that cannot be read or written
 +-- ScenarioError    a scenario file that is wrong, or that cannot be read
 +-- UsageError       a call or an option that asks for something that does not exist

What the *service* refuses is never one of these: it is answered on the wire in the service's own
words. What the provider client makes of such an answer is in `qwensim.provider.failures`.
"""


class QwensimError(Exception):
    """The root of every exception that qwensim raises."""


class CatalogError(QwensimError):
    """A catalogue, overlay or accounts file is wrong; the message names file, row and field."""

    def __init__(self, problem: str, *, file: str, row: str = "", field: str = "") -> None:
        where = ": ".join(part for part in (file, row, field) if part)
        super().__init__(f"{where}: {problem}")
        self.problem, self.file, self.row, self.field = problem, file, row, field


class ConfigError(QwensimError):
    """A file of OpenClaw's is wrong; the message names file, place, value and what is allowed."""

    def __init__(self, problem: str, *, file: str, place: str = "") -> None:
        where = ": ".join(part for part in (file, place) if part)
        super().__init__(f"{where}: {problem}")
        self.problem, self.file, self.place = problem, file, place


class ScenarioError(QwensimError):
    """A scenario file is wrong; the message names file, line, field, value and what is allowed."""

    def __init__(self, problem: str, *, file: str, line: int = 0, field: str = "") -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(": ".join(part for part in (place, field, problem) if part))
        self.problem, self.file, self.line, self.field = problem, file, line, field


class UsageError(QwensimError):
    """A call asks for what does not exist; the message names the value seen and those allowed."""
