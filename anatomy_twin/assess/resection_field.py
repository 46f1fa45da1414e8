"""A liver prepared for resections: the volumes, margins and vessels that a plane cuts, fast enough to follow a hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.boundary import mask_boundary
from anatomy_twin.assess.margin import is_lesion
from anatomy_twin.core import LabelMap, ResectionPlan, VesselTree, VolumeGeometry
from anatomy_twin.core.later import later
from anatomy_twin.kernels.resection import count_beyond, find_runs, mark_cut
from anatomy_twin.plan.resection import index_planes, organ_mask
from anatomy_twin.units import Point, check_point

ndimage = later("scipy.ndimage")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

CELL_MM: Final = 1.0  # cells of the grid in which a cut is looked at
LEAST_VESSEL_MM: Final = 2.0  # thinner vessels are sealed, not tied: they are not listed (assumed)
SAME_PLACE: Final = 1.5  # two cuts of one branch nearer than this many diameters are one


@dataclass(frozen=True, slots=True)
class TargetMargin:
    """How far a cut stays from a target: least signed distance of its surface to the cut, negative where it remains.

    ``margin_mm`` is None where nothing of it is removed or nothing is cut; ``removed_percent`` is of its volume.
    """

    name: str
    margin_mm: float | None
    place_mm: Point | None
    removed_percent: float


@dataclass(frozen=True, slots=True)
class CutVessel:
    """A vessel that a cut divides: of which tree, the branch's name where it has one, and where."""

    tree: str
    name: str
    diameter_mm: float
    place_mm: Point


@dataclass(frozen=True, slots=True)
class ResectionNumbers:
    """What a resection leaves. ``resected_ml`` and ``remaining_ml`` add up to ``organ_ml`` voxel by voxel.

    ``remnant_ml`` is what remains without lesions and ``healthy_ml`` the whole organ without them; ``cut_cm2`` the
    area of the cut within the organ.
    """

    organ_ml: float
    resected_ml: float
    remaining_ml: float
    healthy_ml: float
    remnant_ml: float
    cut_cm2: float
    margins: tuple[TargetMargin, ...]
    vessels: tuple[CutVessel, ...]

    @property
    def remnant_percent(self) -> float:
        """The remnant in percent of the organ without lesions (the future liver remnant as measured by CT)."""
        return 100.0 * self.remnant_ml / self.healthy_ml if self.healthy_ml > 0 else 0.0


