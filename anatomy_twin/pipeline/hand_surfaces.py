"""Surfaces of the few segments that an edit by hand changed, made without those of all others.

``mesh_case`` makes all surfaces at once, so that neighbours share their triangles: right for a case that is finished,
too slow after a stroke of the brush. One that is made here fits its own voxels as well, and says that it stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.core import SILENT, Anatomy, Case, LabelMap, Monitor, Segment, Structure, Volume, check_cancelled
from anatomy_twin.segmentation.editing.desk import value_spans

ALONE: Final = "surface made alone after an edit by hand: its neighbours' surfaces do not share its triangles"
AROUND_VOXELS: Final = 2


def remade(
    labels: LabelMap, volume: Volume, names: Sequence[str], monitor: Monitor = SILENT
) -> dict[str, Structure]:
    """Return the structures of some segments as the labels are now, each with a surface of its own.

    One without voxels is returned without a surface. Raises what ``build_anatomy`` raises.
    """
    made = {}
    for number, name in enumerate(names):
        check_cancelled(monitor)
        monitor.stage(f"surface: {name.replace('_', ' ')}")
        made[name] = _remade(labels, volume, name)
        monitor.progress((number + 1) / len(names))
    return made


def with_structures(case: Case, made: Mapping[str, Structure]) -> Anatomy:
    """Return the anatomy of a case with some structures in place of those of the same names, or added."""
    known = {segment.name for segment in case.label_map.segments}
    fresh = {name: structure for name, structure in made.items() if name in known}
    return replace(case.anatomy, structures={**case.anatomy.structures, **fresh})


def _remade(labels: LabelMap, volume: Volume, name: str) -> Structure:
    segment = labels.segment(name)
    bare = Structure(name, 0.0, segment.state, segment.code, segment.colour, part_of=segment.part_of, note=segment.note)
    if segment.absent:
        return bare
    mask = labels.mask(name)
    spans = value_spans(mask.view(np.uint8), [1])
    if spans is None:
        return bare
    start = tuple(max(side.start - AROUND_VOXELS, 0) for side in spans)
    stop = tuple(min(side.stop + AROUND_VOXELS, size) for side, size in zip(spans, mask.shape, strict=True))
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    shape = tuple(b - a for a, b in zip(start, stop, strict=True))
    grid = labels.geometry.cropped((start[0], start[1], start[2]), (shape[0], shape[1], shape[2]))
    own = Segment(name, 0, 1, segment.code, segment.colour, segment.state, "", segment.note, segment.rules)
    single = LabelMap(np.ascontiguousarray(mask[box])[None].astype(np.uint8), grid, (own,))
    part = replace(volume, array=np.ascontiguousarray(volume.array[box]), geometry=grid)
    structure: Structure = build_anatomy(part, single).structures[name]
    note = "; ".join(filter(None, (structure.note, ALONE if structure.surface is not None else "")))
    return replace(structure, part_of=segment.part_of, note=note)

