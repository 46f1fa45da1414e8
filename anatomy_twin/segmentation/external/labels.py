"""Classes of a learned model become coded segments in the layers of this project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, Segment, Volume
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.ground.body import find_body
from anatomy_twin.segmentation.ground.compose import LAYERS, layer_of, make_segment
from anatomy_twin.segmentation.ground.working_grid import make_working_grid, to_original

RULE: Final = "external"
UNIONS: Final = ("bone", "lung_right", "lung_left")  # made of their parts where a model names only those
# the catalog's stems that bear a number
NUMBERED: Final = ("tumour", "lesion", "nodule", "kidney_lesion", "segment")
# Okabe and Ito's colours, told apart by most colour-blind people; for classes that the catalog does not know
PALETTE: Final = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
                  (204, 121, 167))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """Where voxels of a class go: a segment, its layer and what it is part of; ``known`` to the catalog or not."""

    name: str
    layer: int
    part_of: str = ""
    known: bool = True


def target_of(name: str, names: Mapping[str, str] | None = None, parents: Mapping[str, str] | None = None) -> Target:
    """Return the target of a class name: by the table ``names``, the catalog's names and aliases, else its own."""
    told = catalog.segment_name((names or {}).get(name, name), "")
    told += "_1" * (told in NUMBERED)
    parent = (parents or {}).get(name, "")
    try:
        term = catalog.term(told)
    except UsageError:
        return Target(told, 1 if parent else 0, parent, known=False)
    return Target(told, layer_of(told), parent or str(term["part_of"]))


def label_map_of(
    maps: Sequence[NDArray[Any]], targets: Mapping[int, Target], volume: Volume, note: str, notes: Sequence[str],
    expected: Sequence[Target] = (),
) -> LabelMap:
    """Return the label map of numbers on the voxels of ``volume``.

    Parameters
    ----------
    maps : arrays [k, j, i] of numbers (0 is nothing); in a layer a later one takes voxels from an earlier.
    targets : where each number goes; several may share a segment. A number without one becomes "label_N".
    note : of every segment; its state is "check" with the rule "external", because no rule of this program saw it.
    expected : segments that the model would have named had it found them: they become "not found".

    Lobes, vertebrae and tumours are put into the layers over their organ, which includes them; "bone" and the lungs are
    the union of their parts where the model names only those. For a CT the body outline of this program is added.
    """
    counts = _counts(maps)
    present = [int(n) for n in np.flatnonzero(counts) if n]
    used = {n: targets.get(n) or Target(f"label_{n}", 0, known=False) for n in present}
    found = {target.name: target for target in used.values()}
    for target in used.values():
        if target.part_of in UNIONS and target.part_of not in found:
            found[target.part_of] = target_of(target.part_of)
    segments, values = _segments(found, note, {target.name for target in used.values()})
    dtype = np.uint8 if len(segments) < 255 else np.uint16
    tables = np.zeros((LAYERS, counts.size), dtype)
    for number, first in used.items():
        target: Target | None = first
        while target is not None:  # the segment itself, then what it is part of, in the layers below
            if not tables[target.layer, number]:
                tables[target.layer, number] = values[target.name]
            target = found.get(target.part_of)
    array = np.zeros((LAYERS, *volume.geometry.shape), dtype)
    for numbers in maps:
        for layer in np.flatnonzero(tables.any(axis=1)):
            for k in range(numbers.shape[0]):
                here = tables[layer][numbers[k]]
                np.copyto(array[layer, k], here, where=here > 0)
    reason = f"{note.split(', a learned')[0].removeprefix('made by ')} found none"
    for target in expected:
        if target.known and target.layer == 0 and target.name not in found:
            segments.append(make_segment(target.name, 0, 0, "not found", reason))
            found[target.name] = target
    if "body" not in found:
        _add_body(volume, array, segments)
    strangers = sorted(target.name for target in found.values() if not target.known)
    more = (f"no coded term for: {', '.join(strangers)}",) if strangers else ()
    return LabelMap(array, volume.geometry, tuple(segments), (*notes, *more))


def _counts(maps: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return how often each number occurs; slice by slice, as counting takes eight bytes for each voxel."""
    total = np.zeros(max(int(numbers.max(initial=0)) for numbers in maps) + 1, np.int64)
    for numbers in maps:
        for plane in numbers:
            total += np.bincount(plane.reshape(-1), minlength=total.size)
    return total


def _segments(
    found: Mapping[str, Target], note: str, named: set[str]
) -> tuple[list[Segment], dict[str, int]]:
    """Return the segments and their values, organs before their parts."""
    segments: list[Segment] = []
    order = sorted(found.values(), key=lambda target: target.layer)
    values = {target.name: value for value, target in enumerate(order, start=1)}
    for target in order:
        value = values[target.name]
        words = note if target.name in named else f"{note}; the union of the parts that it names"
        part_of = target.part_of if target.part_of in found or target.known else ""
        if target.known:
            segment = make_segment(target.name, target.layer, value, "check", words, (RULE,), part_of)
        else:
            generic = make_segment("segment", target.layer, value, "check", words, (RULE,), part_of)
            segment = replace(generic, name=target.name, colour=PALETTE[value % len(PALETTE)])
        segments.append(segment)
    return segments, values


def _add_body(volume: Volume, array: NDArray[Any], segments: list[Segment]) -> None:
    """Add the trunk as this program outlines it, which models do not name and plans need."""
    if volume.units != "HU":
        return
    grid = make_working_grid(volume)
    outline = find_body(np.clip(grid.hu, -1024.0, 1500.0), grid.spacing_mm).mask
    if not outline.any():
        return
    body = to_original(outline, grid.geometry, volume)
    if body.any():
        value = max((s.value for s in segments), default=0) + 1
        array[3][body] = value
        segments.append(make_segment("body", 3, value, "ok", "outlined by this program, not by the model"))
