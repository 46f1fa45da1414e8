"""Segments of the truth, as every kind of synthetic patient names them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Code, Segment


def truth_segment(
    name: str, layer: int, value: int, stack: NDArray[np.uint8], part_of: str = "", note: str = ""
) -> Segment | None:
    """Return the segment of a term of the catalogue, state "truth"; None where ``stack[layer]`` holds no such voxel.

    Parameters
    ----------
    stack : labels [layer, k, j, i].
    part_of : what it lies in; empty takes what the catalogue says.
    """
    if not (stack[layer] == value).any():
        return None
    term = catalog.term(name)
    return Segment(name, layer, value, Code(term["scheme"], term["code"], term["meaning"]), tuple(term["colour"]),
                   "truth", part_of or term["part_of"], note)
