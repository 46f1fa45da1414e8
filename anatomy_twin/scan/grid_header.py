"""What the header of a NIfTI, NRRD or MetaImage file says, checked; and the checks that the three formats share."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.verdict import POSITION_LIMIT_MM, SILENT_MM, SPACING_RANGE_MM, TOLERATED_MM
from anatomy_twin.units import Point

MAX_VOXELS = 2**31
MAX_DATA_BYTES = 2**33
MAX_AXIS = 2**15
# deflate cannot pack more than 1032 bytes into one (zlib's technical notes)
DEFLATE_RATIO = 1032
# what announces more than this and is packed tighter than any scanned volume can be, is a bomb
BOMB_BYTES, BOMB_RATIO = 2**30, 100
# axes this near to perpendicular are kept as the file gives them
_EXACT = 5e-5
# a second reader may place corners this much elsewhere
PLACE_TOLERANCE_MM = 0.01
# what a number looks like: Python's float takes more, underscores for one
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?|[-+]?(?:nan|inf)", re.IGNORECASE)
_GIVE_AGAIN = "export the file again"


@dataclass(frozen=True, eq=False)
class GridHeader:
    """The checked header of a volume file.

    ``shape`` is in [k, j, i] order, or [n, k, j, i] where several layers lie on one grid; ``dtype`` is that of the
    stored values, which become ``slope * value + intercept`` by ``scale``. ``geometry`` is in LPS mm, ``None`` where
    it cannot be told. ``notes`` are harmless findings, ``problems`` forbid reading. ``keys`` are the entries of an NRRD
    header that describe segments (texts of the file: look at them before they are shown or stored). ``source`` and the
    offset say where the voxels are; unpacked data begins with ``lead_bytes`` that
    are no voxels. ``encoding`` is "raw", "gzip", "zlib", "bzip2" or "ascii".
    """

    format: str
    shape: tuple[int, ...]
    spacing_mm: tuple[float, float, float]
    geometry: VolumeGeometry | None
    dtype: np.dtype
    encoding: str
    source: Path = field(repr=False)
    offset: int = 0
    lead_bytes: int = 0
    scale: tuple[float, float] = (1.0, 0.0)
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=FrozenMapping, repr=False)
    place_tolerance_mm: float = PLACE_TOLERANCE_MM

    @property
    def data_bytes(self) -> int:
        """The size of the voxels without compression."""
        return math.prod(self.shape) * self.dtype.itemsize

    def moved(self, skip: int) -> GridHeader:
        """Return the header of voxels that begin ``skip`` bytes later."""
        return replace(self, offset=self.offset + skip)

    @property
    def format_line(self) -> str:
        """For instance "NIfTI-1, gzip"."""
        return f"{self.format}, {'not compressed' if self.encoding == 'raw' else self.encoding}"


def broken(what: str, advice: str = _GIVE_AGAIN) -> ScanError:
    """Return the refusal of a file whose bytes cannot be believed."""
    return ScanError(what, advice=advice)


def whole_numbers(fields: Mapping[str, str], name: str, form: str) -> list[int]:
    """Return the whole numbers of a field of a text header, 1 to 16 of them; ``ScanError`` for anything else.

    ``form`` is the name of the format, for the refusal.
    """
    words = fields.get(name, "").split()
    if not words or len(words) > 16 or not all(re.fullmatch(r"[-+]?\d{1,15}", word) for word in words):
        raise broken(f"the {form} header has no usable '{name}'")
    return [int(word) for word in words]


def numbers_of(words: Sequence[str]) -> list[float] | None:
    """Return the numbers that words of a text header spell (``nan`` and ``inf`` too), None where one spells none."""
    if not all(_NUMBER.fullmatch(word) for word in words):
        return None
    return [float(word) for word in words]


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes if each is positive and the volume can be held, else raise ``ScanError``."""
    text = " x ".join(str(size)[:12] for size in sizes)
    if not sizes or min(sizes) < 1:
        raise broken(f"a volume of {text} voxels does not exist")
    if max(sizes) > MAX_AXIS or math.prod(sizes) > MAX_VOXELS:
        raise broken(f"a volume of {text} voxels is too large", advice="crop it or take larger voxels")
    return tuple(int(size) for size in sizes)


