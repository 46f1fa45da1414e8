"""Closed parts of one surface that overlap each other, joined: what other programs write beside each other."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anatomy_twin.anatomy.solid.solids import _centre, _manifold, _surface, part_of, shells_of
from anatomy_twin.anatomy.surface.certificate import is_watertight
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import MeshError

MOST_PARTS: Final = 500  # each is a solid of its own to the library; a surface of more is one of crumbs
EQUAL: Final = 1e-6  # of a volume: what rounding makes of it


def parts_joined(surface: SurfaceMesh) -> tuple[SurfaceMesh, tuple[str, ...]]:
    """Return the union of the closed parts of a surface where they overlap, and a line that says so.

    A surface of one part, of open parts, of parts beside each other, with cavities or with one part wholly within
    another (a cavity that faces the wrong way, or a second solid: nobody can tell) is returned as it is.

    Parameters
    ----------
    surface : triangles in LPS mm.

    Returns
    -------
    The surface (the same object where nothing overlaps) and the notes. The union is that of manifold3d (Apache-2.0).
    """
    if not is_watertight(surface.triangles):
        return surface, ()
    shells = [part_of(surface, which) for which in shells_of(surface.triangles, len(surface.points_mm))]
    if not 1 < len(shells) <= MOST_PARTS or any(shell.volume_ml <= 0 for shell in shells):
        return surface, ()
    centre = _centre(surface)
    try:
        solids = [_manifold(shell, centre) for shell in shells]
    except MeshError:  # a part that is no solid by itself: for others to name
        return surface, ()
    pairs = _overlapping(shells, solids)
    if not pairs:
        return surface, ()
    import manifold3d

    whole = _surface(manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add), centre)
    if whole is None:
        return surface, ()
    count = len({part for pair in pairs for part in pair})
    said = f"{count} parts overlap and were joined: {surface.volume_ml:.2f} ml became {whole.volume_ml:.2f} ml"
    return whole, (said,)


def _overlapping(shells: list[SurfaceMesh], solids: list[Any]) -> list[tuple[int, int]]:
    """Return the pairs of solids that share space; none at all where one of them lies wholly in another."""
    low = np.array([shell.points_mm.min(axis=0) for shell in shells])
    high = np.array([shell.points_mm.max(axis=0) for shell in shells])
    pairs = []
    for a in range(len(solids)):
        for b in np.flatnonzero(((low[a] < high) & (low < high[a])).all(axis=1)):
            if b <= a:
                continue
            shared, smaller = (solids[a] ^ solids[b]).volume(), min(solids[a].volume(), solids[b].volume())
            if shared > (1.0 - EQUAL) * smaller:
                return []
            if shared > EQUAL * smaller:
                pairs.append((a, int(b)))
    return pairs
