"""The real client: OpenClaw's qwen provider in Python, on the `openai` SDK.

    from qwensim.provider import QwenProvider

    with QwenProvider(auth_choice="qwen-standard-api-key") as provider:
        print(provider.chat("qwen/qwen3.5-plus", "Hello", thinking="off").content)

It knows nothing of the simulator and works against the service unchanged.
"""

from qwensim.provider.async_client import AsyncQwenProvider
from qwensim.provider.client import QwenProvider
from qwensim.provider.endpoints import Endpoint
from qwensim.provider.failures import (
    AccessError,
    AuthError,
    BadRequestError,
    ConnectionFailure,
    InputTooLongError,
    MalformedAnswerError,
    ModelNotOnPlanError,
    ModerationError,
    NotFoundError,
    OverdueError,
    PlanQuotaError,
    ProviderError,
    RateLimitError,
    ServerError,
    TaskError,
    TruncatedStreamError,
    UnfinishedTaskError,
    UnknownModelError,
)
from qwensim.provider.image_orders import ImageOptions
from qwensim.provider.images import Image, Images, ImageUsage
from qwensim.provider.replies import Delta, Reply, ToolCall, ToolCallPiece
from qwensim.provider.stream import AsyncChatStream, ChatStream
from qwensim.provider.tasks import Task, Video
from qwensim.provider.thinking import ThinkingLevel
from qwensim.provider.usage import Usage
from qwensim.provider.vectors import Embeddings, Ranked, Ranking
from qwensim.provider.video import VideoOptions

__all__ = [
    "AccessError",
    "AsyncChatStream",
    "AsyncQwenProvider",
    "AuthError",
    "BadRequestError",
    "ChatStream",
    "ConnectionFailure",
    "Delta",
    "Embeddings",
    "Endpoint",
    "Image",
    "ImageOptions",
    "ImageUsage",
    "Images",
    "InputTooLongError",
    "MalformedAnswerError",
    "ModelNotOnPlanError",
    "ModerationError",
    "NotFoundError",
    "OverdueError",
    "PlanQuotaError",
    "ProviderError",
    "QwenProvider",
    "Ranked",
    "Ranking",
    "RateLimitError",
    "Reply",
    "ServerError",
    "Task",
    "TaskError",
    "ThinkingLevel",
    "ToolCall",
    "ToolCallPiece",
    "TruncatedStreamError",
    "UnfinishedTaskError",
    "UnknownModelError",
    "Usage",
    "Video",
    "VideoOptions",
]
