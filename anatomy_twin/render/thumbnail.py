"""A case in one small picture: a coronal slice through what matters, with outlines, drawn in some milliseconds."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, LabelMap
from anatomy_twin.rehearsal import plane_through, sample
from anatomy_twin.rehearsal.build import focus_of, structure_colour, window_of
from anatomy_twin.render.text import to_png

SIZE: Final = (288, 216)  # width, height in pixels
FILL: Final = 0.22
# what is outlined, the later over the earlier
DRAWN: Final = ("lung_right", "lung_left", "spleen", "kidney_right", "kidney_left", "heart", "liver")


def case_thumbnail(case: Case, size: tuple[int, int] = SIZE) -> bytes:
    """Return a picture of a case as PNG: the coronal slice through its largest lesion, its liver or its middle.

    ``size`` is (width, height) in pixels. The whole slice is shown, on black.
    """
    return to_png(thumbnail_picture(case, size))


def thumbnail_picture(case: Case, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """Return the same picture as RGB (rows, columns, 3)."""
    geometry = case.volume.geometry
    plan = next(iter(case.plans.values()), None)
    point = focus_of(case, getattr(plan, "target", ""))
    whole = plane_through(geometry, "coronal", point)
    width, height = whole.size_mm
    pixel = max(width / size[0], height / size[1])
    middle = whole.to_world([(whole.shape[0] - 1) / 2, (whole.shape[1] - 1) / 2])
    plane = plane_through(geometry, "coronal", middle, pixel_mm=pixel, size_mm=(pixel * size[0], pixel * size[1]))
    image = sample(case.volume.array, geometry, plane)
    wide, level = window_of(case)
    grey = np.clip((np.nan_to_num(image, nan=-1e6) - (level - wide / 2)) / wide, 0.0, 1.0) * 255.0
    picture = np.repeat(grey[..., None], 3, axis=2)
    labels = case.labels.get(case.primary)
    if labels is not None:
        for name in _names(labels):
            _draw(picture, _cut(labels, name, plane), structure_colour(name, own=labels.segment(name).colour))
    return np.asarray(np.rint(picture), dtype=np.uint8)


def _names(labels: LabelMap) -> list[str]:
    """Return the segments to be drawn: large organs, then lesions."""
    present = [segment.name for segment in labels.segments if not segment.absent]
    organs = [name for name in DRAWN if name in present]
    return organs + [name for name in present if name.startswith("tumour_")]


def _cut(labels: LabelMap, name: str, plane: Any) -> NDArray[np.bool_]:
    """Return where a segment's own voxels are in the slice."""
    segment = labels.segment(name)
    held = sample(labels.array[segment.layer], labels.geometry, plane, nearest=True)
    return np.asarray(held == segment.value)


def _draw(picture: NDArray[Any], where: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    """Fill a region lightly and draw its edge, in place."""
    if not where.any():
        return
    inner = where.copy()
    inner[1:] &= where[:-1]
    inner[:-1] &= where[1:]
    inner[:, 1:] &= where[:, :-1]
    inner[:, :-1] &= where[:, 1:]
    ink = np.asarray(colour, dtype=float)
    picture[where] = picture[where] * (1.0 - FILL) + ink * FILL
    picture[where & ~inner] = ink
