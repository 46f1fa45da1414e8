"""Where a handle is drawn to: the skin, a surface, the middle of a vessel, the middle of the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, FrozenMapping, LabelMap, SurfaceMesh
from anatomy_twin.rehearsal.build import structure_label
from anatomy_twin.units import Point, check_point

Floats = NDArray[np.float64]

RAY_STEP_MM: Final = 0.5
WORDS: Final = {"skin": "on the skin", "surface": "on the surface of {name}", "vessel": "in the middle of a {name}",
                "target": "at the centre of {name}"}  # fmt: skip
SMOOTH_MM: Final = 4.0  # a point on the voxels of the skin is put on its surface, where that is so near


@dataclass(frozen=True, slots=True)
class Snapped:
    """Where a point was drawn to: ``kind`` is "skin", "surface", "vessel" or "target"; ``words`` say it of ``name``."""

    point_mm: Point
    kind: str
    words: str
    name: str
    distance_mm: float

    @property
    def label(self) -> str:
        """What it was drawn to, in words: "at the centre of Tumour 1"."""
        return self.words.format(name=self.name)


@dataclass(frozen=True, eq=False)
class Snapper:
    """What a case offers to be drawn to; made once for a case (``snapper_of``) and asked at every move."""

    labels: LabelMap | None = None
    surfaces: Mapping[str, SurfaceMesh] = field(default_factory=FrozenMapping)
    starts_mm: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    stops_mm: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    vessels: tuple[str, ...] = ()  # of each piece, what it belongs to
    centres_mm: Mapping[str, Point] = field(default_factory=FrozenMapping)
    _boxes: dict[str, Floats] = field(default_factory=dict, repr=False)  # of triangles, found when first asked for

    def snap(self, point_mm: Any, kinds: tuple[str, ...], reach_mm: float) -> Snapped | None:
        """Return what the first of ``kinds`` draws a point (LPS mm) to within ``reach_mm``; None where nothing does."""
        point = np.asarray(check_point("point_mm", point_mm))
        for kind in kinds:
            found = self._nearest(point, kind, reach_mm)
            if found is not None:
                return found
        return None

    def _nearest(self, point: Floats, kind: str, reach_mm: float) -> Snapped | None:
        found: list[tuple[float, Floats, str]] = []
        if kind == "target":
            found = [(float(np.linalg.norm(point - at)), np.asarray(at), structure_label(name))
                     for name, at in self.centres_mm.items()]  # fmt: skip
        elif kind == "vessel" and len(self.starts_mm):
            near, distance, piece = nearest_on_lines(self.starts_mm, self.stops_mm, point)
            found = [(distance, near, self.vessels[piece])]
        elif kind in ("skin", "surface"):
            for name, mesh in self.surfaces.items():
                if (name in SKIN) == (kind == "skin"):
                    if name not in self._boxes:
                        self._boxes[name] = triangle_boxes(mesh)
                    hit = nearest_on_surface(mesh, point, reach_mm, self._boxes[name])
                    found += [] if hit is None else [(hit[1], hit[0], structure_label(name))]
        found = [entry for entry in found if entry[0] <= reach_mm]
        if not found:
            return None
        distance, near, name = min(found, key=lambda entry: (entry[0], entry[2]))
        return Snapped(check_point("snapped", near), kind, WORDS[kind], name, distance)

    def skin_on_ray(self, eye_mm: Any, toward: Any, near_mm: Any) -> Snapped | None:
        """Return where a line of sight meets the skin, of all such places the nearest to a point; None beside it."""
        if self.labels is None or "body" not in self.labels:
            return None
        geometry = self.labels.geometry
        eye, step = np.asarray(eye_mm, float), np.asarray(toward, float) / np.linalg.norm(toward)
        corners = (geometry.corners_mm() - eye) @ step
        along = np.arange(float(corners.min()) - 2.0, float(corners.max()) + 2.0, RAY_STEP_MM)
        inside = holds(self.labels, "body", eye + along[:, None] * step)
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        if not edges.size:
            return None
        points = eye + (along[edges] + 0.5 * RAY_STEP_MM)[:, None] * step
        point = points[int(np.argmin(np.linalg.norm(points - np.asarray(near_mm), axis=1)))]
        smooth = self._nearest(point, "skin", SMOOTH_MM)
        return Snapped(check_point("skin", point), "skin", WORDS["skin"], "", 0.0) if smooth is None else smooth


SKIN: Final = ("body", "skin")


def snapper_of(case: Case, targets: tuple[str, ...] = ()) -> Snapper:
    """Return what handles of a plan for ``targets`` are drawn to: skin, organs that hold them, vessels, centres."""
    labels = case.labels.get(case.primary)
    structures = case.anatomy.structures
    known = labels.names if labels is not None else ()
    organs = {labels.segment(name).part_of for name in targets if name in known} if labels is not None else set()
    wanted = {*SKIN, *targets, *(organs or {"liver"})}
    surfaces = {name: part.surface for name, part in structures.items() if part.surface is not None and name in wanted}
    starts, stops, vessels = [np.zeros((0, 3))], [np.zeros((0, 3))], []
    for name, tree in case.anatomy.trees.items():
        start, stop, _ = tree.pieces()
        starts.append(start)
        stops.append(stop)
        vessels += [f"{name.replace('_', ' ')} vessel"] * len(start)
    centres = {name: centre for name in targets if (centre := _centre(case, name)) is not None}
    return Snapper(labels, FrozenMapping(surfaces), np.vstack(starts), np.vstack(stops), tuple(vessels),
                   FrozenMapping(centres))  # fmt: skip


def nearest_on_lines(starts_mm: Floats, stops_mm: Floats, point: Floats) -> tuple[Floats, float, int]:
    """Return the point of straight pieces (n, 3) to (n, 3) nearest to a point, its distance, and the piece's number."""
    near = _on_edges(starts_mm, stops_mm, point)
    distance = np.linalg.norm(near - point, axis=1)
    piece = int(np.argmin(distance))
    return near[piece], float(distance[piece]), piece


