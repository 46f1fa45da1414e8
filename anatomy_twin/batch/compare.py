"""Rows of a result against true labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.comparison import (
    LesionAgreement,
    StructureAgreement,
    Tree,
    compare_labels,
    compare_lesions,
    tree_lines,
)
from anatomy_twin.batch.measure import COLUMNS, TRUTH_COLUMNS, Row
from anatomy_twin.core import LabelMap
from anatomy_twin.errors import DataError


def add_truth(
    rows: list[Row], labels: LabelMap, truth: LabelMap, labelled: NDArray[np.bool_] | None = None,
    trees: Mapping[str, Tree] = MappingProxyType({}),
) -> None:
    """Add the columns of ``TRUTH_COLUMNS`` to the rows of a result, and rows for what is only in the truth.

    Parameters
    ----------
    rows : those of ``measure_case``; changed in place. Rows for structures, groups of structures
        (``assess.comparison.GROUPS``) and lesions of the truth that the result has under no or another name are added.
    labels, truth : found and true labels on one grid.
    labelled : where the truth is complete, a bool array that broadcasts to [k, j, i]; None for everywhere.
    trees : the trees of vessels that the truth was made of, by name, where it was.

    Raises ``DataError`` where the two are not on one grid, or where the truth is complete nowhere.
    """
    within = None
    if labelled is not None:
        within = np.broadcast_to(np.asarray(labelled, dtype=bool), labels.geometry.shape)
        if not within.any():
            raise DataError("the true labels are complete nowhere")
    for row in rows:
        row.update(dict.fromkeys(TRUTH_COLUMNS))
    known = {row["structure"]: row for row in rows}
    for one in compare_labels(labels, truth, (), within, tree_lines(trees)):
        if one.agreement.truth_ml > 0:
            _row(rows, known, truth, one.name, one.state).update(_agreed(one))
    lesions, false = compare_lesions(_only(labels, within), _only(truth, within))
    for lesion in lesions:
        if lesion.diameter_mm > 0:
            _row(rows, known, truth, lesion.name, "met" if lesion.found else "missed").update(_met(lesion))
    for name in labels.names:
        if "candidate" in name:
            known[name]["false_candidate"] = name in false


def _row(rows: list[Row], known: dict[str, Row], truth: LabelMap, name: str, state: str) -> Row:
    """Return the row of a structure, a new one where the result has none."""
    if name not in known:
        row: Row = {**dict.fromkeys(COLUMNS), **dict.fromkeys(TRUTH_COLUMNS)}
        row.update(structure=name, state=state, part_of="", rules="", note="")
        if name in truth:
            segment = truth.segment(name)
            row.update(part_of=segment.part_of, code_scheme=segment.code.scheme, code=segment.code.value,
                       meaning=segment.code.meaning)
        known[name] = row
        rows.append(row)
    return known[name]


def _agreed(one: StructureAgreement) -> Row:
    return {
        "truth_ml": one.agreement.truth_ml, "dice": _number(one.agreement.dice),
        "surface_distance_95_mm": _number(one.agreement.surface_distance_95_mm),
        "volume_error_percent": _number(one.agreement.volume_error_percent),
        "centreline_found": _number(one.centreline_found), "centreline_right": _number(one.centreline_right),
        "centreline_found_wide": _number(one.wide_found),
    }


def _met(lesion: LesionAgreement) -> Row:
    volume_ml = math.pi / 6.0 * lesion.diameter_mm**3 / 1000.0
    return {"truth_ml": volume_ml, "dice": _number(lesion.dice), "met_by": lesion.candidate if lesion.found else ""}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _only(labels: LabelMap, within: NDArray[Any] | None) -> LabelMap:
    return labels if within is None else replace(labels, array=np.where(within, labels.array, 0))
