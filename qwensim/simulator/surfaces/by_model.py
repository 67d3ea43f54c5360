"""A path on which models of several kinds are asked."""

from collections.abc import Mapping

from qwensim.catalog import Catalog
from qwensim.simulator.answers import Answer, Call, Surface
from qwensim.simulator.surfaces.availability import body_of


class ByModel:
    """Hands a call to the surface of its model's kind: the first, if it has none of them."""

    def __init__(self, catalog: Catalog, surfaces: Mapping[str, Surface]) -> None:
        self._models = catalog.models
        self._surfaces = surfaces
        self._first = next(iter(surfaces))

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        name = body_of(call).get("model")
        model = self._models.get(name) if isinstance(name, str) else None
        kinds = () if model is None else model.surfaces
        kind = next((kind for kind in kinds if kind in self._surfaces), self._first)
        return self._surfaces[kind].answer(call)
