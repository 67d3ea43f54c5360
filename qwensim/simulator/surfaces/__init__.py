"""The wire formats of the service: one module, or one family of modules, for each."""

from collections.abc import Mapping
from functools import partial

from qwensim.catalog import Catalog
from qwensim.simulator.answers import Surface
from qwensim.simulator.assets import Storage
from qwensim.simulator.clock import Clock
from qwensim.simulator.media.parts import Media
from qwensim.simulator.media.policies import Policies
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.composer import Composer
from qwensim.simulator.replies.scripts import ScriptQueue
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.responses import ResponseBook
from qwensim.simulator.surfaces.anthropic.surface import CountTokensSurface, MessagesSurface
from qwensim.simulator.surfaces.assets import AssetSurface
from qwensim.simulator.surfaces.by_model import ByModel
from qwensim.simulator.surfaces.chat.surface import ChatSurface
from qwensim.simulator.surfaces.conversation import Conversation
from qwensim.simulator.surfaces.models import ModelsSurface
from qwensim.simulator.surfaces.native.surface import NativeSurface
from qwensim.simulator.surfaces.orders.images import ImageSurface, ImageTaskSurface, Studio
from qwensim.simulator.surfaces.orders.orders import Orders
from qwensim.simulator.surfaces.orders.video import VideoSurface
from qwensim.simulator.surfaces.responses.surface import (
    InputItemsSurface,
    ResponsesSurface,
    StoredResponseSurface,
)
from qwensim.simulator.surfaces.tasks import TaskCancelSurface, TaskListSurface, TaskSurface
from qwensim.simulator.surfaces.uploads import UploadPolicySurface, UploadSurface
from qwensim.simulator.surfaces.vectors.embeddings import (
    Embedder,
    EmbeddingsSurface,
    TextEmbeddingSurface,
)
from qwensim.simulator.surfaces.vectors.multimodal import MultimodalEmbeddingSurface
from qwensim.simulator.surfaces.vectors.rerank import Ranker, ReranksSurface, TextRerankSurface
from qwensim.simulator.tasks import TaskBook


def make_surfaces(  # noqa: PLR0913 - one for each thing that surfaces share
    catalog: Catalog,
    *,
    clock: Clock,
    seed: int,
    tokenizer: Tokenizer,
    scripts: ScriptQueue,
    pace: Pace,
    tasks: TaskBook,
    storage: Storage,
    responses: ResponseBook,
) -> Mapping[str, Surface]:
    """Return what answers on the routes of the catalogue, by the name that they give."""
    composer = Composer(words=[*catalog.words.values()], tokenizer=tokenizer, seed=seed)
    media, policies = Media(catalog, clock), Policies(seed)
    conversation = Conversation(
        catalog, composer=composer, media=media, tokenizer=tokenizer, scripts=scripts
    )
    text, multimodal = (
        NativeSurface(catalog, name, conversation=conversation, pace=pace)
        for name in ("text-generation", "multimodal-generation")
    )
    orders = Orders(catalog, book=tasks, scripts=scripts)
    studio = partial(Studio, catalog, uploads=media.uploads, tokenizer=tokenizer)
    images = ImageSurface(
        studio("multimodal-generation"), orders=orders, storage=storage, pace=pace
    )
    embedder, ranker = Embedder(catalog, tokenizer), Ranker(catalog, tokenizer)
    return {
        "text-generation": text,
        "multimodal-generation": ByModel(catalog, {"chat": multimodal, "images": images}),
        "chat": ChatSurface(catalog, conversation=conversation, pace=pace),
        "messages": MessagesSurface(catalog, conversation=conversation, pace=pace),
        "count-tokens": CountTokensSurface(catalog, conversation),
        "responses": ResponsesSurface(
            catalog, conversation=conversation, pace=pace, book=responses
        ),
        "stored-response": StoredResponseSurface(responses),
        "input-items": InputItemsSurface(responses),
        "models": ModelsSurface(catalog),
        "embeddings": EmbeddingsSurface(catalog, embedder=embedder, pace=pace),
        "text-embedding": TextEmbeddingSurface(catalog, embedder=embedder, pace=pace),
        "multimodal-embedding": MultimodalEmbeddingSurface(
            catalog, media=media, tokenizer=tokenizer, pace=pace
        ),
        "reranks": ReranksSurface(catalog, ranker=ranker, pace=pace),
        "text-rerank": TextRerankSurface(catalog, ranker=ranker, pace=pace),
        **{
            name: ImageTaskSurface(studio(name), orders)
            for name in ("image-synthesis", "image-generation", "image-editing")
        },
        "video-synthesis": VideoSurface(catalog, orders=orders, uploads=media.uploads),
        "task": TaskSurface(catalog, book=tasks, storage=storage),
        "task-list": TaskListSurface(tasks),
        "task-cancel": TaskCancelSurface(tasks),
        "asset": AssetSurface(storage),
        "upload-policy": UploadPolicySurface(catalog, policies),
        "upload": UploadSurface(policies, media.uploads),
    }
