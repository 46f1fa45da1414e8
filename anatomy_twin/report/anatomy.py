"""What report and terminal say about the anatomy: structures with certificates, vessel trees, liver segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from anatomy_twin.core import ABSENT_STATES, Case, Certificate, Structure
from anatomy_twin.rehearsal import format_number, structure_label

EMPTY: Final = "\N{EM DASH}"
Row = dict[str, Any]


def structure_rows(case: Case) -> list[Row]:
    """Return one row for each structure, those without a surface too."""
    rows = [_structure_row(structure) for structure in case.anatomy.structures.values()]
    if case.primary in case.labels:
        labels = case.label_map
        for segment in labels.segments:
            if segment.name not in case.anatomy.structures:
                volume = None if segment.absent else labels.volume_ml(segment.name)
                rows.append(_row(segment.name, volume, segment.state, "no surface", segment.note))
    return rows


def segment_rows(case: Case) -> list[Row]:
    """Return one row for each segment of the liver: volume in ml, share of the liver in percent, state, rules, note."""
    territories = case.anatomy.territories
    if territories is None:
        return []
    found = [(s, territories.volume_ml(s.name)) for s in territories.segments if s.layer == 0]
    whole = sum(volume for _, volume in found) or 1.0
    rows = []
    for segment, volume in found:
        share = f"{100 * volume / whole:.1f} %"
        # the share has a column of its own, and the row says which segment it is
        parts = [part for part in segment.note.split("; ") if part != f"{share} of the liver"]
        note = "; ".join(parts).removeprefix(f"{structure_label(segment.name).removeprefix('Liver ')}: ")
        rows.append({
            **_row(segment.name, None if segment.absent else volume, segment.state, "", note),
            "share": EMPTY if segment.absent else share, "rules": list(segment.rules),
            "judged": judged(segment.state, segment.rules),
        })
    return rows


def judged(state: str, rules: Sequence[str]) -> str:
    """Return a state with the rules behind it: "check: estimated, volume"."""
    return f"{state}: {', '.join(rules)}" if state == "check" and rules else state


def vessel_rows(case: Case) -> list[Row]:
    """Return one row for each vessel tree: length, branches, generations, what was doubtful, why one is missing."""
    if not case.anatomy.trees:
        return []
    from anatomy_twin.anatomy.vessels.branches import branches
    from anatomy_twin.anatomy.vessels.trees import missing_trees

    rows: list[Row] = []
    for name, tree in case.anatomy.trees.items():
        found = branches(tree)
        rows.append({
            "name": name, "label": structure_label(name), "length_mm": tree.length_mm,
            "length": format_number(tree.length_mm, "mm"), "rules": list(tree.rules),
            "judged": judged(tree.state, tree.rules),
            "branches": len(found), "generations": max((branch.generation for branch in found), default=0),
            "state": tree.state, "kind": "caution" if tree.state == "check" else "plain", "note": "; ".join(tree.notes),
        })
    missing = missing_trees(case.label_map) if case.primary in case.labels else {}
    return rows + [
        {"name": name, "label": structure_label(name), "length_mm": None, "length": EMPTY, "rules": [],
         "judged": "not found", "branches": 0, "generations": 0, "state": "not found", "kind": "absent", "note": why}
        for name, why in missing.items() if name not in case.anatomy.trees
    ]


def certificate_words(certificate: Certificate | None) -> str:
    """Return a certificate in words: "closed, surface +0.1 % of voxels, 1200 triangles, ..."."""
    if certificate is None:
        return "no surface"
    words = ["closed" if certificate.watertight and certificate.manifold is not False else "NOT closed"]
    if not certificate.outward:
        words.append("NOT oriented outward")
    if certificate.volume_error_percent is None:
        words.append("volume not checked: there are no voxels")
    else:
        difference = round(certificate.volume_error_percent, 1) or 0.0  # no "-0.0"
        words.append(f"surface {difference:+.1f} % of voxels" if difference else "surface as large as its voxels")
    if certificate.boundary_p95_mm is not None:
        words.append(f"95 % within {certificate.boundary_p95_mm:.2f} mm of them")
    if (certificate.pieces or 1) > 1:
        words.append(f"{certificate.pieces} parts")
    words.append(f"{certificate.triangle_count} triangles")
    if certificate.touches_border:
        words.append("cut off flat at the border of the scan")
    return ", ".join(words)


def _structure_row(structure: Structure) -> Row:
    volume = None if structure.state in ABSENT_STATES else structure.volume_ml
    words = certificate_words(structure.certificate)
    return _row(structure.name, volume, structure.state, words, structure.note)


def _row(name: str, volume_ml: float | None, state: str, certificate: str, note: str) -> Row:
    kind = "plain"
    if state == "check":
        kind = "caution"
    elif volume_ml is None:
        kind = "absent"
    return {
        "name": name, "label": structure_label(name), "volume_ml": volume_ml,
        "volume": EMPTY if volume_ml is None else format_number(volume_ml, "ml"),
        "state": state, "kind": kind, "certificate": certificate, "note": note,
    }
