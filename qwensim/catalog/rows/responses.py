"""The tools that the service brings itself to the Responses API."""

from qwensim.catalog.rows.base import Row, Text


class BuiltInToolRow(Row, frozen=True, kw_only=True):
    """A built-in tool, and the item of an output that tells of its use.

    The items are JSON in which `$id` stands for the id of the item and `$query` for what is looked
    for; `$quoted` is the latter inside of a string, `$twice` inside of a string in a string.
    """

    id: Text
    """The `type` of the tool in a request."""
    steps: tuple[Text, ...] = ()
    """What a stream tells between the beginning and the end of the use, by the last word of the
    event."""
    begun: Text
    """The item when the use begins."""
    done: Text
    """The same at its end."""
    needs: Text | None = None
    """The tool without which it is refused."""
    needs_error: Text = "body-invalid"
    thinks: tuple[Text, ...] = ()
    """Models that use it only while they think; `*` and `?` match as in a shell."""
    thinks_error: Text = "body-invalid"
