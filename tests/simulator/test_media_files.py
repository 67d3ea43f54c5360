"""Reading sizes and lengths out of files: every format, and bytes that are none."""

import functools
import io
import struct
import wave
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qwensim.simulator.media.files import (
    TooManyPixelsError,
    UnreadableError,
    clip_of,
    picture_of,
    reads_videos,
    sound_of,
)


def saved(image_format: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (40, 30)).save(file, image_format, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG, as far as it must be read to know the size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"")


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved("JPEG", exif=exif)


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("P", (40, 30), color) for color in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


PICTURES = {
    "bmp": saved("BMP"),
    "gif": saved("GIF"),
    "gif animated": animated(),
    "jpeg": saved("JPEG"),
    "jpeg cmyk": saved("JPEG", "CMYK"),
    "jpeg grey": saved("JPEG", "L"),
    "jpeg rotated": rotated(),
    "jpeg of several": saved("MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))]),
    "png": saved("PNG"),
    "png transparent": saved("PNG", "RGBA"),
    "png header alone": png_header(40, 30),
    "tiff": saved("TIFF"),
    "webp": saved("WEBP"),
}


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES.keys())
def test_the_size_of_a_picture(data: bytes) -> None:
    assert picture_of(data) == (40, 30)


NO_PICTURES = {
    "nothing": b"",
    "text": b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'/>",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 30\n%%EndComments\n",
    "png cut short": png_header(40, 30)[:20],
    "jpeg cut short": saved("JPEG")[:30],
    "tiff cut short": saved("TIFF")[:12],
    "ico": saved("ICO"),
}


@pytest.mark.parametrize("data", NO_PICTURES.values(), ids=NO_PICTURES.keys())
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        picture_of(data)


@pytest.mark.parametrize(("width", "height"), [(9_999, 9_999), (13_000, 13_000)])
def test_a_large_picture_is_taken_without_a_warning(width: int, height: int) -> None:
    assert picture_of(png_header(width, height)) == (width, height)


@pytest.mark.parametrize("side", [20_000, 2**31 - 1])
def test_a_bomb_is_told_apart(side: int) -> None:
    with pytest.raises(TooManyPixelsError):
        picture_of(png_header(side, side))


def spoilt(data: bytes, position: int, byte: int) -> bytes:
    position %= len(data)
    return data[:position] + bytes([byte]) + data[position + 1 :]


@given(
    st.binary(max_size=200)
    | st.builds(spoilt, st.sampled_from([*PICTURES.values()]), st.integers(0), st.integers(0, 255))
    | st.builds(
        lambda data, length: data[: length % len(data)],
        st.sampled_from([*PICTURES.values()]),
        st.integers(0),
    )
)
def test_any_bytes_are_a_picture_or_not(data: bytes) -> None:
    try:
        size = picture_of(data)
    except (UnreadableError, TooManyPixelsError):
        return
    assert all(isinstance(side, int) and side >= 0 for side in size)


# Videos and sounds, which PyAV reads.


@functools.cache
def film(container: str, codec: str, seconds: int = 3) -> bytes:
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format=container) as made:
        stream = made.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10 * seconds):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = number
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return file.getvalue()


def sound(seconds: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(2 * 8000 * seconds))
    return file.getvalue()


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "mpeg4"),
        ("mov", "mpeg4"),
        ("matroska", "mpeg4"),
        ("webm", "libvpx"),
        ("avi", "mpeg4"),
        ("flv", "flv"),
        ("asf", "wmv2"),
    ],
)
def test_size_and_length_of_a_video(container: str, codec: str) -> None:
    clip = clip_of(film(container, codec))
    assert clip.size == (64, 48)
    assert clip.seconds == pytest.approx(3, abs=0.2)
    assert clip.frames == pytest.approx(30, abs=2)


def test_a_video_in_an_unknown_code() -> None:
    with pytest.raises(UnreadableError):
        clip_of(film("avi", "mpeg4").replace(b"FMP4", b"????"))


@given(st.integers(0), st.integers(0, 255), st.integers(0))
def test_any_bytes_are_a_video_or_not(position: int, byte: int, length: int) -> None:
    data = spoilt(film("mp4", "mpeg4"), position, byte)
    for file in (data, data[: length % len(data)]):
        try:
            clip = clip_of(file)
        except UnreadableError:
            continue
        assert min(clip.size) >= 0


def test_the_length_of_a_sound() -> None:
    pytest.importorskip("av")
    assert sound_of(sound()) == pytest.approx(2)


@pytest.mark.parametrize("read", [clip_of, sound_of])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 100,
        *NO_PICTURES.values(),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
)
def test_what_is_neither_video_nor_sound(read: Callable[[bytes], Any], data: bytes) -> None:
    pytest.importorskip("av")
    with pytest.raises(UnreadableError):
        read(data)


def test_a_sound_is_no_video_and_a_silent_video_no_sound() -> None:
    with pytest.raises(UnreadableError):
        clip_of(sound())
    with pytest.raises(UnreadableError):
        sound_of(film("mp4", "mpeg4"))


def test_whether_videos_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av")
    assert reads_videos()
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    assert not reads_videos()
