"""The rows of the catalogue: one struct for each table of the TOML files.

Every row says where its fact comes from (`source`), when that was last checked and how sure it is
(`confidence`):

    recorded     bytes captured from the service
    official     the service's own documentation
    third-party  somebody else's code or report
    assembled    recorded parts, joined by analogy
    guess        nothing on record; what the neighbouring facts suggest

A row with `since` holds from that day on: the catalogue of a given day leaves later rows out.
"""

from qwensim.catalog.rows.base import Confidence, Modality, Plan, Region, Row
from qwensim.catalog.rows.client import FailureRow, WordsRow
from qwensim.catalog.rows.images import ImageProtocolRow, ImageRow
from qwensim.catalog.rows.limits import LimitRow, Tier, TierRow
from qwensim.catalog.rows.media import MediaRow, PictureRow, VideoInputRules
from qwensim.catalog.rows.models import AdvertisedRow, ModelRow
from qwensim.catalog.rows.native import NativeRow, Uncached
from qwensim.catalog.rows.places import (
    AgentRow,
    AssetHostRow,
    AuthChoiceRow,
    CredentialRow,
    HostRow,
    KeyVariableRow,
    PlanRow,
    RouteRow,
)
from qwensim.catalog.rows.responses import BuiltInToolRow
from qwensim.catalog.rows.vectors import EmbeddingRow, RerankRow
from qwensim.catalog.rows.video import VideoRow, VideoSizeRow
from qwensim.catalog.rows.wire import (
    DialectRow,
    EnvelopeRow,
    ErrorRow,
    ParameterRow,
    UsageRow,
    WireRow,
)

__all__ = [
    "AdvertisedRow",
    "AgentRow",
    "AssetHostRow",
    "AuthChoiceRow",
    "BuiltInToolRow",
    "Confidence",
    "CredentialRow",
    "DialectRow",
    "EmbeddingRow",
    "EnvelopeRow",
    "ErrorRow",
    "FailureRow",
    "HostRow",
    "ImageProtocolRow",
    "ImageRow",
    "KeyVariableRow",
    "LimitRow",
    "MediaRow",
    "Modality",
    "ModelRow",
    "NativeRow",
    "ParameterRow",
    "PictureRow",
    "Plan",
    "PlanRow",
    "Region",
    "RerankRow",
    "RouteRow",
    "Row",
    "Tier",
    "TierRow",
    "Uncached",
    "UsageRow",
    "VideoInputRules",
    "VideoRow",
    "VideoSizeRow",
    "WireRow",
    "WordsRow",
]
