"""Label volumes without references: NIfTI, NRRD and MetaImage files whose voxels are label numbers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, Segment, Volume
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, ScanError, UsageError
from anatomy_twin.scan.grid_file import read_grid
from anatomy_twin.scan.label_match import Target, match_note
from anatomy_twin.scan.label_place import with_place_checked
from anatomy_twin.scan.label_terms import ForeignSegment, described, name_segments, plain_text

MOST_LABELS = 1000
LARGEST_NUMBER = 65535
LARGEST_EXTENSION_BYTES = 2**20
_PALETTE = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))


def read_label_file(
    path: str | Path, like: Volume | None = None, names: Mapping[int, str] | None = None
) -> LabelMap:
    """Read a NIfTI, NRRD or MetaImage file of label numbers.

    Parameters
    ----------
    path : the file.
    like : the scan it belongs to. Such files name no images and no frame of reference: the labels are taken where
        their voxels are those of the scan (re-indexed or cropped ones too), and where they do not lie on tissue that
        they cannot be (``with_place_checked``).
    names : name of each label number. Where none are given, the table of labels that some programs write into a NIfTI
        file; else a file of the one label 1 is named after the file if the catalog knows that name. A number without
        a name becomes "label_N", with a note.

    Returns
    -------
    LabelMap : one layer with the file's numbers; all segments "check". Its first note says how the labels were
        matched. Numbers that are named but have no voxel are left out.

    Raises
    ------
    ScanError : damaged, an image instead of labels, or not on the grid of ``like``.
    """
    path = Path(path)
    where = plain_text(path.name)
    grid = read_grid(path)
    array = _label_numbers(grid.array, where)
    numbers = [int(number) for number in np.flatnonzero(np.bincount(array.reshape(-1))) if number]
    if len(numbers) > MOST_LABELS:
        raise ScanError(f"file holds {len(numbers)} different values: an image, no labels", where=where,
                        advice="give a file of label numbers")
    told = {int(number): plain_text(name) for number, name in (names or label_table(path)).items()}
    notes: list[str] = []
    if not told and numbers == [1]:
        told = _named_after(path)
        notes += ["the label is named after the file"] if told else []
    unnamed = [number for number in numbers if not told.get(number)]
    if unnamed:
        listed = ", ".join(map(str, unnamed[:10])) + (", ..." if len(unnamed) > 10 else "")
        notes.append(f"the file does not say what label {listed} is")
    if not numbers:
        notes.append("the file holds no labelled voxel")
    found = [ForeignSegment(n, told.get(n) or f"label_{n}", colour=_PALETTE[n % len(_PALETTE)]) for n in numbers]
    segments = [_segment(one, name) for one, name in zip(found, name_segments(found), strict=True)]
    labels = LabelMap(array[None], grid.geometry, tuple(segments), (*notes, *grid.notes))
    if like is None:
        return labels
    matched = match_note("label file", (), "", Target.of(like) or Target(like.geometry), where)
    try:
        labels = labels_on_grid(labels, like.geometry)
    except DataError as error:
        raise ScanError(error.what, where=where, advice=error.advice) from error
    labels = LabelMap(labels.array, labels.geometry, labels.segments, (matched, *labels.notes))
    return with_place_checked(labels, like, where)


def label_table(path: Path) -> dict[int, str]:
    """Return the names of label numbers in the header extension of a NIfTI file; nothing where there is none.

    TotalSegmentator and Connectome Workbench write an XML "CaretExtension" with a LabelTable (nifti1.h: extensions lie
    between byte 352 of NIfTI-1, or 544 of NIfTI-2, and vox_offset; each begins with its size and code as int32).
    """
    with path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(0)
        data = stream.read(LARGEST_EXTENSION_BYTES)
    if head[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(31).decompress(data, LARGEST_EXTENSION_BYTES)
        except zlib.error:
            return {}
    for order in ("little", "big"):
        size = int.from_bytes(data[:4], order)
        if size in (348, 540):
            return _table_of(data[size + 4 :], order, data[size : size + 1] == b"\x01")
    return {}


def _table_of(data: bytes, order: Any, extended: bool) -> dict[int, str]:
    if not extended:
        return {}
    size = int.from_bytes(data[:4], order)
    content = data[8:size].rstrip(b"\0 \n") if 8 < size <= len(data) else b""
    if b"<LabelTable" not in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return {}
    try:
        labels = ElementTree.fromstring(content).iter("Label")
        table = {int(label.get("Key", "")): plain_text(label.text or "") for label in labels}
    except (ElementTree.ParseError, ValueError):
        return {}
    return {number: name for number, name in table.items() if name and 0 < number <= LARGEST_NUMBER}


def _label_numbers(values: NDArray[Any], where: str) -> NDArray[Any]:
    if values.ndim != 3:
        raise ScanError("file holds several layers and does not say what they are", where=where,
                        advice="give one file for each, or a .seg.nrrd")
    low, high = values.min(), values.max()
    if not 0 <= low <= high <= LARGEST_NUMBER:
        raise ScanError(f"file holds values from {low:g} to {high:g}: an image, no labels", where=where,
                        advice="give a file of label numbers")
    numbers = values.astype(np.uint8 if high < 256 else np.uint16)
    if values.dtype.kind == "f" and not np.array_equal(numbers, values):
        raise ScanError("file holds fractions, which are no label numbers", where=where,
                        advice="give a file of label numbers")
    return numbers


def _named_after(path: Path) -> dict[int, str]:
    stem = path.name.lower().split(".")[0]
    name = catalog.segment_name(stem, "")
    try:
        catalog.term(name)
    except UsageError:
        return {}
    return {1: name}


def _segment(one: ForeignSegment, name: str) -> Segment:
    return described(one, name, 0, one.number)