@dataclass(frozen=True, eq=False)
class ResectionField:
    """An organ prepared once (``prepare_resection``); ``numbers`` then takes milliseconds for any planes."""

    geometry: VolumeGeometry
    inside: Mask
    rows: NDArray[Any]
    first: NDArray[Any]
    runs: NDArray[Any]
    codes: NDArray[Any]
    lesion_codes: Mask
    target_codes: Mapping[str, NDArray[np.int64]]
    surfaces_mm: Mapping[str, Floats]
    trees: tuple[VesselTree, ...]
    inside_nodes: tuple[Mask, ...]

    def numbers(self, plan: ResectionPlan) -> ResectionNumbers:
        """Return the numbers of a plan of planes through this organ (targets and margins are its own)."""
        planes, every = index_planes(self.geometry, plan), plan.combination == "all"
        kinds = len(self.lesion_codes)
        gone = count_beyond(self.rows, self.first, self.runs, self.codes, planes, self.geometry.shape[2], every, kinds)
        whole = np.bincount(self.codes, self.runs[:, 1] - self.runs[:, 0], minlength=kinds).astype(np.int64)
        unit, lesion = self.geometry.voxel_volume_ml, self.lesion_codes
        patches = [_Patch.of(self, planes, n, every) for n in range(len(planes))]
        return ResectionNumbers(
            int(whole.sum()) * unit, int(gone.sum()) * unit, int(whole.sum() - gone.sum()) * unit,
            int(whole[~lesion].sum()) * unit, int((whole - gone)[~lesion].sum()) * unit,
            sum(patch.area_mm2 for patch in patches) / 100.0,
            tuple(self._margin(name, whole, gone, planes, every, patches) for name in plan.targets),
            self._vessels(planes, every),
        )

    def _margin(
        self, name: str, whole: NDArray[np.int64], gone: NDArray[np.int64], planes: Floats, every: bool,
        patches: list[_Patch],
    ) -> TargetMargin:
        codes = self.target_codes[name]
        removed = 100.0 * float(gone[codes].sum()) / max(float(whole[codes].sum()), 1.0)
        points = self.surfaces_mm[name]
        if removed == 0.0 or not any(patch.area_mm2 for patch in patches):
            return TargetMargin(name, None, None, removed)
        distance = np.min([patch.distance_mm(points) for patch in patches], axis=0)
        signed = np.where(self._beyond(points, planes, every), distance, -distance)
        worst = int(np.argmin(np.round(signed, 4)))
        return TargetMargin(name, float(signed[worst]), check_point("place_mm", np.round(points[worst], 1)), removed)

    def _beyond(self, points_mm: Floats, planes: Floats, every: bool) -> Mask:
        sides = self._sides(points_mm, planes)
        return np.asarray(sides.all(axis=1) if every else sides.any(axis=1))

    def _sides(self, points_mm: Floats, planes: Floats) -> Mask:
        return np.asarray(self.geometry.to_index(points_mm) @ planes[:, :3].T + planes[:, 3] >= 0.0)

    def _vessels(self, planes: Floats, every: bool) -> tuple[CutVessel, ...]:
        found: list[CutVessel] = []
        for tree, inside in zip(self.trees, self.inside_nodes, strict=True):
            beyond = self._beyond(tree.nodes_mm, planes, every)
            up = np.maximum(tree.parents, 0)
            cut = (tree.parents >= 0) & inside & inside[up] & (beyond != beyond[up])
            cut &= 2.0 * tree.radius_mm >= LEAST_VESSEL_MM
            found += [self._cut_at(tree, int(node), planes, every) for node in np.flatnonzero(cut)]
        found.sort(key=lambda vessel: (-vessel.diameter_mm, vessel.place_mm))
        kept: list[CutVessel] = []
        for vessel in found:
            if not any(
                other.tree == vessel.tree
                and np.linalg.norm(np.subtract(other.place_mm, vessel.place_mm)) < SAME_PLACE * other.diameter_mm
                for other in kept
            ):
                kept.append(vessel)
        return tuple(kept)

    def _cut_at(self, tree: VesselTree, node: int, planes: Floats, every: bool) -> CutVessel:
        """Return where the piece that ends at a node crosses from one side to the other, by halving it."""
        low, high = tree.nodes_mm[tree.parents[node]], tree.nodes_mm[node]
        side = bool(self._beyond(low[None], planes, every)[0])
        for _ in range(12):
            middle = 0.5 * (low + high)
            if bool(self._beyond(middle[None], planes, every)[0]) == side:
                low = middle
            else:
                high = middle
        name, up = "", node
        while up >= 0 and not name:
            name, up = tree.branch_names.get(up, ""), int(tree.parents[up])
        place = check_point("place_mm", np.round(0.5 * (low + high), 1))
        return CutVessel(tree.name, name, float(2.0 * tree.radius_mm[node]), place)


