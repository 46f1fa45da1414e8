"""Vessel trees as tubes for a plotter: shades by generation, one tube from fork to tip, gaps as thin dashed rods."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.anatomy.vessels.branches import branches, generations
from anatomy_twin.core import VesselTree
from anatomy_twin.render.anatomy_sheet import Colour

STEPS: Final = 4  # shades that are told apart at a glance: generations 1, 2, 3, and 4 with all that follow
BRIGHTER: Final = 0.55  # how far the trunk's colour is from the palette's on its way to white
FAINTEST: Final = 0.45  # and the last shade's on its way to the ground: what is far from the trunk steps back
GROUND: Final = (30, 38, 50)
THINNEST_MM: Final = 0.35  # drawn radius: thinner tubes break up into pixels
TWIG_MM: Final = 1.25  # radius; thinner vessels are translucent, so that the wide ones are seen between them
TWIG_OPACITY: Final = 0.45
DASH_MM: Final = 1.2
ROD_MM: Final = (0.35, 0.7)  # least and largest radius of a dash: thinner than the vessel, so that none reads as a clip
GAP: Final = (255, 255, 255)
SMOOTH_NODES: Final = 2.0  # radii are evened out along a vessel, so that no steps read as rings

Floats = NDArray[np.float64]
Line = tuple[Floats, Floats, NDArray[np.uint8]]  # points (N, 3), radii (N,) and colours (N, 3) along a vessel


def shades(tree: VesselTree, colour: Colour) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of the nodes: bright at the trunk, darker in generations 2 and 3 and in all that follow."""
    step = np.clip(generations(tree), 1, STEPS) - 1
    return ramp(colour, np.arange(STEPS) / (STEPS - 1.0))[step]


def ramp(colour: Colour, part: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of a system from its trunk (part 0) to its last shade (1), over the palette's colour."""
    tint = np.asarray(colour, dtype=np.float64)
    start = tint + BRIGHTER * (255.0 - tint)
    end = tint + FAINTEST * (np.asarray(GROUND) - tint)
    return np.stack([np.interp(part, (0.0, 0.5, 1.0), (start[n], tint[n], end[n])) for n in range(3)], axis=1).astype(
        np.uint8
    )


def named_shades(tree: VesselTree, colours: dict[str, Colour], other: Colour) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of the nodes by the names of their branches; ``other`` for those that are not in ``colours``.
    """
    tint = np.tile(np.array(other, np.uint8), (len(tree.parents), 1))
    for branch in branches(tree):
        tint[list(branch.nodes)] = colours.get(branch.name, other)
    return tint


def runs(tree: VesselTree) -> list[tuple[NDArray[np.int64], bool]]:
    """Cut a tree into polylines: node numbers from a root or fork to a tip, and whether the pieces bridge a gap.

    At a fork the widest child goes on in its parent's line; a line ends where a gap begins or ends.
    """
    parents, gap = tree.parents, np.asarray(tree.bridged)
    children: dict[int, list[int]] = {}
    for node in np.flatnonzero(parents >= 0).tolist():
        children.setdefault(int(parents[node]), []).append(node)
    only: dict[int, int] = {}
    for parent, nodes in children.items():
        widest = max(nodes, key=lambda node: (float(tree.radius_mm[node]), -node))
        if parents[parent] >= 0 and gap[parent] == gap[widest] and (len(nodes) == 1 or not gap[widest]):
            only[parent] = widest
    following = set(only.values())
    found = []
    for node in np.flatnonzero(parents >= 0).tolist():
        if node in following:
            continue
        line = [int(parents[node]), node]
        while line[-1] in only:
            line.append(only[line[-1]])
        found.append((np.array(line, dtype=np.int64), bool(gap[node])))
    return found


def add_tree(plotter: Any, tree: VesselTree, tint: NDArray[np.uint8], *, gaps: bool = True) -> None:
    """Put a tree on a plotter in the colours (N, 3) of its nodes; without ``gaps`` bridged pieces look like others."""
    wide: list[Line] = []
    twigs: list[Line] = []
    rods: list[Line] = []
    for line, bridged in runs(tree):
        points = tree.nodes_mm[line]
        radius = np.maximum(tree.radius_mm[line], THINNEST_MM)
        radius[0] = radius[1]  # the first node is the parent's, and as wide as the vessel that comes there
        radius = ndimage.gaussian_filter1d(radius, SMOOTH_NODES, mode="nearest")
        shade = tint[line]
        shade[0] = shade[1]
        if bridged and gaps:
            thick = float(np.clip(0.4 * radius.mean(), *ROD_MM))
            rods += [(part, np.full(2, thick), np.tile(np.array(GAP, np.uint8), (2, 1))) for part in _dashes(points)]
        else:
            (wide if radius.mean() >= TWIG_MM else twigs).append((points, radius, shade))
    material = {"smooth_shading": True, "ambient": 0.25, "diffuse": 0.85, "specular": 0.25, "specular_power": 28,
                "reset_camera": False, "render": False}  # fmt: skip
    if wide:
        plotter.add_mesh(_tubes(wide), scalars="shade", rgb=True, **material)
    if twigs:
        plotter.add_mesh(_tubes(twigs), scalars="shade", rgb=True, opacity=TWIG_OPACITY, **material)
    if rods:
        plotter.add_mesh(_tubes(rods), scalars="shade", rgb=True, **{**material, "ambient": 0.7})


def _dashes(points: Floats) -> list[Floats]:
    """Short pieces along a line with gaps as long between them; at least two."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if along[-1] <= 0:
        return []
    count = max(2, round(along[-1] / (2 * DASH_MM)))
    ends = np.linspace(0.0, along[-1], 2 * count)
    where = np.stack([np.interp(ends, along, points[:, axis]) for axis in range(3)], axis=1)
    return [where[2 * n : 2 * n + 2] for n in range(count)]


def _tubes(lines: list[Line]) -> Any:
    """Return polylines as tubes whose radius follows the vessel."""
    import pyvista

    points = np.concatenate([line[0] for line in lines])
    sizes = np.array([len(line[0]) for line in lines])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    cells = np.concatenate([
        np.concatenate([[size], np.arange(start, start + size)]) for start, size in zip(starts, sizes, strict=True)
    ])  # fmt: skip
    mesh = pyvista.PolyData(points, lines=cells)
    mesh["radius"] = np.concatenate([line[1] for line in lines])
    mesh["shade"] = np.concatenate([line[2] for line in lines])
    return mesh.tube(scalars="radius", absolute=True, n_sides=18, capping=True)
