"""NIfTI, NRRD and MetaImage files: is it one, what does it hold, give me its voxels.

The header is checked here, byte by byte and under bounds, before any library sees the file; the voxels are then read in
a child process with limits (NIfTI by nibabel, the others by SimpleITK), and the place that the library gives them must
be the one that was computed here.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.errors import ScanError, WorkerError
from anatomy_twin.scan.grid_header import GridHeader, regular_size
from anatomy_twin.scan.grid_metaimage import is_metaimage, metaimage_header
from anatomy_twin.scan.grid_nifti import HEADER_BYTES, nifti_header, nifti_version
from anatomy_twin.scan.grid_nrrd import MAX_HEADER_BYTES, nrrd_header
from anatomy_twin.worker import run_limited

__all__ = ["GridFile", "GridHeader", "describe_grid", "is_grid_file", "read_grid"]

_ENDINGS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_FIRST_BYTES = 4096
_NRRD = re.compile(rb"NRRD000[1-5]\r?\n")
_DECODER = "anatomy_twin.scan.grid_decode:decode_to"


@dataclass(frozen=True, eq=False)
class GridFile:
    """The voxels of one file: ``array`` [k, j, i], or [n, k, j, i] for ``n`` layers on one grid, in real values.

    ``geometry`` is in LPS mm. ``keys`` are the entries of an NRRD header that describe segments: texts of the file, not
    to be stored unseen. ``notes`` are findings to be told. ``format`` is for instance "NIfTI-1, gzip".
    """

    array: NDArray[Any]
    geometry: VolumeGeometry
    keys: Mapping[str, str] = field(default_factory=FrozenMapping, repr=False)
    notes: tuple[str, ...] = ()
    format: str = ""


def is_grid_file(path: str | PathLike[str]) -> bool:
    """Tell whether a file is NIfTI, NRRD or MetaImage by what it holds, or is none of DICOM and named like one."""
    place = Path(path)
    try:
        if not place.is_file():
            return False
        with place.open("rb") as stream:
            head = stream.read(_FIRST_BYTES)
    except OSError:
        return False
    if head[128:132] == b"DICM":
        return False
    return _kind(head) != "" or place.name.lower().endswith(_ENDINGS)


def describe_grid(path: str | PathLike[str]) -> GridHeader:
    """Read and check the header of a NIfTI, NRRD or MetaImage file; its voxels are not read.

    What forbids to read it truthfully (no place in the patient, several volumes, colours, sheared axes) is listed in
    ``problems``. Raises ``ScanError`` in one line for bytes that cannot be believed: cut off, lying sizes, a detached
    data file that is not a plain name in the same folder, a decompression bomb.
    """
    place = Path(path)
    regular_size(place)
    try:
        with place.open("rb") as stream:
            head = stream.read(_FIRST_BYTES)
            kind = _kind(head)
            if kind in ("NRRD", "MetaImage"):
                head += stream.read(MAX_HEADER_BYTES + 1 - len(head))
    except OSError:
        raise ScanError("the file cannot be read", advice="check that it may be read") from None
    try:
        with np.errstate(all="ignore"):  # absurd numbers are found by what comes out
            if kind == "NRRD":
                return nrrd_header(place, head)
            if kind == "MetaImage":
                return metaimage_header(place, head)
            if kind == "NIfTI":
                packed = head.startswith(b"\x1f\x8b")
                return nifti_header(place, _unpacked(head) if packed else head, packed)
    except ScanError as error:
        raise _named(error, place) from None
    raise ScanError("the file is neither NIfTI nor NRRD nor MetaImage, whatever its name says", where=_shown(place))


def read_grid(path: str | PathLike[str], monitor: Monitor = SILENT) -> GridFile:
    """Read a NIfTI, NRRD or MetaImage file.

    Parameters
    ----------
    path : a .nii, .nii.gz, .nrrd, .nhdr (voxels in the same folder), .mha or .mhd file; its content counts.
    monitor : told the progress, asked for cancelling.

    Returns a ``GridFile``: values with the file's slope and intercept applied, the stored type where there is none.

    Raises ``ScanError`` in one line for what ``describe_grid`` refuses or lists as a problem, for damaged or short
    voxels (the checksum of packed ones is looked at), and where the library places the voxels elsewhere than the check
    of the header did.
    """
    place = Path(path)
    header = describe_grid(place)
    if header.problems or header.geometry is None:
        raise ScanError("; ".join(header.problems), where=_shown(place), advice="export the file again")
    check_cancelled(monitor)
    monitor.progress(0.05)
    amount = header.data_bytes
    try:
        with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as folder:
            affine = run_limited(
                _DECODER, place.resolve(), header, Path(folder),
                memory_bytes=3 * 2**30 + 6 * amount, cpu_s=30 + amount / 2**23, wall_s=60 + amount / 2**22,
            )  # fmt: skip
            monitor.progress(0.8)
            check_cancelled(monitor)
            array = np.load(Path(folder) / "voxels.npy", allow_pickle=False)
    except ScanError as error:
        raise _named(error, place) from None
    except (WorkerError, OSError, ValueError) as error:
        raise ScanError(f"the voxels cannot be read ({_reason(error)})", where=_shown(place),
                        advice="export the file again") from None  # fmt: skip
    _check_place(np.asarray(affine), header, place)
    monitor.progress(1.0)
    return GridFile(array, header.geometry, header.keys, header.notes, header.format_line)


def _kind(head: bytes) -> str:
    """Name the format that the first bytes of a file show, or nothing."""
    if _NRRD.match(head):
        return "NRRD"
    if head.startswith(b"\x1f\x8b"):
        return "NIfTI" if nifti_version(_unpacked(head)) else ""
    if nifti_version(head):
        return "NIfTI"
    return "MetaImage" if is_metaimage(head) else ""


def _unpacked(head: bytes) -> bytes:
    """Unpack as much of a gzip file as a NIfTI header needs; nothing if it is damaged."""
    try:
        return zlib.decompressobj(31).decompress(head, HEADER_BYTES)
    except zlib.error:
        return b""


def _check_place(affine: NDArray[np.float64], header: GridHeader, place: Path) -> None:
    """Refuse where the library's voxels lie elsewhere than those of the header check."""
    geometry = header.geometry
    assert geometry is not None
    ends = np.array(np.meshgrid(*[(-0.5, size - 0.5) for size in geometry.shape], indexing="ij")).reshape(3, -1)
    theirs = (affine[:3, :3] @ ends + affine[:3, 3:]).T
    apart = float(np.abs(theirs - geometry.corners_mm()).max())
    if not apart <= header.place_tolerance_mm:
        raise ScanError(f"two readers of this file place it {apart:.3g} mm apart", where=_shown(place),
                        advice="export the file again")  # fmt: skip


def _reason(error: Exception) -> str:
    """Say in a few words why the child gave no voxels, without text of the file."""
    if not isinstance(error, WorkerError):
        return type(error).__name__
    return error.what.removeprefix(f"{_DECODER} ").partition(":")[0]


def _named(error: ScanError, place: Path) -> ScanError:
    return type(error)(error.what, where=error.where or _shown(place), advice=error.advice)


def _shown(place: Path) -> str:
    """The file's name as far as it is short and printable: for the terminal."""
    name = "".join(mark if mark.isprintable() else "?" for mark in place.name)
    return name if len(name) <= 80 else f"{name[:77]}..."