def nearest_on_surface(
    mesh: SurfaceMesh, point: Floats, reach_mm: float, boxes: Floats | None = None
) -> tuple[Floats, float] | None:
    """Return the point of a surface nearest to a point and its distance; None where that is above ``reach_mm``.

    ``boxes`` are those of its triangles (``triangle_boxes``), where many points are asked for.
    """
    low, high = triangle_boxes(mesh) if boxes is None else boxes
    near_by = np.ones(len(mesh.triangles), bool)
    for axis in range(3):
        near_by &= (low[axis] <= point[axis] + reach_mm) & (high[axis] >= point[axis] - reach_mm)
    corners = mesh.points_mm[mesh.triangles[near_by]]
    if not len(corners):
        return None
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    area = np.maximum((normal**2).sum(axis=1), 1e-30)
    height = ((point - a) * normal).sum(axis=1) / area
    foot = point - height[:, None] * normal
    inside = np.ones(len(corners), bool)
    for start, stop in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(stop - start, foot - start) * normal).sum(axis=1) >= 0.0
    near = np.concatenate([foot[inside], *(_on_edges(*pair, point) for pair in ((a, b), (b, c), (c, a)))])
    distance = np.linalg.norm(near - point, axis=1)
    best = int(np.argmin(distance))
    return (near[best], float(distance[best])) if distance[best] <= reach_mm else None


def holds(labels: LabelMap, name: str, points_mm: Floats) -> NDArray[np.bool_]:
    """Return which of some points (n, 3) lie in voxels of a segment or its parts, without building its mask."""
    geometry = labels.geometry
    seen = np.asarray(geometry.contains(points_mm))
    index = geometry.voxel_of(points_mm[seen])
    found = np.zeros(int(seen.sum()), bool)
    for segment in (labels.segment(name), *labels.parts(name)):
        if not segment.absent:
            found |= labels.array[(segment.layer, *index.T)] == segment.value
    seen[seen] = found
    return seen


def triangle_boxes(mesh: SurfaceMesh) -> Floats:
    """Return the least and the largest coordinates of every triangle of a surface, (2, 3, n) in LPS mm."""
    corners = mesh.points_mm[mesh.triangles]
    return np.ascontiguousarray(np.stack([corners.min(axis=1), corners.max(axis=1)]).transpose(0, 2, 1))


def _on_edges(start: Floats, stop: Floats, point: Floats) -> Floats:
    along = stop - start
    share = ((point - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-30)
    return np.asarray(start + np.clip(share, 0.0, 1.0)[:, None] * along)


def _centre(case: Case, name: str) -> Point | None:
    """Return the middle of a structure: of the solid that its surface closes, so that no voxels need to be counted."""
    structure = case.anatomy.structures.get(name)
    if structure is None or structure.surface is None or not structure.surface.triangles.size:
        return None
    mesh = structure.surface
    origin = mesh.points_mm.mean(axis=0)
    a, b, c = (mesh.points_mm[mesh.triangles[:, n]] - origin for n in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c))
    total = float(volume.sum())
    if abs(total) < 1e-6:
        return check_point("centre", origin)
    return check_point("centre", origin + ((a + b + c) * volume[:, None]).sum(axis=0) / (4.0 * total))
