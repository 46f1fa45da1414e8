"""Label maps as .seg.nrrd, the segmentation file of 3D Slicer.

Layers are the first (list) axis; each segment is described by SegmentN_ fields as in Slicer's
vtkSegmentation/vtkMRMLSegmentationStorageNode. What Slicer has no field for (state, part of, note) stands in the
segment's tags, which Slicer keeps when it saves the file again; segments without voxels stand under a key of ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, Volume
from anatomy_twin.core.labels import FORMER_STATES, STATES
from anatomy_twin.core.later import later
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, StoreError, TwinError
from anatomy_twin.store.codec import decode, encode
from anatomy_twin.store.nrrd import NrrdFile, decode_nrrd, encode_nrrd

ndimage = later("scipy.ndimage")

ABSENT_KEY = "anatomy_twin_absent_segments"
NOTES_KEY = "anatomy_twin_notes"
LAYERS_KEY = "anatomy_twin_layers"
_TAG = "AnatomyTwin."
_CATEGORY = "SCT^123037004^Anatomical Structure"
_LESION_CATEGORY = "SCT^49755003^Morphologically Altered Structure"
_LESIONS = ("tumour", "tumour_candidate", "lesion")
_STATUS = {"ok": "inprogress", "check": "flagged", "corrected": "inprogress", "confirmed": "completed"}


def encode_seg_nrrd(labels: LabelMap) -> bytes:
    """Return the bytes of a .seg.nrrd file; ``StoreError`` where a coded term cannot be written."""
    keys: dict[str, str] = {
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_SourceRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    spans = [_spans(labels.array[layer]) for layer in range(labels.array.shape[0])]
    number, absent = 0, []
    for index, segment in enumerate(labels.segments):
        if segment.absent:
            absent.append({"index": index, **encode(Segment, segment)})
            continue
        keys.update(_segment_fields(f"Segment{number}_", segment, spans[segment.layer].get(segment.value)))
        number += 1
    keys[ABSENT_KEY] = json.dumps(absent, sort_keys=True)
    keys[NOTES_KEY] = json.dumps(list(labels.notes))
    keys[LAYERS_KEY] = str(labels.array.shape[0])
    array = labels.array[0] if labels.array.shape[0] == 1 else labels.array
    return encode_nrrd(array, labels.geometry, keys)


def decode_seg_nrrd(data: bytes, where: str) -> LabelMap:
    """Return the label map of a .seg.nrrd file, ours or 3D Slicer's; ``StoreError`` naming ``where`` if it is none."""
    file = decode_nrrd(data, where)
    try:
        return _label_map(file, where)
    except StoreError:
        raise
    except (TwinError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"segmentation cannot be read: {error}", where=where) from error


