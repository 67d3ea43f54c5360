"""Make the rows of `qwensim/catalog/data/words.toml` from the word lists of Faker.

    python tests/make_words.py > qwensim/catalog/data/words.toml

The rows are data of the project, so that a new Faker changes no answer of the simulator: run this
only to change them on purpose. The same Faker gives the same file.
"""

import random
import re
import sys
import textwrap
from collections.abc import Iterable

import faker
from faker.providers.lorem.en_US import Provider as English
from faker.providers.lorem.zh_CN import Provider as Chinese

CHECKED = "2026-11-22"
COUNT = 400

HEAD = "# The words of the seeded talker, made by tests/make_words.py."
ROW = """
[[words]]
id = "{name}"
script = "{script}"
join = "{join}"
stop = "{stop}"
words = [
{words}
]
source = "Faker {version}, {locale} lorem words"
checked = {checked}
confidence = "third-party"
"""


def row(
    words: Iterable[str], pattern: str, *, name: str, script: str, join: str, stop: str, locale: str
) -> str:
    """Return a TOML row of at most `COUNT` words that match `pattern`, sorted."""
    fit = sorted({word for word in words if re.fullmatch(pattern, word)})
    chosen = sorted(random.Random(0).sample(fit, min(COUNT, len(fit))))
    lines = textwrap.fill(", ".join(f'"{word}"' for word in chosen) + ",", 98)
    return ROW.format(
        name=name,
        script=script,
        join=join,
        stop=stop,
        locale=locale,
        words=textwrap.indent(lines, "  "),
        version=faker.VERSION,
        checked=CHECKED,
    )


def render() -> str:
    """Return the whole file."""
    english = row(
        English.word_list,
        "[a-z]+",
        name="english",
        script="latin",
        join=" ",
        stop=".",
        locale="en_US",
    )
    chinese = row(
        Chinese.word_list,
        "[\u4e00-\u9fff]+",
        name="chinese",
        script="han",
        join="",
        stop="。",
        locale="zh_CN",
    )
    return HEAD + "\n" + english + chinese


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a TextIO when run
    sys.stdout.write(render())
