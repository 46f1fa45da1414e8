"""All structures of a label map, in drawing order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.anatomy.certificate import certify
from anatomy_twin.anatomy.surfaces import bounding_box, surface_of
from anatomy_twin.core import SILENT, Anatomy, LabelMap, Monitor, Segment, Structure, Volume, check_cancelled
from anatomy_twin.errors import DataError

SLICES_ONLY = ("unknown_tissue", "fat", "subcutaneous_fat", "visceral_fat", "muscle")
LESIONS = ("tumour", "tumour_candidate", "lesion")
SMALLEST_DRAWN_ISLAND_ML = 0.05
LARGEST_SHARE_LEFT_OUT = 0.01  # thin vessels fall into pieces on a voxel grid: those are no specks
TRIANGLE_BUDGET = 40_000


def build_anatomy(volume: Volume, labels: LabelMap, monitor: Monitor = SILENT) -> Anatomy:
    """Return every segment as a structure: volume from its voxels, and a certified surface where one is of use.

    Parameters
    ----------
    volume : the scan that was segmented.
    labels : its segments on the same grid.
    monitor : told of progress; may cancel between structures.

    Returns
    -------
    Anatomy : structures in drawing order (outermost first). A segment that was not found, or not visible, is a
        structure without surface that keeps its state and note. Space-filling tissues (fat, muscle, unknown tissue;
        skin where there is a body outline) have no surface and say so. ``volume_ml`` of a structure with parts
        includes them (liver: parenchyma, lesions and intrahepatic vessels), its surface is the outline of all.

    Raises
    ------
    DataError : scan and labels are not on the same grid.
    Cancelled : the user stopped.
    """
    if not labels.geometry.is_close(volume.geometry, 0.01):
        raise DataError("scan and labels are not on the same grid", advice="segment this scan, or resample the labels")
    segments = sorted(labels.segments, key=_drawing_rank)
    structures = {}
    for number, segment in enumerate(segments):
        check_cancelled(monitor)
        structures[segment.name] = _structure(segment, labels)
        monitor.progress((number + 1) / len(segments))
    open_names = [s.name for s in structures.values() if s.certificate and not s.certificate.watertight]
    if open_names:
        monitor.warn(f"surfaces that are not closed: {', '.join(open_names)}")
    return Anatomy(structures, labels.notes)


def _structure(segment: Segment, labels: LabelMap) -> Structure:
    mask = labels.mask(segment.name)
    voxel_count = int(np.count_nonzero(mask))
    volume_ml = voxel_count * labels.geometry.voxel_volume_ml
    bare = Structure(
        segment.name, volume_ml, segment.state, segment.code, segment.colour, part_of=segment.part_of, note=segment.note
    )
    if segment.absent and voxel_count == 0:
        return bare
    if voxel_count == 0:
        return _with_note(bare, "no voxels")
    if segment.name in SLICES_ONLY or (segment.name == "skin" and "body" in labels):
        return _with_note(bare, "no surface: shown on slices only")
    drawn, left_out = (mask, 0) if catalog.stem(segment.name) in LESIONS else _without_islands(mask, labels)
    surface = surface_of(drawn, labels.geometry, triangle_budget=TRIANGLE_BUDGET)
    certificate = certify(surface, volume_ml, touches_border=_touches_border(mask))
    whole = Structure(
        bare.name, volume_ml, bare.state, bare.code, bare.colour, surface, certificate, bare.part_of, bare.note
    )
    if not left_out:
        return whole
    lost_ml = volume_ml - int(np.count_nonzero(drawn)) * labels.geometry.voxel_volume_ml
    return _with_note(
        whole,
        f"{left_out} {'island' if left_out == 1 else 'islands'} under {SMALLEST_DRAWN_ISLAND_ML:g} ml each "
        f"({lost_ml:.2g} ml together) counted but not drawn",
    )


def _with_note(structure: Structure, note: str) -> Structure:
    joined = f"{structure.note}; {note}" if structure.note else note
    return Structure(
        structure.name, structure.volume_ml, structure.state, structure.code, structure.colour, structure.surface,
        structure.certificate, structure.part_of, joined,
    )


def _without_islands(mask: NDArray[np.bool_], labels: LabelMap) -> tuple[NDArray[np.bool_], int]:
    """Return the mask without specks and how many were left out; what consists of small pieces stays whole."""
    spans = bounding_box(mask)
    block = mask[spans]
    islands, count = ndimage.label(block, structure=np.ones((3, 3, 3)))
    if count < 2:
        return mask, 0
    sizes = np.bincount(islands.ravel())
    small = sizes * labels.geometry.voxel_volume_ml < SMALLEST_DRAWN_ISLAND_ML
    small[0] = False
    if not small.any() or sizes[small].sum() > LARGEST_SHARE_LEFT_OUT * sizes[1:].sum():
        return mask, 0
    drawn = mask.copy()
    drawn[spans] &= ~small[islands]
    return drawn, int(np.count_nonzero(small))


def _touches_border(mask: NDArray[Any]) -> bool:
    return any(bool(mask.take(side, axis=axis).any()) for axis in range(3) for side in (0, -1))


def _drawing_rank(segment: Segment) -> tuple[int, int]:
    """Outermost first: the order of the catalog, what is part of another after it, lesions last."""
    order = list(catalog.load("terms")["segments"])
    stem = catalog.stem(segment.name)
    group = 3 if stem in LESIONS else 2 if segment.part_of else 1
    if segment.name in ("body", "unknown_tissue"):
        group = 0
    return group, order.index(stem) if stem in order else len(order)
