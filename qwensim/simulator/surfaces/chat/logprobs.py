"""Log probabilities, made up: plausible, deterministic, and together never more than certain."""

import math
from collections.abc import Sequence
from typing import Any

from qwensim.simulator.chance import Chance

_ALTERNATIVES = (" the", " a", ",", " and", ".")


def logprobs_of(tokens: Sequence[str], top: int, chance: Chance) -> dict[str, Any]:
    """Return the `logprobs` object of some tokens, with `top` candidates for each."""
    return {"content": [_entry(token, top, chance) for token in tokens if token]}


def _entry(token: str, top: int, chance: Chance) -> dict[str, Any]:
    share = 0.5 + 0.49 * chance.random()
    candidates, rest = [(token, math.log(share))], 1 - share
    for other in _ALTERNATIVES:
        if other != token and len(candidates) < top:
            rest /= 2
            candidates.append((other, math.log(rest)))
    entry = _candidate(*candidates[0])
    entry["top_logprobs"] = [_candidate(*candidate) for candidate in candidates[:top]]
    return entry


def _candidate(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": round(logprob, 6), "bytes": list(token.encode())}
