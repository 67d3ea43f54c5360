"""Plans, hosts and paths; how keys look, and who may call."""

from typing import Literal, TypeAlias

from qwensim.catalog.rows.base import Count, Plan, Region, Row, Text

Surface: TypeAlias = Literal[
    "chat",
    "models",
    "text-generation",
    "multimodal-generation",
    "embeddings",
    "text-embedding",
    "multimodal-embedding",
    "reranks",
    "text-rerank",
    "video-synthesis",
    "image-synthesis",
    "image-generation",
    "image-editing",
    "task",
    "task-list",
    "task-cancel",
    "asset",
    "upload-policy",
    "upload",
    "messages",
    "count-tokens",
    "responses",
    "stored-response",
    "input-items",
]
"""What answers on a route: one module of the simulator for each, or several of one family."""


class PlanRow(Row, frozen=True, kw_only=True):
    """How one plan takes keys and refuses: the errors are ids of `ErrorRow`."""

    id: Plan
    title: Text
    key_pattern: Text
    """A regular expression that the whole key matches."""
    routes: tuple[str, ...]
    """The routes that the plan's hosts serve: ids of `RouteRow`."""
    missing_key: Text
    wrong_key: Text
    unknown_model: Text
    max_data_uri: Count = 10_485_760
    """The longest data URI of a request, in characters."""
    max_data_uris: Count = 250
    """The most data URIs of a request."""
    system_in_messages: bool = False
    """Whether the system may speak in the messages of the Anthropic protocol too."""
    client_check: Text | None = None
    """The refusal of a client that sends no User-Agent, if the plan looks at it."""


class RouteRow(Row, frozen=True, kw_only=True):
    """A method and path of the service, and the surface that answers there."""

    id: Text
    path: Text
    """With `{base}` for the host's base path, `{name}` for a segment that differs and `{name*}` for
    all that is left."""
    surface: Surface
    method: Literal["GET", "POST"] = "POST"
    wire: Text = "compatible"
    """The row of `WireRow` that says how the route refuses."""
    trailing_slash: bool = False
    """Whether the path is answered with a slash at its end too."""
    key: bool = True
    """Whether a request needs a key."""
    head: bool = False
    """Whether HEAD is answered as GET is, without the body."""
    delete: bool = False
    """Whether DELETE is answered too."""


class HostRow(Row, frozen=True, kw_only=True):
    """One host name of the service."""

    name: Text
    plan: Plan
    region: Region
    base_path: Text
    help: Text
    """The address of the error-code page to which error texts link, in the host's language."""
    dialect: Text = "classic"
    """The wire dialect of models that have none of their own here."""
    cloud_region: str = ""
    """The cloud's own name of the region, as lists of tasks give it."""

    @property
    def base_url(self) -> str:
        """The address that an OpenAI client is given."""
        return f"https://{self.name}{self.base_path}"


class AssetHostRow(Row, frozen=True, kw_only=True):
    """A host of the storage service from which results are downloaded, without a key."""

    name: Text
    region: Region
    routes: tuple[str, ...]
    """The routes that it serves: ids of `RouteRow`."""


class AuthChoiceRow(Row, frozen=True, kw_only=True):
    """An onboarding choice of the client and the host that it stands for."""

    id: Text
    host: Text
    legacy: tuple[str, ...] = ()
    """Deprecated names of the same choice."""


class KeyVariableRow(Row, frozen=True, kw_only=True):
    """An environment variable that holds a key; the first row that is set wins."""

    name: Text


class CredentialRow(Row, frozen=True, kw_only=True):
    """A place in which a secret travels, by header, query parameter or pattern."""

    id: Text
    headers: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class AgentRow(Row, frozen=True, kw_only=True):
    """A User-Agent that the stricter client check takes for a coding agent."""

    id: Text
    pattern: Text
