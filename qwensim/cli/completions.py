"""What the shell may complete: names of the bundled catalogue."""


def host_names() -> list[str]:
    """Return the names of the hosts."""
    from qwensim.catalog import load

    return list(load().hosts)


def auth_choices() -> list[str]:
    """Return the auth choices, without the deprecated names that work too."""
    from qwensim.catalog import load

    return list(load().auth_choices)


def model_refs() -> list[str]:
    """Return a reference to each advertised model."""
    from qwensim.catalog import load

    return [f"qwen/{model}" for model in load().advertised]


def video_refs() -> list[str]:
    """Return a reference to each model that makes videos."""
    from qwensim.catalog import load

    return [f"qwen/{model}" for model in load().videos]


def image_refs() -> list[str]:
    """Return a reference to each model that makes images of a prompt."""
    from qwensim.catalog import load

    return [
        f"qwen/{row.id}"
        for row in load().images.values()
        if not row.needs_picture and not row.needs
    ]


def embedding_refs() -> list[str]:
    """Return a reference to each model that turns texts into vectors."""
    from qwensim.catalog import load

    catalog = load()
    return [
        f"qwen/{model}" for model in catalog.embeddings if catalog.models[model].inputs == ("text",)
    ]


def scenarios() -> list[str]:
    """Return the ids of the library of scenarios."""
    from qwensim.scenarios import ids

    return list(ids())
