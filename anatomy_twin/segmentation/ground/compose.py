"""Masks and states become one label map on the voxels of the scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.segmentation.ground.working_grid import Box, Found, Mask, box_of, box_start_shape, paste

PARTS: Final = (
    "hepatic_vessels", "hepatic_veins", "portal_branches", "hepatic_artery", "vertebra", "rib", "sternum", "pelvis",
    "sacrum", "subcutaneous_fat", "visceral_fat", "lung_upper_lobe", "lung_middle_lobe", "lung_lower_lobe",
    "left_atrial_appendage", "pulmonary_vein", "aortic_root",
)
IN_PARTS: Final = ("tumour", "lesion", "kidney_lesion", "nodule", "pulmonary_vessels", "left_atrial_fibrosis")
LAYERS: Final = 4


def layer_of(name: str) -> int:
    """Return the layer of a segment.

    0 holds tissues and organs that exclude each other, 1 what these consist of (vessels in the liver, vertebrae, lobes
    of a lung), 2 what lies in such parts (tumours, nodules, vessels of the lung), 3 the body.
    """
    if name.startswith(IN_PARTS):
        return 2
    if name.startswith(PARTS):
        return 1
    return 3 if name == "body" else 0


def compose(
    volume: Volume, upright: VolumeGeometry, box: Box, found: Mapping[str, Found], order: Sequence[str],
    notes: Sequence[str],
) -> LabelMap:
    """Return the label map of ``volume``.

    Parameters
    ----------
    upright : the volume's grid on upright axes; ``box`` the block of it that the masks of ``found`` cover.
    order : the names from the weakest claim to the strongest: in a layer a later name takes voxels from an earlier.
    """
    array = np.zeros((LAYERS, *upright.shape), dtype=np.uint8)
    segments = []
    for value, name in enumerate(order, start=1):
        entry, layer = found[name], layer_of(name)
        if not entry.absent:
            array[layer][box][entry.mask] = value
    for value, name in enumerate(order, start=1):
        entry, layer = found[name], layer_of(name)
        state, note, rules = entry.state, entry.note, entry.rules
        present = not entry.absent and bool((array[layer][box] == value).any())
        if not present and state not in ("not found", "not visible in this phase"):
            state, note, rules = "not found", note or "nothing is left beside the other structures", ()
        segments.append(make_segment(name, layer, value if present else 0, state, note, rules, entry.part_of))
    axes, flips = volume.geometry.canonical_axes()
    original = np.ascontiguousarray(reindex(array, *inverse_axes(axes, flips)))
    return LabelMap(original, volume.geometry, tuple(segments), tuple(notes))


def make_segment(
    name: str, layer: int, value: int, state: str, note: str = "", rules: tuple[str, ...] = (), part_of: str = ""
) -> Segment:
    """Return a segment with the catalog's term and colour; ``UsageError`` for a name that the catalog lacks."""
    term = catalog.term(name)
    red, green, blue = term["colour"]
    code = Code(term["scheme"], term["code"], term["meaning"])
    return Segment(name, layer, value, code, (red, green, blue), state, part_of or term["part_of"], note, rules)


def mask_of(entry: Found, shape: tuple[int, ...]) -> Mask:
    """Return the mask of an entry, an empty one of ``shape`` where it is absent."""
    return np.zeros(shape, dtype=bool) if entry.mask is None else entry.mask


def union_of(found: Mapping[str, Found], names: Sequence[str], shape: tuple[int, ...]) -> Mask:
    """Return the union of the masks of several entries."""
    result = np.zeros(shape, dtype=bool)
    for name in names:
        result |= mask_of(found[name], shape)
    return result


def carry(entry: Found, source: VolumeGeometry, target: VolumeGeometry) -> Found:
    """Return an answer on another grid (only the box of its mask is sampled)."""
    if entry.absent:
        return replace(entry, mask=None)
    box = box_of(entry.mask, 2)
    part = np.ascontiguousarray(entry.mask[box])
    return replace(entry, mask=paste(part, source.cropped(*box_start_shape(box)), target))
