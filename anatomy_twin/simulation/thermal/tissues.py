"""Which tissue is where in the box: from the label map and the catalog to constants per voxel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, Tissue, VolumeGeometry
from anatomy_twin.errors import SimulationError

AIR = 0  # the number of what is no tissue
BODY_SEGMENT = "body"


@dataclass(frozen=True, eq=False)
class TissueMap:
    """``number`` uint8 [k, j, i]: 0 is air, n is ``tissues[n - 1]``; ``vessel`` bool [k, j, i]: blood, of any size."""

    number: NDArray[np.uint8]
    vessel: NDArray[np.bool_]
    tissues: tuple[Tissue, ...]
    warnings: tuple[str, ...] = ()

    def values(self, field: str, air: float = 0.0) -> NDArray[np.float64]:
        """Return one constant of the tissues per voxel, float64 [k, j, i]."""
        table = np.array([air, *(getattr(tissue, field) for tissue in self.tissues)])
        return table[self.number]


def tissue(name: str) -> Tissue:
    """Return the thermal constants of a tissue of the catalog."""
    entries = catalog.load("tissues")["tissues"]
    if name not in entries:
        raise SimulationError(f"the catalog has no tissue {name!r}", advice=f"there are {', '.join(entries)}")
    row = entries[name]
    return Tissue(
        name, row["density_kg_m3"], row["specific_heat_j_kg_k"], row["conductivity_w_m_k"], row["perfusion_1_s"],
        row["source"], tuple(row["assumed"]),
    )


def tissue_of_segment(name: str) -> str | None:
    """Return the tissue name of a segment ("tumour_2" -> "tumour"), None for a segment the catalog does not map."""
    table = catalog.load("tissues")["segments"]["tissue"]
    stem, _, number = name.rpartition("_")
    if name in table:
        return str(table[name])
    return str(table[stem]) if number.isdigit() and stem in table else None


def resample_nearest(array: NDArray[np.generic], source: VolumeGeometry, box: VolumeGeometry) -> NDArray[np.generic]:
    """Return ``array`` [k, j, i] of the grid ``source`` at the voxels of ``box``, which has the same axes.

    The nearest voxel is taken; beyond the grid its edge is repeated.
    """
    picks = []
    for axis in range(3):
        steps = np.arange(box.shape[axis])[:, None] * np.eye(3)[axis]
        index = source.to_index(box.to_world(steps))[:, axis]
        picks.append(np.clip(np.floor(index + 0.5 + 1e-6).astype(int), 0, source.shape[axis] - 1))
    return array[np.ix_(*picks)]


def map_flow(labels: LabelMap, box: VolumeGeometry) -> NDArray[np.float32]:
    """Return the mean velocity of blood (m/s) in vessels of any size on ``box``, 0 elsewhere, [k, j, i].

    It is the catalog's for the name of the segment; where segments overlap the faster counts.
    """
    table = catalog.load("tissues")["vessels"]["velocity_m_s"]
    found = np.zeros(box.shape, np.float32)
    for segment in labels.segments:
        if tissue_of_segment(segment.name) == "blood":
            stem = segment.name if segment.name in table else segment.name.rpartition("_")[0]
            velocity = np.float32(table.get(stem, table["other"]))
            mask = resample_nearest(labels.array[segment.layer], labels.geometry, box) == segment.value
            np.maximum(found, velocity, out=found, where=mask)
    return found


def map_tissues(labels: LabelMap, box: VolumeGeometry) -> TissueMap:
    """Return the tissue of each voxel of ``box``; ``labels`` must be on axes parallel to it (canonical).

    Where segments overlap, the later in the catalog's list wins (vessels over tumour over liver over body). What no
    segment claims is unknown tissue inside ``body`` and air outside it; without a ``body`` segment it is all tissue.
    """
    order = list(catalog.load("tissues")["segments"]["tissue"])
    stems = {n: n if n in order else n.rpartition("_")[0] for n in labels.names}
    known = sorted((n for n in labels.names if stems[n] in order), key=lambda n: order.index(stems[n]))
    warnings = []
    unmapped = [n for n in labels.names if stems[n] not in order and labels.segment(n).part_of not in labels]
    if unmapped:
        warnings.append(f"no tissue is known for {', '.join(unmapped)}: what lies beneath counts")
    used: list[str] = []
    number = np.zeros(box.shape, np.uint8)
    vessel = np.zeros(box.shape, bool)
    if BODY_SEGMENT not in known:
        warnings.append("no outline of the body is labelled: the whole box counts as tissue")
        used.append("unknown")
        number[:] = 1
    for name in known:
        segment = labels.segment(name)
        mask = resample_nearest(labels.array[segment.layer], labels.geometry, box) == segment.value
        if not mask.any():
            continue
        kind = tissue_of_segment(name) or "unknown"
        if kind == "blood":
            vessel |= mask  # which of it is a vessel to count by itself is decided by its diameter
            continue
        if kind not in used:
            used.append(kind)
        number[mask] = used.index(kind) + 1
    return TissueMap(number, vessel, tuple(tissue(name) for name in used), tuple(warnings))
