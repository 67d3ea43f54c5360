"""What must hold of the tools that the service brings itself."""

from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError

ITEM = '{"id":$id,"type":"x_call","status":"completed"}'


def tool(**fields: Any) -> dict[str, Any]:
    return {"built_in_tool": [{"id": "x", "begun": ITEM, "done": ITEM, **fields}]}


def test_items_are_named_after_their_tool() -> None:
    for name, row in load().built_in_tools.items():
        for text, status in ((row.begun, "in_progress"), (row.done, "completed")):
            assert f'"id":$id,"type":"{name}_call",' in text
            assert text.endswith(f'"status":"{status}"}}')


def test_an_overlay_adds_one() -> None:
    assert load(tool()).built_in_tools["x"].done == ITEM


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        (tool(begun="{"), "built_in_tool x: begun: is no JSON: "),
        (tool(done="[]"), "built_in_tool x: done: is no JSON: "),
        (tool(done='{"id":$name}'), "built_in_tool x: done: is no JSON: "),
        (tool(done='{"id":"$name"}'), "built_in_tool x: done: no value $name goes into an item"),
        (tool(thinks_error="y"), "built_in_tool x: thinks_error: 'y' is not known"),
        (tool(needs="y", needs_error="timeout"), "built_in_tool x: needs: 'y' is not known"),
    ],
)
def test_rows_that_do_not_hold_together(overlay: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(overlay)
    assert problem in str(caught.value)