def load_labels(path: str | Path, like: Volume | None = None) -> LabelMap:
    """Read a .seg.nrrd file, ours or 3D Slicer's.

    Parameters
    ----------
    path : the file.
    like : a scan whose grid the labels must fill. A segmentation that was cropped to its content (as Slicer saves it)
        is put back into that grid; any other grid is refused.

    Returns
    -------
    LabelMap : segments named as in the file; where a name or its coded term is one of the catalog, by the catalog's
        name. State "check" for segments that do not say how they came about.

    Raises
    ------
    StoreError : no such file, not a segmentation, or not on the grid of ``like``.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError("segmentation file cannot be opened", where=path.name, advice="check the path") from error
    labels = decode_seg_nrrd(data, path.name)
    if like is None:
        return labels
    try:
        return labels_on_grid(labels, like.geometry)
    except DataError as error:
        raise StoreError(error.what, where=path.name, advice=error.advice) from error


def _spans(layer: NDArray[Any]) -> dict[int, tuple[slice, ...]]:
    found = ndimage.find_objects(layer if layer.dtype.kind == "i" else layer.astype(np.int32))
    return {value: span for value, span in enumerate(found, start=1) if span is not None}


def _segment_fields(prefix: str, segment: Segment, span: tuple[slice, ...] | None) -> dict[str, str]:
    code = segment.code
    if any(mark in part for part in (code.scheme, code.value, code.meaning) for mark in "^~|\n"):
        raise StoreError(f"coded term of {segment.name!r} holds one of ^ ~ |", advice="use the term of the catalog")
    category = _LESION_CATEGORY if segment.name.rstrip("_0123456789") in _LESIONS else _CATEGORY
    terminology = (
        f"Segmentation category and type - 3D Slicer General Anatomy list~{category}~"
        f"{code.scheme}^{code.value}^{code.meaning}~^^~Anatomic codes - DICOM master list~^^~^^"
    )
    tags = {
        "Segmentation.Status": _STATUS.get(segment.state, "notstarted"),
        "TerminologyEntry": terminology,
        _TAG + "state": quote(segment.state, safe=" "),
        _TAG + "part_of": quote(segment.part_of, safe=" "),
        _TAG + "note": quote(segment.note, safe=" ,.;()"),
        _TAG + "rules": quote("\n".join(segment.rules), safe=" "),
    }
    extent = "0 -1 0 -1 0 -1" if span is None else " ".join(f"{s.start} {s.stop - 1}" for s in span[::-1])
    return {
        prefix + "ID": segment.name,
        prefix + "Name": segment.name,
        prefix + "NameAutoGenerated": "0",
        prefix + "Color": " ".join(f"{part / 255:.6f}" for part in segment.colour),
        prefix + "ColorAutoGenerated": "0",
        prefix + "LabelValue": str(segment.value),
        prefix + "Layer": str(segment.layer),
        prefix + "Extent": extent,
        prefix + "Tags": "".join(f"{key}:{text}|" for key, text in tags.items()),
    }


def _label_map(file: NrrdFile, where: str) -> LabelMap:
    array = file.array[None] if file.array.ndim == 3 else file.array
    if array.dtype.kind not in "ui":
        raise StoreError("labels are not whole numbers", where=where)
    numbers = sorted(
        int(key[len("Segment"): -len("_LabelValue")])
        for key in file.keys
        if key.startswith("Segment") and key.endswith("_LabelValue")
    )
    segments: list[Segment] = []
    for number in numbers:
        segments.append(_segment(file.keys, f"Segment{number}_", {s.name for s in segments}))
    if not segments and ABSENT_KEY not in file.keys:
        raise StoreError("file names no segment", where=where, advice="give a .seg.nrrd file")
    for content in json.loads(file.keys.get(ABSENT_KEY, "[]")):
        index = content.pop("index")
        segments.insert(index, decode(Segment, content, where))
    notes = tuple(str(note) for note in json.loads(file.keys.get(NOTES_KEY, "[]")))
    return LabelMap(array, file.geometry, tuple(segments), notes)


def _segment(keys: Mapping[str, str], prefix: str, taken: set[str]) -> Segment:
    tags = dict(
        tag.partition(":")[::2] for tag in keys.get(prefix + "Tags", "").split("|") if ":" in tag
    )
    ours = _TAG + "state" in tags
    told = keys.get(prefix + "Name", keys.get(prefix + "ID", prefix.rstrip("_")))
    code = _code(tags.get("TerminologyEntry", ""))
    name = told if ours else catalog.segment_name(told, code.value, taken)
    state = unquote(tags.get(_TAG + "state", "check"))
    known = state in STATES or state in FORMER_STATES
    rules = unquote(tags.get(_TAG + "rules", ""))
    colour = [round(float(part) * 255) for part in keys.get(prefix + "Color", "0.5 0.5 0.5").split()]
    return Segment(
        name, int(keys.get(prefix + "Layer", "0")), int(keys[prefix + "LabelValue"]), code,
        (colour[0], colour[1], colour[2]), state if known else "check",
        unquote(tags.get(_TAG + "part_of", "")) if ours else _parent(name), unquote(tags.get(_TAG + "note", "")),
        tuple(rules.split("\n")) if rules else (),
    )


def _code(entry: str) -> Code:
    parts = entry.split("~")
    triple = parts[2].split("^") if len(parts) > 2 else []
    return Code(*triple) if len(triple) == 3 and all(triple) else Code("", "", "")


def _parent(name: str) -> str:
    try:
        return str(catalog.term(name)["part_of"])
    except TwinError:
        return ""
