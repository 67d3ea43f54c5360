"""GET {base}/models: the list of the Standard hosts."""

import msgspec

from qwensim.catalog import Catalog
from qwensim.exchange import Chunk
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call


class ModelsSurface:
    """Lists what the host serves, in the recorded shape (China Standard host, Apr 2026)."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        ids = [*self._catalog.served[call.host.name]]
        ids += [model for model in call.account.models if model not in ids]
        created = int(call.arrived)
        listed = {
            "object": "list",
            "data": [
                {"id": model, "object": "model", "created": created, "owned_by": "system"}
                for model in ids
            ],
            "first_id": "model-id-0",
            "last_id": f"model-id-{len(ids) - 1}",
            "has_more": False,
        }
        return Answer(
            content_type=headers.JSON_TYPE,
            events=iter((Chunk(data=msgspec.json.encode(listed)),)),
            gateway=False,
        )
