"""The cases, by subject."""

from qwensim.contract.subjects.anthropic_messages import CASES as ANTHROPIC_MESSAGES
from qwensim.contract.subjects.anthropic_requests import CASES as ANTHROPIC_REQUESTS
from qwensim.contract.subjects.configuration import CASES as CONFIGURATION
from qwensim.contract.subjects.configured_keys import CASES as CONFIGURED_KEYS
from qwensim.contract.subjects.configured_models import CASES as CONFIGURED_MODELS
from qwensim.contract.subjects.describing import CASES as DESCRIBING
from qwensim.contract.subjects.embedding_requests import CASES as EMBEDDING_REQUESTS
from qwensim.contract.subjects.embeddings import CASES as EMBEDDINGS
from qwensim.contract.subjects.errors import CASES as ERRORS
from qwensim.contract.subjects.images import CASES as IMAGES
from qwensim.contract.subjects.images_by_client import CASES as IMAGES_BY_CLIENT
from qwensim.contract.subjects.keys import CASES as KEYS
from qwensim.contract.subjects.limits import CASES as LIMITS
from qwensim.contract.subjects.messages import CASES as MESSAGES
from qwensim.contract.subjects.models import CASES as MODELS
from qwensim.contract.subjects.multimodal import CASES as MULTIMODAL
from qwensim.contract.subjects.native_errors import CASES as NATIVE_ERRORS
from qwensim.contract.subjects.native_text import CASES as NATIVE_TEXT
from qwensim.contract.subjects.native_tools import CASES as NATIVE_TOOLS
from qwensim.contract.subjects.onboarding import CASES as ONBOARDING
from qwensim.contract.subjects.reranking import CASES as RERANKING
from qwensim.contract.subjects.responses import CASES as RESPONSES
from qwensim.contract.subjects.responses_requests import CASES as RESPONSES_REQUESTS
from qwensim.contract.subjects.responses_tools import CASES as RESPONSES_TOOLS
from qwensim.contract.subjects.retries import CASES as RETRIES
from qwensim.contract.subjects.routing import CASES as ROUTING
from qwensim.contract.subjects.streams import CASES as STREAMS
from qwensim.contract.subjects.structured import CASES as STRUCTURED
from qwensim.contract.subjects.thinking import CASES as THINKING
from qwensim.contract.subjects.tools import CASES as TOOLS
from qwensim.contract.subjects.usage import CASES as USAGE
from qwensim.contract.subjects.vectors_by_client import CASES as VECTORS_BY_CLIENT
from qwensim.contract.subjects.video_orders import CASES as VIDEO_ORDERS
from qwensim.contract.subjects.video_results import CASES as VIDEO_RESULTS
from qwensim.contract.subjects.video_tasks import CASES as VIDEO_TASKS
from qwensim.contract.subjects.video_waits import CASES as VIDEO_WAITS
from qwensim.contract.subjects.vision import CASES as VISION

CASES = (
    *ROUTING,
    *KEYS,
    *MODELS,
    *ONBOARDING,
    *CONFIGURATION,
    *CONFIGURED_KEYS,
    *CONFIGURED_MODELS,
    *THINKING,
    *USAGE,
    *TOOLS,
    *STRUCTURED,
    *LIMITS,
    *MESSAGES,
    *ERRORS,
    *STREAMS,
    *RETRIES,
    *NATIVE_TEXT,
    *NATIVE_TOOLS,
    *NATIVE_ERRORS,
    *MULTIMODAL,
    *VISION,
    *DESCRIBING,
    *VIDEO_ORDERS,
    *VIDEO_TASKS,
    *VIDEO_RESULTS,
    *VIDEO_WAITS,
    *IMAGES,
    *IMAGES_BY_CLIENT,
    *ANTHROPIC_REQUESTS,
    *ANTHROPIC_MESSAGES,
    *RESPONSES_REQUESTS,
    *RESPONSES_TOOLS,
    *RESPONSES,
    *EMBEDDINGS,
    *EMBEDDING_REQUESTS,
    *RERANKING,
    *VECTORS_BY_CLIENT,
)
