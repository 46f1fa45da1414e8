"""DICOM objects that hold labels (SEG, RT structure set) become label maps on the grid of a scan."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.uid import UID

from anatomy_twin.core import LabelMap, Volume
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, ScanError, UsageError, WorkerError
from anatomy_twin.scan.headers import foreign_data, uid_name
from anatomy_twin.scan.label_match import BY_IMAGES, Target
from anatomy_twin.scan.label_place import with_place_checked
from anatomy_twin.scan.label_terms import plain_text
from anatomy_twin.scan.prescan import DEFLATED, LARGEST_INFLATED_BYTES, prescan
from anatomy_twin.worker import run_limited

LARGEST_FILE_BYTES = 2**30
STRUCTURE_SET_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_ADVICE = "give a DICOM SEG, an RT structure set, .seg.nrrd or NIfTI"


def read_label_object(path: str | Path, like: Volume | None = None) -> LabelMap:
    """Read a DICOM SEG object or RT structure set.

    Parameters
    ----------
    path : the file. It is decoded in a child process with limits, because it is other people's data.
    like : the scan it belongs to: the labels are put onto its grid, never onto another one (``label_match`` has the
        rule, the first of the map's notes says how it was met). A structure set needs it: outlines have no voxels.

    Returns
    -------
    LabelMap : segments named as the catalog names them where label or code is known there, as in the object
        otherwise; overlapping ones lie in different layers. State "check" unless the object says that a
        segment was made automatically; who confirmed it is not in the object.

    Raises
    ------
    ScanError : no such object, damaged, of another scan, not on the grid of ``like``, or beyond the decoder's limits.
    UsageError : a structure set without ``like``.
    """
    path = Path(path)
    where = plain_text(path.name)
    if not path.is_file():
        raise ScanError("there is no such file", where=where, advice="check the path")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ScanError("file is too large for labels", where=where)
    with foreign_data("file cannot be read", where=where, advice="check the path"):
        data = path.read_bytes()
    voxels = 0 if like is None else int(np.prod(like.geometry.shape, dtype=np.int64))
    inflated = min(64 * len(data), LARGEST_INFLATED_BYTES) if DEFLATED.encode() in data[:4096] else 0
    try:
        labels: LabelMap = run_limited(
            "anatomy_twin.scan.label_object:decode_label_object", data, where, Target.of(like),
            memory_bytes=2**30 + 8 * len(data) + 6 * voxels + 2 * inflated, cpu_s=20 + len(data) / 2**19,
            wall_s=40 + len(data) / 2**18, env={"OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
    except WorkerError as error:
        raise ScanError("labels cannot be decoded within the limits of memory and time", where=where,
                        advice="export them again") from error
    if like is None:
        return labels
    # slices of the very images may lie a little off the scan's regular grid, which is no reason to doubt them
    of_scan = labels.notes[0].startswith(BY_IMAGES)
    try:
        placed = labels_on_grid(labels, like.geometry, 0.2 if of_scan else 0.05)
    except DataError as error:
        raise ScanError(error.what, where=where, advice=error.advice) from error
    return with_place_checked(placed, like, where)


def decode_label_object(data: bytes, where: str, target: Target | None = None) -> LabelMap:
    """Return the label map in the bytes of a DICOM object, on its own voxels (see ``read_label_object``)."""
    from anatomy_twin.scan.segmentation_object import SEGMENTATION_CLASSES, decode_seg
    from anatomy_twin.scan.structure_set import decode_structure_set

    found = prescan(data, where, times=2)  # many frames of many segments
    with foreign_data("file is no readable DICOM object", where=where, advice=_ADVICE):
        dataset = dcmread(BytesIO(data), force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:  # no preamble: the coding is the one that was found
            dataset.file_meta.TransferSyntaxUID = UID(found.transfer_syntax)
        kind = str(dataset.SOPClassUID)
    if kind not in (*SEGMENTATION_CLASSES, STRUCTURE_SET_CLASS):
        name = uid_name(kind)
        name = name.removesuffix(" Storage") if name != kind else "DICOM object of unknown class"
        raise ScanError(f"file is a {name}, which holds no labels", where=where, advice=_ADVICE)
    with foreign_data("labels cannot be decoded", where=where, advice="export them again"):
        if kind in SEGMENTATION_CLASSES:
            return decode_seg(dataset, where, target)
        if target is None:
            raise UsageError("outlines of a structure set need the scan that they were drawn on", where=where,
                             advice="give the volume (like=)")
        return decode_structure_set(dataset, where, target)
