"""Where nodules of the lung are put: free in the lung, on a vessel, or on the pleura."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.abdomen.lesions import Tumour, distance_to_pieces
from anatomy_twin.phantom.abdomen.vessels import LiverField, VesselTree, pruned
from anatomy_twin.phantom.chest.form import Form
from anatomy_twin.phantom.chest.ways import LOBES, Ways

SITES: Final = ("isolated", "vessel", "pleura")
COUNT: Final = (4, 7)
DIAMETER_MM: Final = (5.0, 30.0)


@dataclass(frozen=True, slots=True)
class Nodule:
    """A solid nodule, its lobe ("rul" ...) and what it hangs on (one of ``SITES``)."""

    tumour: Tumour
    lobe: str
    site: str


def place_nodules(
    form: Form, lungs: dict[str, LiverField], lobes: dict[str, LiverField], ways: Ways
) -> tuple[tuple[Nodule, ...], Ways]:
    """Place four to six nodules of 5 to 30 mm; returns them and the ways, cut back where a nodule took their room.

    ``lungs`` are the distances to the surface of the "right" and the "left" lung, ``lobes`` those of the lobes.
    """
    rng = form.rng("nodules")
    low, high = np.log(DIAMETER_MM)
    nodules: list[Nodule] = []
    for number in range(1, int(rng.integers(*COUNT)) + 1):
        site = SITES[int(rng.choice(3, p=(0.4, 0.3, 0.3)))]
        radius = float(np.exp(rng.uniform(low, high))) / 2
        for _ in range(3000):
            lobe = LOBES[int(rng.integers(len(LOBES)))]
            side = lungs["right" if lobe[0] == "r" else "left"]
            centre = _try(rng, site, radius, lobe, lobes[lobe], side, ways)
            if centre is None or any(_crowded(centre, radius, other) for other in nodules):
                continue
            if _cuts_off(centre, radius, site, ways):
                continue
            if distance_to_pieces(centre, (ways.start, ways.stop, ways.radius_start)).min() < radius + 3:
                continue
            x, y, z = (float(value) for value in centre)
            nodules.append(Nodule(Tumour(f"nodule_{number}", (x, y, z), radius, 0.0), lobe, site))
            break
    kept = tuple(
        replace(n, tumour=replace(n.tumour, name=f"nodule_{number}")) for number, n in enumerate(nodules, start=1)
    )
    trees = ways.trees
    for nodule in kept:
        # a vessel that feeds a nodule ends in it; others are pushed aside
        reach = nodule.tumour.radius_mm * 0.5 if nodule.site == "vessel" else nodule.tumour.radius_mm + 2.0
        trees = {
            name: pruned(tree, np.array(nodule.tumour.centre_mm), reach) if len(tree.nodes_mm) > 4 else tree
            for name, tree in trees.items()
        }
    gaps = [min(float(distance_to_pieces(np.array(n.tumour.centre_mm), tree.pieces()).min()) for tree in trees.values())
            - n.tumour.radius_mm for n in kept]
    done = tuple(replace(n, tumour=replace(n.tumour, vein_gap_mm=max(gap, 0.0)))
                 for n, gap in zip(kept, gaps, strict=True))
    return done, replace(ways, trees=trees)


def _crowded(centre: NDArray[np.float64], radius: float, other: Nodule) -> bool:
    return bool(np.linalg.norm(centre - other.tumour.centre_mm) < radius + other.tumour.radius_mm + 12)


def _cuts_off(centre: NDArray[np.float64], radius: float, site: str, ways: Ways) -> bool:
    """Tell whether a nodule would take the room of a large vessel, on which half a lobe hangs."""
    reach = 0.5 * radius if site == "vessel" else radius + 2.0
    for tree in ways.trees.values():
        start, stop, size = tree.pieces()
        large = size > 2.8
        if large.any() and distance_to_pieces(centre, (start[large], stop[large], 0 * size[large])).min() < reach:
            return True
    return False


def _try(
    rng: np.random.Generator, site: str, radius: float, lobe: str, field: LiverField, lung: LiverField, ways: Ways
) -> NDArray[np.float64] | None:
    """Propose a centre; None where it does not suit the site."""
    if site == "vessel":
        trees: list[VesselTree] = [ways.trees[f"artery_{lobe}"], ways.trees[f"vein_{lobe}"]]
        start, stop, size = trees[int(rng.integers(2))].pieces()
        fit = np.flatnonzero((size > 1.4) & (size < 3.2))
        if not len(fit):
            return None
        n = int(rng.choice(fit))
        aside = rng.normal(size=3)
        aside /= np.linalg.norm(aside)
        centre = np.asarray(start[n] + rng.uniform() * (stop[n] - start[n]) + aside * (0.8 * radius + size[n]))
        return centre if field.at(centre) < -(radius + 4) else None
    centre = np.asarray(field.points(rng, 1, 2.0)[0])
    depth = -lung.at(centre)
    if site == "pleura":
        return centre if 0.45 * radius < depth < 0.8 * radius and field.at(centre) < -0.4 * radius else None
    clear = field.at(centre) < -(radius + 4)
    if clear and radius < 9:
        gaps = [distance_to_pieces(centre, tree.pieces()).min() for name, tree in ways.trees.items()
                if name.endswith(lobe)]
        clear = min(gaps) > radius + 2
    return centre if clear else None
