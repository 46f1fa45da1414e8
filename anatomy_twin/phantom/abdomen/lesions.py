"""Where tumours are put: beside a hepatic vein, off the hilum, with a safe straight way in from the skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.phantom.abdomen.build import Build
from anatomy_twin.phantom.abdomen.organs import HILUM
from anatomy_twin.phantom.abdomen.vessels import LiverField
from anatomy_twin.phantom.canvas import VALUE

Floats = NDArray[np.float64]
CROSSABLE = ("liver", "fat", "muscle", "skin", "diaphragm")
LARGE_RADIUS_MM = 1.5
VEIN_GAP_MM = (6.5, 9.0)


@dataclass(frozen=True, slots=True)
class Tumour:
    """A lesion: name, centre, mean radius, and the gap in mm from its nominal surface to the next large vein.

    ``tissue`` says what it is of (a name in ``intensity.HU``), ``contrast_hu`` by how much its middle is brighter than
    the organ around in this phase: near zero means that the picture hardly shows it.
    """

    name: str
    centre_mm: tuple[float, float, float]
    radius_mm: float
    vein_gap_mm: float
    entry_mm: tuple[float, float, float] | None = None
    tissue: str = "tumour"
    contrast_hu: float = 0.0


@dataclass(frozen=True, eq=False)
class Ways:
    """The reference grid as a path planner sees it: clearance to what may not be crossed, and the body."""

    clearance_mm: Floats
    body: NDArray[np.bool_]
    low_mm: Floats
    step_mm: float

    @staticmethod
    def of(labels: NDArray[np.uint8], geometry: VolumeGeometry, low_mm: Floats) -> Ways:
        """Make it from the exclusive labels (0 = air)."""
        crossable = np.isin(labels, [0, *(VALUE[name] for name in CROSSABLE)])
        step = geometry.spacing_mm[0]
        return Ways(ndimage.distance_transform_edt(crossable, sampling=geometry.spacing_mm), labels > 0, low_mm, step)

    def best_entry(self, centre: Floats, directions: Floats) -> tuple[float, Floats | None]:
        """Return the widest clearance in mm over straight ways out of the body, and where that one leaves the skin."""
        reach = np.arange(0, 150.0, 3.0)
        points = centre + directions[:, None] * reach[None, :, None]
        index = np.rint((points - self.low_mm) / self.step_mm).astype(int)[..., ::-1]
        shape = np.array(self.body.shape)
        inside = ((index >= 0) & (index < shape)).all(-1)
        index = np.clip(index, 0, shape - 1)
        body = self.body[tuple(np.moveaxis(index, -1, 0))] & inside
        clear = self.clearance_mm[tuple(np.moveaxis(index, -1, 0))]
        within = np.cumprod(body, axis=1).astype(bool)
        out = ~within.all(1)
        narrow = np.where(within, clear, np.inf).min(1)
        narrow[~out] = 0
        if not len(narrow) or narrow.max() <= 0:
            return 0.0, None
        best = int(narrow.argmax())
        return float(narrow[best]), points[best, int(within[best].sum())]


def distance_to_pieces(point: Floats, pieces: tuple[Floats, Floats, Floats]) -> Floats:
    """Distance in mm from a point to the surface of each vessel piece (start, stop, radius)."""
    start, stop, radius = pieces
    along = ((point - start) * (stop - start)).sum(1) / ((stop - start) ** 2).sum(1).clip(1e-9)
    nearest = start + np.clip(along, 0, 1)[:, None] * (stop - start)
    return np.asarray(np.linalg.norm(nearest - point, axis=1) - radius)


def _large(tree: VesselTree) -> tuple[Floats, Floats, Floats]:
    start, stop, radius = tree.pieces()
    large = radius > LARGE_RADIUS_MM
    return start[large], stop[large], radius[large]


def _directions(rng: np.random.Generator, count: int) -> Floats:
    rays = rng.normal(size=(count, 3)) * (1, 1, 0.45)
    rays /= np.linalg.norm(rays, axis=1)[:, None]
    return np.asarray(rays[(rays[:, 1] < 0.35)])


def place_tumours(
    build: Build, liver: LiverField, ways: Ways, trees: dict[str, VesselTree]
) -> tuple[Tumour, Tumour]:
    """Return tumour_1 (beside a hepatic vein of more than 3 mm, reachable) and tumour_2 (elsewhere)."""
    rng = build.rng("tumours")
    veins, portal = _large(trees["hepatic_veins"]), _large(trees["portal_branches"])
    rays = _directions(rng, 240)
    radius = float(rng.uniform(10.5, 13.5))
    best: tuple[float, Tumour] | None = None
    for tries in range(12000):
        if tries and tries % 3000 == 0:
            if best is not None:
                break
            radius = max(10.2, radius - 1.0)  # a crowded liver: look for room for a smaller one
        hilum_mm = 40 - 8 * (tries // 3000)
        n = rng.integers(len(veins[2]))
        gap = rng.uniform(*VEIN_GAP_MM)
        sideways = rng.normal(size=3)
        sideways /= np.linalg.norm(sideways)
        foot = veins[0][n] + rng.uniform() * (veins[1][n] - veins[0][n])
        centre = foot + sideways * (radius + gap + veins[2][n])
        if liver.at(centre) > -(radius + 3.5) or np.linalg.norm(centre - HILUM) < hilum_mm:
            continue
        true_gap = distance_to_pieces(centre, veins).min() - radius
        if not VEIN_GAP_MM[0] <= true_gap <= VEIN_GAP_MM[1] or distance_to_pieces(centre, portal).min() < radius + 2:
            continue
        clearance, entry = ways.best_entry(centre, rays)
        if entry is None or clearance < 5:
            continue
        score = min(clearance, 14) - 0.04 * float(np.linalg.norm(entry - centre))
        if best is None or score > best[0]:
            best = score, Tumour("tumour_1", tuple(centre), radius, float(true_gap), tuple(entry))
        if best[0] > 8:
            break
    if best is None:
        raise DataError("no place for a reachable tumour in this patient", where=f"seed {build.seed}",
                        advice="take another seed")
    first = best[1]
    return first, _second(rng, liver, (veins, portal), first)


def _second(rng: np.random.Generator, liver: LiverField, vessels: tuple, first: Tumour) -> Tumour:
    radius = float(rng.uniform(6.5, 10))
    for tries, centre in enumerate(liver.points(rng, 4000, radius + 4)):
        far = 55 if tries < 2000 else 35
        if np.linalg.norm(centre - np.array(first.centre_mm)) < far or np.linalg.norm(centre - HILUM) < 35:
            continue
        gaps = [distance_to_pieces(centre, pieces).min() - radius for pieces in vessels]
        if min(gaps) > 2:
            return Tumour("tumour_2", tuple(centre), radius, float(gaps[0]))
    raise DataError("no place for a second tumour in this patient", advice="take another seed")
