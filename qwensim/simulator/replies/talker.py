"""The model of the fake: words from the catalogue, in an order that depends on seed and request."""

import json
import re
from collections.abc import Iterable

from qwensim.catalog.rows import WordsRow
from qwensim.simulator.chance import Chance

_HAN = re.compile("[\u4e00-\u9fff]")


class Talker:
    """Makes sentences in the script of the person that it talks to."""

    def __init__(self, words: Iterable[WordsRow]) -> None:
        self._words = {row.script: row for row in words}

    def vocabulary(self, heard: str) -> WordsRow:
        """Return the word list that answers a text: Han if there is any in it."""
        return self._words["han" if _HAN.search(heard) else "latin"]

    def word(self, heard: str, chance: Chance) -> str:
        """Return one word."""
        return chance.choice(self.vocabulary(heard).words)

    def sentences(self, heard: str, chance: Chance, *, most: int = 3) -> str:
        """Return one to `most` sentences."""
        row = self.vocabulary(heard)
        made = []
        for _ in range(1 + int(chance.random() * most)):
            words = chance.choices(row.words, 5 + int(chance.random() * 9))
            sentence = row.join.join(words)
            made.append(sentence[0].upper() + sentence[1:] + row.stop)
        return row.join.join(made)

    def json_object(self, heard: str, chance: Chance) -> str:
        """Return a small JSON object, as a model writes it."""
        return written({"answer": self.sentences(heard, chance, most=1)})


def written(value: object) -> str:
    """Return JSON as the models write it: with spaces, nothing escaped that need not be."""
    return json.dumps(value, ensure_ascii=False)
