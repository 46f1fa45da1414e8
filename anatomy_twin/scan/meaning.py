"""What the stored values of slices mean: the unit, the way from stored to real values, and what forbids to take it."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.scan.slice_header import SliceHeader

# rescale slope and intercept are required for these (PS3.3 C.8.2.1, C.8.9.1); without them values have no unit
_UNIT_OF = {"CT": "HU", "PT": "unit"}


def is_hu(header: SliceHeader) -> bool:
    """Tell whether the rescaled values of an image are HU."""
    return header.modality == "CT" and header.rescale_type in ("", "HU")


def rescale_of(header: SliceHeader) -> tuple[float, float]:
    """Return slope and intercept from stored values to real ones."""
    return (1.0 if header.slope is None else header.slope, 0.0 if header.intercept is None else header.intercept)


def value_problem(headers: Sequence[SliceHeader], has_duplicates: bool) -> str:
    """Name what but their places forbids to load slices; nothing if nothing does.

    Values without a meaning, or with another one from slice to slice; one image in two files, unless the stack
    ``has_duplicates`` that are told by themselves.
    """
    modality = headers[0].modality
    stated = {(h.slope is not None, h.intercept is not None) for h in headers}
    if modality in _UNIT_OF and stated != {(True, True)}:
        return f"a {modality} without rescale slope and intercept has no {_UNIT_OF[modality]}"
    if len(stated) > 1:
        return "some slices have a rescale slope and intercept, others have none"
    if stated & {(True, False), (False, True)}:
        return "rescale slope and intercept stand alone"
    for number, header in enumerate(headers, start=1):
        slope, intercept = rescale_of(header)
        if not 1e-9 < abs(slope) < 1e9 or abs(intercept) > 1e9:
            return f"slice {number} has a rescale slope of {slope:g} and an intercept of {intercept:g}"
    if len({(h.rescale_type, h.units) for h in headers}) > 1:
        return "slices of different units"
    names = [(h.sop_uid, h.frame) for h in headers if h.sop_uid]
    if len(set(names)) < len(names) and not has_duplicates:
        return "two slices carry one identity"
    return ""
