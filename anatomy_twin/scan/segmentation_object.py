"""DICOM SEG objects (binary, fractional, label map) become label maps."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, Volume, VolumeGeometry
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, ScanError, UsageError
from anatomy_twin.scan.headers import foreign_data, private_uid
from anatomy_twin.worker import run_limited

SEGMENTATION_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
LARGEST_FILE_BYTES = 2 * 1024**3
LARGEST_GRID_VOXELS = 2**31
DEFAULT_COLOUR = (144, 238, 144)


def read_seg(path: str | Path, like: Volume | None = None) -> LabelMap:
    """Read a DICOM SEG object.

    Parameters
    ----------
    path : the file. It is decoded in a child process with limits, because it is other people's data.
    like : the scan it belongs to: the labels are put onto its grid, and a different frame of reference is refused.

    Returns
    -------
    LabelMap : segments named as the catalog names them where label or code is known there, as in the object
        otherwise; overlapping segments lie in different layers. State "needs review" for manual and semi-automatic
        segments too: who confirmed them is not in the object.

    Raises
    ------
    ScanError : no SEG object, damaged, or not on the grid of ``like``.
    WorkerError : the decoder died or ran out of its limits.
    """
    path = Path(path)
    if not path.is_file():
        raise ScanError("there is no such file", where=path.name, advice="check the path")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ScanError("file is too large for a segmentation object", where=path.name)
    with foreign_data("file cannot be read", where=path.name, advice="check the path"):
        data = path.read_bytes()
    function = "anatomy_twin.scan.segmentation_object:decode_seg"
    labels: LabelMap = run_limited(function, data, path.name, memory_bytes=12 * 2**30, cpu_s=240.0, wall_s=300.0)
    if like is None:
        return labels
    ours, theirs = like.geometry.frame_of_reference_uid, labels.geometry.frame_of_reference_uid
    if ours and theirs and ours != theirs:
        raise ScanError(
            "segmentation was made on another scan (its frame of reference differs)", where=path.name,
            advice="give the segmentation of this scan",
        )
    try:
        return labels_on_grid(labels, like.geometry)
    except DataError as error:
        raise ScanError(error.what, where=path.name, advice=error.advice) from error


def decode_seg(data: bytes, where: str) -> LabelMap:
    """Return the label map in the bytes of a DICOM SEG object; ``ScanError`` naming ``where`` if they are none."""
    with foreign_data("file is no readable DICOM object", where=where, advice="give a DICOM SEG or .seg.nrrd file"):
        dataset = dcmread(BytesIO(data))
        kind = str(dataset.SOPClassUID)
    if kind not in SEGMENTATION_CLASSES:
        raise ScanError("file is a DICOM object, but no segmentation", where=where, advice="give a DICOM SEG object")
    with foreign_data("segmentation object cannot be decoded", where=where, advice="export it again"):
        return _label_map(highdicom.seg.Segmentation.from_dataset(dataset, copy=False), where)


def _label_map(seg: Any, where: str) -> LabelMap:
    placed = seg.get_volume_geometry()
    if placed is None:
        raise ScanError("segmentation object does not lie on a regular grid", where=where)
    geometry = _geometry(placed, private_uid(str(seg.FrameOfReferenceUID)))
    if int(np.prod(geometry.shape, dtype=np.int64)) > LARGEST_GRID_VOXELS:
        raise ScanError("segmentation object claims more voxels than can be", where=where)
    numbers = [int(number) for number in seg.segment_numbers if int(number) > 0]
    layers: list[NDArray[Any]] = [np.zeros(geometry.shape, np.uint8 if len(numbers) < 255 else np.uint16)]
    segments: list[Segment] = []
    for value, number in enumerate(numbers, start=1):
        volume = seg.get_volume(segment_numbers=[number], rescale_fractional=True)
        mask = volume.array[..., 0] >= 0.5
        if mask.shape != geometry.shape or not _geometry(volume, "").is_close(geometry, 0.01):
            raise ScanError("segments of the object lie on different grids", where=where)
        layer = next((n for n, taken in enumerate(layers) if not taken[mask].any()), len(layers))
        if layer == len(layers):
            layers.append(np.zeros_like(layers[0]))
        layers[layer][mask] = value
        segments.append(_segment(seg.get_segment_description(number), layer, value, {s.name for s in segments}))
    if not segments:
        raise ScanError("segmentation object holds no segment", where=where)
    return LabelMap(np.stack(layers), geometry, tuple(segments))


def _geometry(placed: Any, frame_of_reference_uid: str) -> VolumeGeometry:
    """Return the grid of a highdicom volume, whose affine also maps [k, j, i] to LPS mm."""
    steps = placed.affine[:3, :3]
    spacing = np.linalg.norm(steps, axis=0)
    k, j, i = (int(size) for size in placed.spatial_shape)
    dk, dj, di = (float(size) for size in spacing)
    x, y, z = (float(part) for part in placed.affine[:3, 3])
    return VolumeGeometry((k, j, i), (dk, dj, di), steps / spacing, (x, y, z), frame_of_reference_uid)


def _segment(description: Any, layer: int, value: int, taken: set[str]) -> Segment:
    kind = description.segmented_property_type
    label = " ".join(str(description.segment_label).split())
    code = Code(str(kind.scheme_designator), str(kind.value), str(kind.meaning))
    name = catalog.segment_name(label, code.value, taken)
    if name in taken:
        name = f"{label} ({value})"
    try:
        term = catalog.term(name)
        colour, parent = tuple(term["colour"]), str(term["part_of"])
    except UsageError:
        colour, parent = DEFAULT_COLOUR, ""
    automatic = str(description.algorithm_type.value) == "AUTOMATIC"
    return Segment(name, layer, value, code, colour, "automatic" if automatic else "needs review", parent)
