"""Volumes of the liver's segments, and in which of them the lesions lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.assess.margin import is_lesion
from anatomy_twin.core import Case, LabelMap, Quantity

LEAST_SHARE_NAMED = 0.02  # of a lesion: less is the border of a segment that is only estimated


def territory_quantities(case: Case) -> tuple[Quantity, ...]:
    """Return the volume of each segment of the liver with its share; none where the liver was not divided."""
    territories = case.anatomy.territories
    if territories is None:
        return ()
    segments = [segment for segment in territories.segments if segment.layer == 0 and not segment.absent]
    volumes = {segment.name: territories.volume_ml(segment.name) for segment in segments}
    whole = sum(volumes.values())
    found = []
    for segment in segments:
        value = volumes[segment.name]
        note = f"{100 * value / whole:.1f} % of the liver"
        if segment.state == "check":
            note += "; estimated from vessels and landmarks, to be checked"
        label = str(catalog.term(segment.name)["label"])
        found.append(Quantity(f"{segment.name}_ml", f"{label} volume", round(value, 1), "ml", note=note))
    return tuple(found)


def where_in_liver(case: Case, name: str) -> str:
    """Return in which segments of the liver a structure lies, largest share first: "VIII 73 %, V 27 % (estimated)".

    "" if it lies in none.
    """
    territories, labels = case.anatomy.territories, case.label_map
    if territories is None or name not in labels or not territories.geometry.is_close(labels.geometry, 0.01):
        return ""
    shares = segment_shares(territories, labels.mask(name))
    named = ", ".join(f"{segment} {100 * share:.0f} %" for segment, share in shares if share >= LEAST_SHARE_NAMED)
    estimated = any(segment.state == "check" for segment in territories.segments)
    return f"{named} (estimated)" if named and estimated else named


def segment_shares(territories: LabelMap, mask: np.ndarray) -> list[tuple[str, float]]:
    """Return (Roman numeral or label, share of the mask's voxels) of each segment that the mask meets, largest first.
    """
    total = int(np.count_nonzero(mask))
    counts = np.bincount(territories.array[0][mask].ravel(), minlength=1)
    shares = []
    for segment in territories.segments:
        if segment.layer == 0 and not segment.absent and segment.value < counts.size and counts[segment.value]:
            label = str(catalog.term(segment.name)["label"])
            shares.append((label.rpartition(" ")[2], float(counts[segment.value]) / total))
    return sorted(shares, key=lambda pair: (-pair[1], pair[0]))


def lesions_placed(case: Case, quantities: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """Return the quantities with the segments of the liver added to the notes of lesion volumes."""
    placed = []
    for quantity in quantities:
        name = quantity.name.removesuffix("_ml")
        where = where_in_liver(case, name) if is_lesion(name) else ""
        note = "; ".join(filter(None, [f"in segment {where}" if where else "", quantity.note]))
        placed.append(replace(quantity, note=note) if where else quantity)
    return tuple(placed)
