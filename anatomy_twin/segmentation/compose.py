"""Masks and states become one label map on the voxels of the scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.segmentation.working_grid import Box, Found

LAYER_OF: Final = {
    "hepatic_vessels": 1, "hepatic_veins": 1, "portal_branches": 1, "hepatic_artery": 1, "body": 3,
}
LAYERS: Final = 4


def layer_of(name: str) -> int:
    """Return the layer of a segment: 0 exclusive tissues and organs, 1 vessels in the liver, 2 tumours, 3 the body."""
    if name.startswith(("tumour", "lesion")):
        return 2
    return LAYER_OF.get(name, 0)


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
        state, note = entry.state, entry.note
        present = not entry.absent and bool((array[layer][box] == value).any())
        if not present and state not in ("not found", "not visible in this phase"):
            state, note = "not found", note or "nothing is left beside the other structures"
        segments.append(_segment(name, layer, value if present else 0, state, note))
    axes, flips = volume.geometry.canonical_axes()
    original = np.ascontiguousarray(reindex(array, *inverse_axes(axes, flips)))
    return LabelMap(original, volume.geometry, tuple(segments), tuple(notes))


def _segment(name: str, layer: int, value: int, state: str, note: str) -> Segment:
    term = catalog.term(name)
    red, green, blue = term["colour"]
    code = Code(term["scheme"], term["code"], term["meaning"])
    return Segment(name, layer, value, code, (red, green, blue), state, term["part_of"], note)
