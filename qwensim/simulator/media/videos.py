"""What a video or a list of its frames counts, by the documented rule.

Source: Model Studio docs, image and video understanding. It reproduces all counts on record.
"""

import math
from typing import NamedTuple

from qwensim.catalog.rows import VideoInputRules
from qwensim.simulator.media.images import FRAME, Area, Size, patches
from qwensim.simulator.refusals import Refused

_FPS = 2.0
_SLOWEST, _FASTEST = 0.1, 10.0
_FEWEST_FRAMES = 4
_FEWEST_IN_FILE = 2


class Clip(NamedTuple):
    """A video file: the size of its frames, how long it runs, how many frames it has."""

    size: Size
    seconds: float
    frames: int


class Sampling(NamedTuple):
    """What a part may say of how its video is looked at; None: the model's default."""

    fps: float | None = None
    max_frames: float | None = None
    min_pixels: float | None = None
    max_pixels: float | None = None
    total_pixels: float | None = None


def check_clip(clip: Clip, rules: VideoInputRules) -> None:
    """Raise `Refused` for a video that is too short or too long."""
    if clip.seconds < rules.shortest:
        raise Refused("video-too-short")
    if clip.seconds > rules.longest:
        raise Refused("video-too-long")


def sampled_frames(clip: Clip, rules: VideoInputRules, sampling: Sampling) -> int:
    """Return how many frames of a file are looked at; what is asked is kept in bounds (guess)."""
    fps = min(max(sampling.fps or _FPS, _SLOWEST), _FASTEST)
    whole = int(clip.seconds)
    seconds = clip.seconds if clip.seconds - whole > 1 / fps else whole
    most = int(min(max(sampling.max_frames or rules.max_frames, _FEWEST_FRAMES), rules.max_frames))
    frames = int(min(max(seconds * fps, _FEWEST_FRAMES), most // 2 * 2, clip.frames))
    if frames < _FEWEST_IN_FILE:
        raise Refused("video-invalid")
    return frames


def video_tokens(
    size: Size, frames: int, *, patch: int, rules: VideoInputRules, sampling: Sampling
) -> int:
    """Return the tokens of so many frames of a size; two of them count as one picture."""
    least = max(sampling.min_pixels or 0, 4 * patch * patch)
    most = min(sampling.max_pixels or rules.frame_pixels, rules.frame_ceiling)
    total = min(sampling.total_pixels or rules.total_pixels, rules.total_pixels)
    most = max(min(most, total / frames * 2), int(least * 1.05))
    return math.ceil(frames / 2) * patches(size, patch, Area(least, most), fewest=1) + FRAME
