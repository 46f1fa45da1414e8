"""How muscle runs in the wall of a left atrium: rules on Laplace solutions, an inner and an outer layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix

from anatomy_twin.anatomy.heart.landmarks import VALVE
from anatomy_twin.anatomy.heart.laplace import harmonic, on_surface
from anatomy_twin.anatomy.heart.regions import ANNULUS, APPENDAGE
from anatomy_twin.anatomy.heart.ways import ways_over
from anatomy_twin.catalog import load
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.core.heart import Chamber, Fibres
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.elements import normals_and_areas

_TIP_MM: Final = 3.0  # of the appendage: its field begins at a disc, not in a point
_BLENDED_MM: Final = 2.0  # around a triangle whose own direction is of no use


def with_fibres(chamber: Chamber) -> Chamber:
    """Return a left atrium with fibres in two layers.

    In veins, their antra, the appendage and the ring of the valve muscle runs around in both layers: at right angles to
    the gradient of a Laplace solution (left to right veins; valve to veins). In the walls of the body one layer runs
    around and one up and down; which is where stands in the catalog (``left_atrium``, with its sources and what is
    assumed). Directions are blended over a few mm where rules meet.

    Parameters
    ----------
    chamber : with regions, see ``with_regions``.

    Raises ``MeshError`` where a region that the rules need is missing.
    """
    if chamber.regions is None:
        raise MeshError(f"{chamber.name} has no regions", advice="find them first")
    rules: dict[str, Any] = load("left_atrium")["fibres"]
    surface, names = chamber.surface, chamber.region_names
    region = _of_triangles(chamber)
    grid = on_surface(surface)
    veins = {side: np.concatenate([one.points for one in chamber.openings if f"vein_{side}" in one.name] or
                                  [np.empty(0, np.int64)]) for side in ("left", "right")}
    valve = chamber.opening(VALVE).points
    between = grid.gradient(harmonic(grid, {1.0: veins["left"], 0.0: veins["right"]}))
    ring = grid.gradient(harmonic(grid, {0.0: np.concatenate(list(veins.values())), 1.0: valve}))
    fields = rules["fields"]
    fixed = {fields["valve"]: valve, fields["veins"]: np.concatenate(list(veins.values()))}
    if APPENDAGE in names:
        fixed[fields["appendage"]] = _tip_disc(chamber)
    body = grid.gradient(harmonic(grid, fixed))

    def inside(*wanted: str) -> NDArray[np.bool_]:
        return np.isin(region, [n for n, name in enumerate(names) if name.startswith(wanted)])

    across = body.copy()
    in_veins = inside("pulmonary_vein", "antrum")
    across[in_veins] = between[in_veins]
    in_ring = inside(ANNULUS)
    across[in_ring] = ring[in_ring]
    normal = unit_normals(surface)
    around = _turned(across, normal)
    along = np.cross(normal, around)
    one_way = in_veins | in_ring | inside(APPENDAGE)
    behind = inside(*rules["outer_up_and_down"])
    epi = np.where((behind & ~one_way)[:, None], along, around)
    endo = np.where((one_way | behind)[:, None], around, along)
    blended = [_blended(surface, normal, layer, rules["smoothing_mm"]["value"]) for layer in (endo, epi)]
    return replace(chamber, fibres=Fibres(blended[0], blended[1], "rules after Piersanti 2021, two layers (assumed)"))


def with_given_fibres(chamber: Chamber, endo: ArrayLike, epi: ArrayLike | None = None, source: str = "") -> Chamber:
    """Return the chamber with fibres of another program, (M, 3) per triangle or (N, 3) per point, in LPS.

    They are laid into the planes of the triangles and made one long; without ``epi`` both layers are the same.

    Raises ``MeshError`` for arrays that fit neither, values that are not finite, or more than a hundredth of directions
    that are zero or stand out of the wall by more than 80 degrees (these of fewer are taken from their neighbours).
    """
    inner = _laid_in(chamber.surface, np.asarray(endo, dtype=np.float64))
    outer = inner if epi is None else _laid_in(chamber.surface, np.asarray(epi, dtype=np.float64))
    return replace(chamber, fibres=Fibres(inner, outer, source or "given"))


def unit_normals(surface: SurfaceMesh) -> NDArray[np.float64]:
    """Return the outward unit normals (M, 3) of the triangles."""
    return normals_and_areas(surface.points_mm, surface.triangles)[0]


def _of_triangles(chamber: Chamber) -> NDArray[np.int64]:
    """Return the region (M,) that most corners of a triangle are in."""
    assert chamber.regions is not None
    a, b, c = (chamber.regions[chamber.surface.triangles[:, n]] for n in range(3))
    return np.asarray(np.where(b == c, b, a))


def _tip_disc(chamber: Chamber) -> NDArray[np.int64]:
    """Return the points around the middle of the appendage: those farthest from where it ends."""
    inside = chamber.in_regions([APPENDAGE])
    ways = ways_over(chamber.surface)
    depth = ways.distance_mm(np.flatnonzero(~inside))
    tip = int(np.argmax(np.where(inside, depth, -1.0)))
    return np.flatnonzero(ways.distance_mm(np.array([tip]), until_mm=_TIP_MM) <= _TIP_MM)


def _turned(vectors: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors at right angles to these, in the plane of the triangle; any of it where there is none."""
    turned = np.cross(normal, vectors)
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    other = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal), axis=1)])
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-12, turned / np.maximum(length, 1e-12), other))


