"""Model references: `qwen/<model id>`, as OpenClaw writes them."""

from qwensim.errors import UsageError

PROVIDER = "qwen"
PROVIDERS = (PROVIDER, "modelstudio", "qwencloud")
"""The canonical name and those that OpenClaw still reads (manifest of its qwen plugin, 2026.5.18).

`dashscope` is none of them: there is no such provider for OpenClaw either.
"""


def model_id(ref: str) -> str:
    """Return the model id that a reference names; a bare model id stands for itself.

    The model need not be in any catalogue: the service decides. An id that holds a slash itself is
    written behind the provider, `qwen/<vendor>/<model>`.
    Raises `UsageError` for another provider's name and for a reference without a model.
    """
    provider, slash, model = ref.strip().partition("/")
    if not slash:
        provider, model = PROVIDER, provider
    if not model:
        raise UsageError(f"model reference {ref!r} names no model; write {PROVIDER}/<model id>")
    if provider.lower() not in PROVIDERS:
        raise UsageError(
            f"model reference {ref!r} names the provider {provider!r}; there are: "
            f"{', '.join(PROVIDERS)}. Write {PROVIDER}/{model}, or, if {provider!r} belongs to the "
            f"model id, {PROVIDER}/{provider}/{model}"
        )
    return model
