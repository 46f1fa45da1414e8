"""Scans handed to other programs as NIfTI, and their label files put back onto the voxels of the scan."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.imageglobals import logger
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import LabelMap, Volume, VolumeGeometry
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, SegmentationError

MOST_VOXELS: Final = 2**31
LEAST_COVERED: Final = 0.98
SAMPLES: Final = 40
SAME_VOXELS: Final = 0.05
_TO_LPS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_nifti(volume: Volume, path: Path) -> None:
    """Write a scan as NIfTI-1 (axes i, j, k; world RAS mm; whole numbers as int16 where they fit, else float32)."""
    array = volume.array
    whole = array.dtype.kind in "iu" and int(array.min()) >= -32768 and int(array.max()) <= 32767
    values = np.ascontiguousarray(array.transpose(2, 1, 0), dtype=np.int16 if whole else np.float32)
    turn = np.eye(4)[[2, 1, 0, 3]]
    affine = _TO_LPS @ volume.geometry.affine @ turn
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    nibabel.save(image, path)


def read_answer(path: Path, volume: Volume, tool: str) -> tuple[NDArray[Any], dict[int, str], str]:
    """Read a program's label file onto the grid of the scan that it was given.

    Returns the label numbers [k, j, i] on the scan's voxels, the names that the file itself gives to numbers, and a
    line that says how the grids were matched.

    Raises ``SegmentationError`` where the file is damaged, holds no labels, or does not lie where the scan lies: a
    program that is given a scan answers for all of it, so a frame that covers only a part of it is wrong.
    """
    try:
        with _quiet():
            image = nibabel.load(path)
        shape = tuple(int(size) for size in image.shape)
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        if len(shape) != 3 or not 0 < int(np.prod(shape, dtype=np.float64)) <= MOST_VOXELS:
            raise SegmentationError(f"{tool} wrote an image of {'x'.join(map(str, image.shape))} voxels, no label map")
        values = np.asarray(image.dataobj).reshape(shape)
        names = _names_in(image)
        affine = np.asarray(image.affine, dtype=np.float64)
    except (ImageFileError, OSError, ValueError, EOFError, zlib.error, nibabel.spatialimages.HeaderDataError) as error:
        raise SegmentationError(f"the answer of {tool} cannot be read: {_short(error)}",
                                advice="run it by itself on the scan to see why") from error
    numbers = _whole_numbers(values, tool).transpose(2, 1, 0)
    geometry = _geometry(numbers.shape, affine, tool)
    covered = _covered(geometry, volume.geometry)
    if covered < LEAST_COVERED:
        raise SegmentationError(
            f"the answer of {tool} covers only {100 * covered:.0f} % of the scan: its frame does not fit",
            advice="it must be given, and answer for, the whole scan; check the origin in its header",
        )
    placed, note = _onto(numbers, geometry, volume.geometry)
    return placed, names, note


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep nibabel from printing what it mends in a header."""
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _short(error: Exception) -> str:
    text = re.sub(r"\S*[/\\]\S+", "...", " ".join(str(error).split()))
    return text[:120] or type(error).__name__


def _whole_numbers(values: NDArray[Any], tool: str) -> NDArray[Any]:
    if values.dtype.kind not in "iuf":
        raise SegmentationError(f"{tool} wrote {values.dtype}, no label numbers")
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 65535:
        raise SegmentationError(f"{tool} wrote values from {low:g} to {high:g}, no label numbers")
    numbers = values.astype(np.uint8 if high < 256 else np.uint16)
    if values.dtype.kind == "f" and not np.array_equal(numbers, values):
        raise SegmentationError(f"{tool} wrote fractions, no label numbers")
    return numbers


def _geometry(shape: tuple[int, ...], affine: NDArray[np.float64], tool: str) -> VolumeGeometry:
    """Return the grid of an array [k, j, i] whose NIfTI affine (RAS, axes i, j, k) is given."""
    matrix = _TO_LPS @ affine @ np.eye(4)[[2, 1, 0, 3]]
    steps = np.linalg.norm(matrix[:3, :3], axis=0)
    try:
        if not np.isfinite(matrix).all() or (steps <= 0).any():
            raise DataError("voxels of no size")
        direction = matrix[:3, :3] / steps
        k, j, i = (float(step) for step in steps)
        x, y, z = (float(value) for value in matrix[:3, 3])
        depth, height, width = shape
        return VolumeGeometry((depth, height, width), (k, j, i), direction, (x, y, z))
    except DataError as error:
        raise SegmentationError(f"the answer of {tool} lies on no regular grid: {error.what}") from error


def _covered(answer: VolumeGeometry, scan: VolumeGeometry) -> float:
    """Return the share of the scan's voxel centres (a sample of them) that lie in voxels of the answer."""
    axes = [np.unique(((np.arange(SAMPLES) + 0.5) * size / SAMPLES).astype(int)) for size in scan.shape]
    points = scan.to_world(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))
    index = answer.to_index(points)
    inside = np.all((index >= -0.5 - 1e-3) & (index <= np.asarray(answer.shape) - 0.5 + 1e-3), axis=-1)
    return float(inside.mean())


def _onto(numbers: NDArray[Any], answer: VolumeGeometry, scan: VolumeGeometry) -> tuple[NDArray[Any], str]:
    """Return label numbers on the scan's voxels: the same ones where they are, else the nearest."""
    try:
        same = labels_on_grid(LabelMap(numbers[None], answer, ()), scan, SAME_VOXELS)
        return np.ascontiguousarray(same.array[0]), "on the voxels of the scan"
    except DataError:
        pass
    matrix = answer.inverse_affine @ scan.affine
    nearest = ndimage.affine_transform(
        numbers, matrix[:3, :3], matrix[:3, 3], output_shape=scan.shape, order=0, mode="constant", cval=0
    )
    steps = " x ".join(f"{step:.3g}" for step in answer.spacing_mm[::-1])
    return nearest, f"resampled (nearest voxel) from a grid of {steps} mm"


def _names_in(image: Any) -> dict[int, str]:
    """Return the label table in the header, as TotalSegmentator writes it (a "CaretExtension" of XML)."""
    for extension in getattr(image.header, "extensions", ()):
        content = extension.get_content()
        data = content.encode() if isinstance(content, str) else content
        if not isinstance(data, bytes) or b"<LabelTable" not in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            continue
        try:
            labels = list(ElementTree.fromstring(data.rstrip(b"\0 \n")).iter("Label"))
            table = {int(label.get("Key", "")): " ".join((label.text or "").split())[:64] for label in labels}
        except (ElementTree.ParseError, ValueError):
            continue
        return {number: name for number, name in table.items() if number > 0 and name.isprintable() and name}
    return {}
