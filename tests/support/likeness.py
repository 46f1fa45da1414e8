"""How far a picture is from the one that is kept of it: by what an eye would see, not by equal bytes.

Both are blurred a little first (``BLUR_PX``), so that edges and letters may lie a fraction of a pixel elsewhere, as
they do with another driver. Then two bounds hold: no place may differ by more than ``MOST`` of 255 grey levels, which
finds what is small and missing (a letter, a marker), and no more than ``MOST_SHARE`` of the picture by more than
``SEEN``, which finds what is large and pale (another colour, a lost zone).

Where the bounds lie between, as the largest difference in grey levels and the share of the picture that is seen:

==================================================================  =====  ======
drawn again; by EGL for GLX; narrower vectors; another VTK (9.6)      0    0 %
as the file keeps it: ``STEP``                                        4    0 %
drawn by Mesa's other software driver (softpipe)                     14    0.03 %
a zone 3 mm beside its place, in the picture that shows it best      31    0.5 %
an organ redder by 25 levels, in the picture that shows it best      20    5 %
letters, title, marker, scale, applicator, zone or vessel missing   >57   >1 %
==================================================================  =====  ======

Words on slices come from matplotlib: a version that sets type otherwise (3.9 for 3.11) is as far as a wrong picture.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Picture = NDArray[np.uint8]
BLUR_PX: Final = 2.5
SEEN: Final = 10.0  # grey levels of 255
MOST: Final = 24.0
MOST_SHARE: Final = 0.006
STEP: Final = 8  # grey levels of a kept picture: a third of the bytes, at most 4 levels off
OUT: Final = "ANATOMY_TWIN_TEST_PICTURES"  # names the folder for pictures that differ


@dataclass(frozen=True, eq=False)
class Likeness:
    """``strongest`` difference of two blurred pictures in grey levels, its ``field``, the ``share`` that is seen."""

    strongest: float
    share: float
    field: NDArray[np.float32]

    @property
    def alike(self) -> bool:
        """Whether an eye would take one for the other."""
        return self.strongest <= MOST and self.share <= MOST_SHARE

    @property
    def words(self) -> str:
        """Both numbers with their bounds."""
        return (f"differs by {self.strongest:.1f} grey levels at most ({MOST:g} are allowed), "
                f"seen on {100 * self.share:.2f} % of it ({100 * MOST_SHARE:g} %)")  # fmt: skip


def likeness(one: Picture, other: Picture) -> Likeness:
    """Compare two RGB pictures of one size."""
    assert one.shape == other.shape, f"a picture of {one.shape} was kept, one of {other.shape} was drawn"
    blurred = [gaussian_filter(p.astype(np.float32), (BLUR_PX, BLUR_PX, 0)) for p in (one, other)]
    field = np.abs(blurred[0] - blurred[1]).max(axis=-1)
    return Likeness(float(field.max()), float(np.mean(field > SEEN)), field)


def kept(file: Path) -> Picture:
    """Read a picture."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def keep(picture: Picture, file: Path) -> int:
    """Write a picture with few grey levels; return the size of the file in bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture // STEP * STEP + STEP // 2).save(file, optimize=True)
    return file.stat().st_size


def require_alike(picture: Picture, file: Path) -> None:
    """Fail where a picture is not like the one that is kept; both and their difference are then left in a folder."""
    assert file.is_file(), f"{file.name} is not kept; draw it: scripts/make_pictures.py --golden"
    before = kept(file)
    same_size = before.shape == picture.shape
    found = likeness(before, picture) if same_size else None
    if found is not None and found.alike:
        return
    folder = Path(os.environ.get(OUT) or Path(tempfile.gettempdir()) / "anatomy_twin_pictures")
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / f"{file.stem}_drawn.png")
    Image.fromarray(before).save(folder / f"{file.stem}_kept.png")
    words = f"has another size: {picture.shape}, not {before.shape}"
    if found is not None:
        words = found.words
        strong = np.clip(found.field * (255.0 / max(MOST, 1.0)), 0, 255).astype(np.uint8)
        Image.fromarray(strong).save(folder / f"{file.stem}_difference.png")
    redraw = "if the change is meant, draw it anew: scripts/make_pictures.py --golden"
    raise AssertionError(f"{file.stem} {words}; see {folder}; {redraw}")