def check_amount(header: GridHeader, where_at: int | None = None) -> GridHeader:
    """Compare what the header announces with the bytes that are there; ``ScanError`` where they cannot match.

    ``where_at`` is the number of bytes of ``source`` that hold the voxels, if not all from the offset on.
    """
    size = regular_size(header.source)
    there = size - header.offset if where_at is None else where_at
    if header.offset < 0 or there < 0 or header.offset + there > size:
        raise broken("the file ends before its voxels begin")
    wanted = header.data_bytes
    if wanted > MAX_DATA_BYTES:
        raise broken(f"{wanted / 2**30:.3g} GB of voxels are too many", advice="crop it or take larger voxels")
    if header.encoding == "raw":
        if there < wanted:
            raise broken(f"the file is cut off: it announces {wanted} bytes of voxels and holds {there}")
        if there > wanted:
            raise broken(f"the file holds {there} bytes of voxels and announces only {wanted}")
    elif header.encoding == "ascii":
        if there + 1 < 2 * math.prod(header.shape):
            raise broken(f"the file is cut off: {there} characters cannot hold its voxels")
    elif header.encoding in ("gzip", "zlib") and wanted > DEFLATE_RATIO * there:
        raise broken(f"the file is cut off or lies: {there} packed bytes cannot hold {wanted} bytes of voxels")
    if header.encoding != "raw" and wanted > BOMB_BYTES and wanted > BOMB_RATIO * there:
        raise broken(f"{there} packed bytes that announce {wanted / 2**30:.3g} GB look like a decompression bomb",
                     advice="unpack the file first if it is genuine")  # fmt: skip
    return header


def regular_size(path: Path) -> int:
    """Return the size of a plain file; ``ScanError`` if it is none or cannot be read."""
    try:
        found = path.stat()
    except OSError:
        raise ScanError("the file cannot be read", advice="check that it is there and may be read") from None
    if not stat.S_ISREG(found.st_mode):
        raise ScanError("this is no plain file")
    return found.st_size


def beside(path: Path, name: str) -> Path:
    """Return the detached data file of a header: a plain file of a plain name in the same folder.

    Raises ``ScanError`` for paths, lists, patterns and links: a header must not choose what is read.
    """
    plain = name.isprintable() and 0 < len(name) <= 200 and not any(mark in name for mark in '/\\:%*?<>|"')
    if not plain or name.strip(". ") == "" or name.split()[0].upper() == "LIST":
        raise broken("the data file is not named by a plain name", advice="put header and data into one file")
    found = path.parent / name
    try:
        there = found.is_file() and not found.is_symlink()
    except OSError:  # a name longer than the file system takes
        there = False
    if not there:
        raise broken("the data file beside the header is missing or a link", advice="give both files in one folder")
    return found


def placed(
    steps: NDArray[np.float64], origin: NDArray[np.float64], shape: tuple[int, int, int],
    notes: list[str], problems: list[str],
) -> tuple[VolumeGeometry | None, float]:  # fmt: skip
    """Make the geometry of a grid, or add to ``problems`` why there is none; and by how much corners were moved in mm.

    Parameters
    ----------
    steps : (3, 3), columns are the steps along i, j and k in LPS mm, as files order them.
    origin : (3,), centre of the first voxel, LPS mm.
    shape : [k, j, i].

    Axes that are not perpendicular are made so where that moves no corner by more than 0.1 mm (from 0.02 mm with a
    note), by the nearest rotation (polar decomposition); beyond it the grid is refused.
    """
    columns = np.asarray(steps, np.float64)[:, ::-1]
    origin = np.asarray(origin, np.float64)
    if not (np.isfinite(columns).all() and np.isfinite(origin).all()):
        problems.append("the place of its voxels is not given in finite numbers")
        return None, 0.0
    spacing = np.linalg.norm(columns, axis=0)
    if not all(SPACING_RANGE_MM[0] <= value <= SPACING_RANGE_MM[1] for value in spacing):
        size = " x ".join(f"{value:.3g}" for value in spacing)
        problems.append(f"voxels of {size} mm are no usable volume")
        return None, 0.0
    if np.abs(origin).max() > POSITION_LIMIT_MM:
        problems.append(f"the volume lies {np.abs(origin).max():.3g} mm away from the patient")
        return None, 0.0
    direction = columns / spacing
    moved = 0.0
    error = float(np.abs(direction.T @ direction - np.eye(3)).max())
    if error > _EXACT:
        left, stretch, right = np.linalg.svd(direction)
        nearest = left @ right
        extent = np.asarray(shape) * spacing
        moved = float(max(np.linalg.norm((direction - nearest) @ (extent * sign)) for sign in _SIGNS)) / 2
        if moved > TOLERATED_MM or stretch.min() < 0.5:
            angle = math.degrees(math.asin(min(1.0, float(np.abs(direction.T @ direction - np.eye(3)).max()))))
            problems.append(f"the voxel axes are sheared: {angle:.1f} degrees off a right angle")
            return None, 0.0
        if moved > SILENT_MM:
            notes.append(f"voxel axes made perpendicular, which moves corners by up to {moved:.2f} mm")
        # about the centre of the grid, so that the error is shared by all corners
        middle = (np.asarray(shape) - 1) / 2 * spacing
        origin = origin + (direction - nearest) @ middle
        direction = nearest
    place: Point = (float(origin[0]), float(origin[1]), float(origin[2]))
    steps_mm = (float(spacing[0]), float(spacing[1]), float(spacing[2]))
    return VolumeGeometry(shape, steps_mm, direction, place), moved


_SIGNS = [np.array([a, b, 1.0]) for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
