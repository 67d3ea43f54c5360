"""Videos: a grey picture that stands still, of the size and length asked for."""

import io
from importlib.resources import files
from typing import ClassVar

import msgspec

_LUMA, _CHROMA = 126, 128
_FRAMES_A_SECOND = 1


_BUNDLED = (1280, 720, 5)
"""Width, height and seconds of the file that is at hand."""


class StillVideo(msgspec.Struct, frozen=True, kw_only=True):
    """An MP4. Without PyAV, which is in the extra `media`, it is one of 1280*720 and 5 s.

    That one is the same everywhere: another version of the encoder may write other bytes.
    """

    width: int
    height: int
    """In pixels, both even."""
    seconds: int

    media_type: ClassVar[str] = "video/mp4"
    suffix: ClassVar[str] = ".mp4"

    def make(self) -> bytes:
        """Encode it as H.264; the same bytes at any time."""
        if (self.width, self.height, self.seconds) == _BUNDLED:
            return _bundled()
        try:
            import av  # noqa: PLC0415 - optional, and not imported before somebody downloads
        except ImportError:
            return _bundled()
        made = io.BytesIO()
        with av.open(made, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream(
                "libx264", rate=_FRAMES_A_SECOND, options={"preset": "ultrafast"}
            )
            stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
            stream.codec_context.thread_count = 1  # several would share the work as it comes
            frame = av.VideoFrame(self.width, self.height, "yuv420p")
            for plane, value in zip(frame.planes, (_LUMA, _CHROMA, _CHROMA), strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            for number in range(self.seconds * _FRAMES_A_SECOND):
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return made.getvalue()


def _bundled() -> bytes:
    return (files("qwensim.simulator.assets") / "still.mp4").read_bytes()
