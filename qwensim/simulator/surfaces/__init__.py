"""The wire formats of the service: one module, or one family of modules, for each."""

from collections.abc import Mapping

from qwensim.catalog import Catalog
from qwensim.simulator.answers import Surface
from qwensim.simulator.clock import Clock
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.composer import Composer
from qwensim.simulator.replies.scripts import ScriptQueue
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.chat import ChatSurface
from qwensim.simulator.surfaces.conversation import Conversation
from qwensim.simulator.surfaces.models import ModelsSurface


def make_surfaces(
    catalog: Catalog,
    *,
    clock: Clock,
    seed: int,
    tokenizer: Tokenizer,
    scripts: ScriptQueue,
    pace: Pace,
) -> Mapping[str, Surface]:
    """Return what answers on the routes of the catalogue, by the name that they give."""
    composer = Composer(words=[*catalog.words.values()], tokenizer=tokenizer, seed=seed)
    conversation = Conversation(catalog, composer=composer, tokenizer=tokenizer, scripts=scripts)
    return {
        "chat": ChatSurface(catalog, conversation=conversation, pace=pace),
        "models": ModelsSurface(catalog),
    }
