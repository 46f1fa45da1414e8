"""What is at a point: place, image value, structures, simulated values, how far target and vessels are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import Case, LabelMap, VesselTree
from anatomy_twin.core.later import later
from anatomy_twin.rehearsal.borders import Border, Voxels
from anatomy_twin.rehearsal.build import format_number
from anatomy_twin.rehearsal.scene import FieldSeries, Scene, SegmentLook
from anatomy_twin.units import Point, check_point, place_text

spatial = later("scipy.spatial")

GROUP_ORDER: Final = {"target": 0, "zone": 1, "vessel": 2, "organ": 3, "body": 4}
NEAR_MM: Final = 4.0  # from a vessel's wall to its line, at most, beside half its width
MUCH: Final = 100.0  # an Arrhenius integral grows without end; from 4.6 on 99 % of cells are dead
UNSPECIFIC: Final = {"unknown_tissue": 8, "body": 9}  # told last: they say least


@dataclass(frozen=True, slots=True)
class Found:
    """A structure at a point: its name, what people call it, and its state ("check" where it is flagged)."""

    name: str
    label: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Away:
    """How far a structure is: from the point to the nearest face of its voxels in mm, negative inside of it.

    ``width_mm`` is how wide a vessel is there by the tree that it belongs to, None where no tree runs there.
    """

    name: str
    label: str
    distance_mm: float
    width_mm: float | None = None


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A simulated value at a point and the moment shown."""

    name: str
    label: str
    value: float
    unit: str
    cold: bool = False

    @property
    def text(self) -> str:
        """The value with its unit; above the range that says anything only that it is."""
        if not self.unit and self.value >= MUCH:
            return f"over {MUCH:.0f}"
        return format_number(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Readout:
    """All that is known about a point (LPS mm).

    ``place`` is "R 62.0, A 20.0, H 33.0 mm"; ``value`` that of the voxel in ``unit`` (None outside of the scan);
    ``structures`` the most specific first (a tumour before the liver); ``fields`` the simulated values; ``target`` and
    ``vessel`` how far the target (or the nearest lesion) and the nearest vessel are, None where there is none or it is
    not prepared yet (``complete`` tells); ``territory`` the part of the liver ("Liver segment V").
    """

    point_mm: Point
    place: str
    value: float | None = None
    unit: str = ""
    structures: tuple[Found, ...] = ()
    territory: str = ""
    fields: tuple[FieldValue, ...] = ()
    target: Away | None = None
    vessel: Away | None = None
    complete: bool = True

    @property
    def value_text(self) -> str:
        """The image value with its unit, "" outside of the scan."""
        return "" if self.value is None else f"{self.value:.0f} {self.unit}".strip()


@dataclass(frozen=True, eq=False)
class Branches:
    """The pieces of all vessel trees by their ends, and how wide they are."""

    trees: Mapping[str, VesselTree]
    ends: Any
    width_mm: NDArray[np.float64]

    @staticmethod
    def of(trees: Mapping[str, VesselTree]) -> Branches | None:
        """Return the pieces of trees, None where there are none."""
        if not any(len(tree.nodes_mm) for tree in trees.values()):
            return None
        nodes = np.concatenate([tree.nodes_mm for tree in trees.values()])
        widths_mm = 2.0 * np.concatenate([tree.radius_mm for tree in trees.values()])
        return Branches(trees, spatial.cKDTree(nodes), widths_mm)

    def width_at(self, point_mm: ArrayLike) -> float | None:
        """Return how wide the vessel is whose line runs nearest, None where none runs near."""
        distance, node = self.ends.query(np.asarray(point_mm, float))
        width = float(self.width_mm[node])
        return width if distance <= NEAR_MM + width / 2 else None


@dataclass(frozen=True, eq=False)
class Reader:
    """A case and its scene, ready to be asked about points; made by ``reader_of``.

    Distances need the borders of target and vessels, which are gathered once for a label map: ``prepare`` does it all,
    ``prepare_for`` a little at a time between two pictures, and ``readout`` works before it is done.
    """

    scene: Scene
    labels: LabelMap | None
    territories: LabelMap | None
    target: str
    branches: Branches | None = None
    borders: dict[str, Border] = field(default_factory=dict)
    _steps: list[Iterator[None]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when distances are known."""
        return not self._steps

    def prepare(self) -> None:
        """Gather all borders now."""
        self.prepare_for(float("inf"))

    def prepare_for(self, seconds: float) -> bool:
        """Gather borders for about that long; return True when all are there."""
        end = time.monotonic() + seconds
        while self._steps:
            if next(self._steps[0], self) is self:
                self._steps.pop(0)
            if time.monotonic() >= end:
                break
        return self.complete


def reader_of(case: Case, scene: Scene, target: str = "", before: Reader | None = None) -> Reader:
    """Return a reader of a case and its scene; ``target`` is the plan's, "" for the nearest lesion.

    ``before`` is a reader of an earlier state: what it gathered is kept where the labels are the same.
    """
    labels = case.labels.get(case.primary)
    territories = case.anatomy.territories
    if before is not None and before.labels is labels and labels is not None:
        same = before.branches is not None and before.branches.trees is case.anatomy.trees
        branches = before.branches if same else Branches.of(case.anatomy.trees)
        reader = Reader(scene, labels, territories, target, branches, before.borders, before._steps)
    else:
        reader = Reader(scene, labels, territories, target, Branches.of(case.anatomy.trees))
        if labels is not None:
            wanted = [look for look in scene.looks if look.group in ("target", "vessel")]
            if wanted:
                reader._steps.append(_gather(labels, wanted, reader.borders))
    return reader


def readout(reader: Reader, point_mm: ArrayLike, snapshot: int = -1, *, simulated: bool = True) -> Readout:
    """Return what is at a point in LPS mm; takes well under 5 ms.

    ``snapshot`` is the moment that simulated values are read at; ``simulated=False`` leaves them out, where the plan
    was moved since. Outside of the scan only the place is known.
    """
    point = check_point("point", point_mm)
    scene = reader.scene
    geometry = scene.volume.geometry
    place = place_text(point)
    if not bool(geometry.contains(point)):
        return Readout(point, place, complete=reader.complete)
    value = float(scene.volume.array[tuple(geometry.voxel_of(point))])
    looks = structures_at(reader, point)
    return Readout(
        point, place, value, scene.volume.units,
        tuple(Found(look.name, look.label, look.state) for look in looks),
        _territory(reader.territories, point),
        tuple(_field_values(scene.fields, point, snapshot)) if simulated else (),
        _target(reader, point), _vessel(reader, point), reader.complete,
    )


def structures_at(reader: Reader, point_mm: ArrayLike) -> tuple[SegmentLook, ...]:
    """Return the segments whose voxels hold a point, and those they are part of; the most specific first."""
    labels = reader.labels
    if labels is None or not bool(labels.geometry.contains(point_mm)):
        return ()
    k, j, i = (int(n) for n in labels.geometry.voxel_of(point_mm))
    values = labels.array[:, k, j, i]
    named = {look.name: look for look in reader.scene.looks}
    found = {look.name: look for look in reader.scene.looks
             if look.layer < len(values) and values[look.layer] == look.value}
    for look in tuple(found.values()):
        above = named.get(look.part_of)
        while above is not None and above.name not in found:
            found[above.name] = above
            above = named.get(above.part_of)
    return tuple(sorted(found.values(), key=lambda look: (
        UNSPECIFIC.get(look.name, GROUP_ORDER.get(look.group, 3)), -_depth(look, named))))


def field_at(series: FieldSeries, point_mm: ArrayLike, snapshot: int = -1) -> float | None:
    """Return a simulated field at a point and moment, linear between voxel centres; None outside of its grid."""
    index = series.geometry.to_index(point_mm)
    last = np.asarray(series.geometry.shape) - 1
    if (index < -0.5).any() or (index > last + 0.5).any():
        return None
    index = np.clip(index, 0, last)
    low = np.minimum(np.floor(index).astype(int), np.maximum(last - 1, 0))
    high = np.minimum(low + 1, last)
    share = index - low
    box = series.values[snapshot][tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))].astype(float)
    for part in share:  # one axis at a time
        box = box[0] * (1.0 - part) + box[-1] * part
    return float(box)


def _field_values(series: tuple[FieldSeries, ...], point_mm: Point, snapshot: int) -> Iterator[FieldValue]:
    for one in series:
        value = field_at(one, point_mm, snapshot)
        if value is not None and np.isfinite(value):
            yield FieldValue(one.name, one.label, one.shown(value), one.unit, one.cold)


def _depth(look: SegmentLook, named: dict[str, SegmentLook]) -> int:
    depth, seen = 0, {look.name}
    while look.part_of in named and look.part_of not in seen:
        look, depth = named[look.part_of], depth + 1
        seen.add(look.name)
    return depth


def _territory(territories: LabelMap | None, point_mm: Point) -> str:
    """Return the label of the territory of layer 0 (Couinaud's segments) that holds a point, else ""."""
    if territories is None or not bool(territories.geometry.contains(point_mm)):
        return ""
    value = int(territories.array[(0, *territories.geometry.voxel_of(point_mm))])
    for segment in territories.segments if value else ():
        if segment.layer == 0 and segment.value == value:
            return segment.code.meaning if segment.name not in _terms() else str(_terms()[segment.name]["label"])
    return ""


def _terms() -> dict[str, Any]:
    from anatomy_twin import catalog

    terms: dict[str, Any] = catalog.load("terms")["segments"]
    return terms


def _target(reader: Reader, point_mm: Point) -> Away | None:
    border = reader.borders.get(reader.target)
    if border is not None:
        return _away(reader, reader.target, border.distance_mm(point_mm))
    found = _nearest(reader, point_mm, "target")
    return None if found is None else found[0]


def _vessel(reader: Reader, point_mm: Point) -> Away | None:
    found = _nearest(reader, point_mm, "vessel")
    if found is None or reader.branches is None:
        return None if found is None else found[0]
    away, centre = found
    return replace(away, width_mm=reader.branches.width_at(point_mm if away.distance_mm < 0 else centre))


def _nearest(reader: Reader, point_mm: Point, group: str) -> tuple[Away, NDArray[np.float64]] | None:
    """Return the nearest structure of a group and the centre of its nearest voxel."""
    best: tuple[float, NDArray[np.float64], str] | None = None
    for look in reader.scene.looks:
        border = reader.borders.get(look.name) if look.group == group else None
        if border is not None and (best is None or border.at_least_mm(point_mm) < best[0]):
            distance, centre = border.nearest(point_mm)
            if best is None or distance < best[0]:
                best = distance, centre, look.name
    return None if best is None else (_away(reader, best[2], best[0]), best[1])


def _away(reader: Reader, name: str, distance_mm: float) -> Away:
    label = next((look.label for look in reader.scene.looks if look.name == name), name.replace("_", " "))
    return Away(name, label, distance_mm)


def _gather(labels: LabelMap, wanted: list[SegmentLook], borders: dict[str, Border]) -> Iterator[None]:
    """Go through the slices once and then make one border after the other; a pause after each step."""
    by_layer: dict[int, dict[int, str]] = {}
    for look in wanted:
        by_layer.setdefault(look.layer, {})[look.value] = look.name
    voxels: dict[str, Voxels] = {look.name: Voxels() for look in wanted}
    for layer, named in by_layer.items():
        for k in range(labels.geometry.shape[0]):
            _sort_slice(labels.array[layer, k], k, named, voxels)
            yield
    for name, held in voxels.items():
        if held.count:
            borders[name] = Border.of(held.index(), labels.geometry)
        yield


def _sort_slice(values: NDArray[Any], k: int, named: dict[int, str], voxels: dict[str, Voxels]) -> None:
    greatest = int(values.max())
    if greatest < min(named):
        return
    table = np.zeros(max(greatest, *named) + 1, bool)
    table[list(named)] = True
    found = np.flatnonzero(table[values])
    here = values.ravel()[found]
    for value, name in named.items():
        flat = found[here == value]
        if flat.size:
            j, i = np.divmod(flat, values.shape[1])
            voxels[name].add(np.column_stack([np.full(flat.size, k), j, i]))
