"""Pictures and videos to show: public ones, and small files, written out for good."""

import base64
from typing import Any, Final

PHOTO: Final = "https://dashscope.oss-cn-beijing.aliyuncs.com/images/dog_and_girl.jpeg"
"""The service's own example, 2044*1372 pixels."""

FRAMES: Final = tuple(
    f"https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20241108/{name}.jpg"
    for name in ("xzsgiz/football1", "tdescd/football2", "zefdja/football3", "aedbqh/football4")
)
"""Another example: a video as a list of pictures."""

CLIP: Final = (
    "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20241115/cqqkru/1.mp4"
)
"""A third: a video (Model Studio docs: image and video understanding)."""


def _png(content: str) -> str:
    return f"data:image/png;base64,{content}"


SQUARE: Final = _png(  # 512*512
    "iVBORw0KGgoAAAANSUhEUgAAAgAAAAIAAQAAAADcA+lXAAAANklEQVR42u3BAQEAAACCIP+vbkhAAQAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAB8G4IAAAFjdVCkAAAAAElFTkSuQmCC"
)
OBLONG: Final = _png(  # 1000*700
    "iVBORw0KGgoAAAANSUhEUgAAA+gAAAK8AQAAAABUsKgcAAAAbElEQVR42u3BAQ0AAADCoPdPbQ8HFAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAADPBliXAAFU9urSAAAAAElFTkSuQmCC"
)
LARGE: Final = _png(  # 2044*1372
    "iVBORw0KGgoAAAANSUhEUgAAB/wAAAVcAQAAAAAZz98AAAABbUlEQVR42u3BAQ0AAADCoPdPbQ43oAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4MsAYacA"
    "ARPkXx0AAAAASUVORK5CYII="
)
SMALL: Final = _png(  # 20*20
    "iVBORw0KGgoAAAANSUhEUgAAABQAAAAUAQAAAACl8iCgAAAADElEQVR42mNgoC4AAABQAAHNzSSGAAAAAElFTkSuQmCC"
)
TINY: Final = _png(  # 9*9
    "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAQAAAADI6ju9AAAAC0lEQVR42mNgwAkAABsAAVmYPeoAAAAASUVORK5CYII="
)


def image(url: str, **options: Any) -> dict[str, Any]:
    """Return a picture as a part of a message of the compatible chat."""
    return {"type": "image_url", "image_url": {"url": url}, **options}


def asking(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the conversation of the compatible chat that asks what is shown."""
    said = {"type": "text", "text": "What is shown here?"}
    return [{"role": "user", "content": [*parts, said]}]


def content(picture: str) -> bytes:
    """Return the file that a data URI holds."""
    return base64.b64decode(picture.partition(",")[2])