@dataclass(frozen=True, eq=False)
class _Patch:
    """The part of a plane that is cut surface: cells on a grid (row, column) of ``CELL_MM``."""

    corner_mm: Floats
    down: Floats
    right: Floats
    normal: Floats
    cells: Mask

    @staticmethod
    def of(field: ResectionField, planes: Floats, own: int, every: bool) -> _Patch:
        matrix = np.linalg.inv(field.geometry.affine[:3, :3])
        gradient = planes[own, :3] @ matrix  # per mm; of unit length
        normal = gradient / np.linalg.norm(gradient)
        right = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
        right /= np.linalg.norm(right)
        down = np.cross(normal, right)
        corners = field.geometry.to_world(_box_corners(field))
        low = np.array([(corners @ down).min(), (corners @ right).min()]) - CELL_MM
        high = np.array([(corners @ down).max(), (corners @ right).max()]) + CELL_MM
        shape = (int(np.ceil((high[0] - low[0]) / CELL_MM)) + 1, int(np.ceil((high[1] - low[1]) / CELL_MM)) + 1)
        level = -(planes[own, :3] @ field.geometry.to_index(np.zeros(3)) + planes[own, 3]) / np.linalg.norm(gradient)
        corner = low[0] * down + low[1] * right + level * normal
        steps = CELL_MM * np.stack([matrix @ down, matrix @ right], axis=1)
        cells = mark_cut(field.inside, steps, field.geometry.to_index(corner), planes, own, every, shape)
        return _Patch(corner, down, right, normal, cells)

    @property
    def area_mm2(self) -> float:
        return float(np.count_nonzero(self.cells)) * CELL_MM**2

    def distance_mm(self, points_mm: Floats) -> Floats:
        """Return how far points (n, 3) are from the nearest cell."""
        if not self.cells.any():
            return np.full(len(points_mm), np.inf)
        offset = points_mm - self.corner_mm
        height = offset @ self.normal
        place = np.stack([offset @ self.down, offset @ self.right], axis=1) / CELL_MM
        nearest = np.floor(place + 0.5).astype(np.int64)
        limit = np.asarray(self.cells.shape) - 1
        at = np.clip(nearest, 0, limit)
        beside = np.zeros(len(points_mm))
        if not self.cells[at[:, 0], at[:, 1]].all():
            away = ndimage.distance_transform_edt(~self.cells)
            beside = CELL_MM * (away[at[:, 0], at[:, 1]] + np.linalg.norm(nearest - at, axis=1))
        return np.asarray(np.hypot(height, beside))


def _box_corners(field: ResectionField) -> Floats:
    low = np.array([field.rows[:, 0].min(), field.rows[:, 1].min(), field.runs[:, 0].min()], float)
    high = np.array([field.rows[:, 0].max(), field.rows[:, 1].max(), field.runs[:, 1].max()], float)
    ends = np.stack([low, high])
    return np.array([[ends[a, 0], ends[b, 1], ends[c, 2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])


def prepare_resection(
    labels: LabelMap, plan: ResectionPlan, trees: Mapping[str, VesselTree] | None = None
) -> ResectionField:
    """Return the organ of a plan, prepared for any planes.

    Parameters: ``labels`` of the case; ``plan`` names organ and targets; ``trees`` vessels that may be cut. Raises
    ``PlanError`` where organ or targets are not there.
    """
    labels = labels.reindexed(*labels.geometry.canonical_axes())
    inside = organ_mask(labels, plan)
    lesions = {part.name for part in labels.parts(plan.organ) if is_lesion(part.name)} | set(plan.targets)
    names = sorted(lesions)
    masks = [labels.mask(name) & inside for name in names]
    group = np.zeros(inside.shape, np.uint8)
    combined = np.zeros(inside.shape, np.int64) if len(names) > 6 else np.zeros(inside.shape, np.uint8)
    for bit, mask in enumerate(masks):
        combined[mask] |= 1 << bit
    keys = np.unique(combined[inside])
    group[inside] = (np.searchsorted(keys, combined[inside]) + 1).astype(np.uint8)
    held = {name: np.flatnonzero((keys >> bit) & 1) + 1 for bit, name in enumerate(names)}
    lesion = np.append(False, keys != 0)
    rows, first, runs, codes = find_runs(group)
    surfaces = {name: mask_boundary(labels.mask(name), labels.geometry).surface()[0] for name in plan.targets}
    known = tuple((trees or {}).values())
    return ResectionField(
        labels.geometry, inside, rows, first, runs, codes, lesion, held, surfaces, known,
        tuple(_in_organ(tree, inside, labels.geometry) for tree in known),
    )


def _in_organ(tree: VesselTree, inside: Mask, geometry: VolumeGeometry) -> Mask:
    seen = np.asarray(geometry.contains(tree.nodes_mm))
    seen[seen] = inside[tuple(geometry.voxel_of(tree.nodes_mm[seen]).T)]
    return seen
