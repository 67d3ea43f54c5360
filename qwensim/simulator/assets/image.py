"""Images: one colour, of the size asked for."""

import hashlib
import io
from typing import ClassVar

import msgspec
from PIL import Image

_RUN_LENGTHS = 3
"""zlib's strategy for pixels that repeat: the quickest here, and the one that makes least of it."""


class PlainImage(msgspec.Struct, frozen=True, kw_only=True):
    """A PNG in a colour that belongs to prompt and seed."""

    width: int
    height: int
    """In pixels."""
    prompt: str
    seed: int

    media_type: ClassVar[str] = "image/png"
    suffix: ClassVar[str] = ".png"

    def make(self) -> bytes:
        """Encode it; the same bytes at any time."""
        digest = hashlib.blake2b(f"{self.seed} {self.prompt}".encode(), digest_size=3).digest()
        red, green, blue = digest
        made = io.BytesIO()
        image = Image.new("RGB", (self.width, self.height), (red, green, blue))
        image.save(made, "PNG", compress_level=1, compress_type=_RUN_LENGTHS)
        return made.getvalue()
