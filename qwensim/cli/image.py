"""`qwensim image`: order images, watch them being made, fetch them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from qwensim.cli.consoles import console, show_error, show_line, show_warning
from qwensim.cli.tasks import watched
from qwensim.errors import QwensimError
from qwensim.provider import Image, Images, QwenProvider
from qwensim.provider.downloads import check_place


def make(provider: QwenProvider, out: Path, wait: Callable[..., Images], *, count: int = 1) -> bool:
    """Write images to `out` and the names of the files to stdout; return whether all are there.

    Of several, `count` or what there is, each has its number before the suffix. `wait` is a method
    of the provider that returns them; it is given what shows the `progress`. What goes on is told
    on stderr. Raises `UsageError` if the images cannot be ordered, or not be written to that place.
    """
    check_place(_place(out, 1, count))
    if out.suffix.lower() not in {"", ".png"}:
        show_warning(f"{out}: the image is a PNG, whatever the name of its file says")
    images = watched(wait)
    if images is None:
        return False
    count = max(count, len(images.images))
    written = _fetch(provider, images, lambda number: _place(out, number, count))
    if written:
        size = sum(path.stat().st_size for path in written)
        shape = images.usage.size or "size not told"
        made_by = f"task {images.task_id}" if images.task_id else f"request {images.request_id}"
        words = f"{len(written)} of {count}, {shape}, {size:,} bytes, {made_by}"
        console(stderr=True).print(words, style="dim", soft_wrap=True)
    return len(written) == count


def _place(out: Path, number: int, count: int) -> Path:
    return out if count == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")


def _fetch(provider: QwenProvider, images: Images, place: Callable[[int], Path]) -> list[Path]:
    """Return the files that were written, each whole; tell why the others were not."""
    written = []
    for number, image in enumerate(images.images, start=1):
        path = place(number)
        if image.url is None:
            words = f"there is no {path}: {image.message} ({image.code})"
            show_line("error", words, style="bold red")
            continue
        try:
            provider.download(image, path)
        except QwensimError as error:
            _tell([image])
            show_error(error)
        except KeyboardInterrupt:
            _tell(images.images[number - 1 :])
            raise
        else:
            console().print(str(path), soft_wrap=True)
            written.append(path)
    return written


def _tell(images: Iterable[Image]) -> None:
    """Tell the addresses of what was paid for: signed as they are, nothing of them redacted."""
    for image in images:
        if image.url is not None:
            console(stderr=True).print(
                f"the image, for 24 hours: {image.url}", style="bold", soft_wrap=True
            )
