"""Model references: `qwen/<model id>`, as OpenClaw writes them."""

from qwensim.errors import UsageError

PROVIDER = "qwen"
PROVIDERS = (PROVIDER, "modelstudio", "qwencloud")
"""The canonical name and those that OpenClaw still reads (manifest of its qwen plugin, 2026.5.18).

`dashscope` is none of them: there is no such provider for OpenClaw either.
"""

PORTALS = ("qwen-portal", "qwen-oauth")
"""Qwen's OAuth service, which is gone: as providers and as auth choices."""

MIGRATION = (
    "Qwen OAuth (portal.qwen.ai) is gone. Get a key of the Coding Plan and run: qwensim onboard "
    "--auth-choice qwen-api-key (in China: qwen-api-key-cn)"
)


def model_id(ref: str, *, provider_id: str = PROVIDER) -> str:
    """Return the model id that a reference names; a bare model id stands for itself.

    `provider_id` is the name of a custom provider, which its references may carry too.
    The model need not be in any catalogue: the service decides. An id that holds a slash itself is
    written behind the provider, `qwen/<vendor>/<model>`.
    Raises `UsageError` for another provider's name and for a reference without a model.
    """
    if not isinstance(ref, str):
        raise UsageError(f"a model reference is a text like {provider_id}/<model id>, not {ref!r}")
    provider, slash, model = ref.strip().partition("/")
    if not slash:
        provider, model = PROVIDER, provider
    if not model:
        raise UsageError(f"model reference {ref!r} names no model; write {provider_id}/<model id>")
    known = dict.fromkeys((provider_id, *PROVIDERS))
    if provider.lower() not in map(str.lower, known):
        raise UsageError(
            f"model reference {ref!r} names the provider {provider!r}; there are: "
            f"{', '.join(known)}. Write {provider_id}/{model}, or, if {provider!r} belongs to the "
            f"model id, {provider_id}/{provider}/{model}"
        )
    return model