def _blended(
    surface: SurfaceMesh, normal: NDArray[np.float64], fibres: NDArray[np.float64], over_mm: float
) -> NDArray[np.float64]:
    """Return directions averaged over their surroundings as tensors f f^T, so that signs play no part."""
    count = len(surface.triangles)
    tensor = (fibres[:, :, None] * fibres[:, None, :]).reshape(count, 9)
    spread = coo_matrix((np.ones(3 * count), (surface.triangles.ravel(), np.repeat(np.arange(count), 3))),
                        (len(surface.points_mm), count)).tocsr()
    share = 1.0 / np.maximum(np.asarray(spread.sum(axis=1)), 1.0)
    side_mm = float(np.linalg.norm(np.diff(surface.points_mm[surface.triangles[:, :2]], axis=1), axis=2).mean())
    for _ in range(max(int((over_mm / side_mm) ** 2), 1)):  # to the points and back is about one side
        tensor = spread.T @ (share * (spread @ tensor)) / 3.0
    flat = np.eye(3) - normal[:, :, None] * normal[:, None, :]
    _, vectors = np.linalg.eigh(flat @ tensor.reshape(count, 3, 3) @ flat)
    return _into_plane(vectors[:, :, 2], normal)


def _into_plane(vectors: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = vectors - (vectors * normal).sum(axis=1, keepdims=True) * normal
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))


def _laid_in(surface: SurfaceMesh, given: NDArray[np.float64]) -> NDArray[np.float64]:
    count = len(surface.triangles)
    if given.shape == (len(surface.points_mm), 3) and len(given) != count:
        corners = given[surface.triangles]
        first = corners[:, :1]
        given = (corners * np.where((corners * first).sum(axis=2, keepdims=True) < 0, -1.0, 1.0)).sum(axis=1)
    if given.shape != (count, 3) or not np.isfinite(given).all():
        raise MeshError(f"fibres of shape {given.shape} for {count} triangles", advice="give finite vectors (M, 3)")
    normal = unit_normals(surface)
    length = np.linalg.norm(given, axis=1)
    flat = given - (given * normal).sum(axis=1, keepdims=True) * normal
    bad = np.linalg.norm(flat, axis=1) < np.sin(np.radians(10.0)) * np.maximum(length, 1e-9)
    if bad.mean() > 0.01:
        raise MeshError(f"{int(bad.sum())} fibres are zero or stand out of the wall",
                        advice="see whether they are in the axes of the surface")
    flat[bad] = 0.0
    unit = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    if bad.any():
        unit[bad] = _blended(surface, normal, unit, _BLENDED_MM)[bad]
    return _into_plane(unit, normal)
