"""The heart in a report: its chambers, what lesions isolate, what pacing induces, rounds of a search, sets compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from anatomy_twin.assess.heart import lesion_quantities, sites_cut_off
from anatomy_twin.core import Case, Chamber, ElectroResult, Induction, LesionPlan, LesionSearch, SiteOutcome
from anatomy_twin.rehearsal import format_quantity, structure_label
from anatomy_twin.units import place_text

Row = dict[str, Any]
Verdict = Callable[[str], Row]
VEIN: Final = "pulmonary_vein"
COMPARED: Final = ("lesion_length_mm", "ablated_cm2", "isolated_cm2", "veins_isolated", "inducible_sites_without",
                   "inducible_sites")  # fmt: skip
HEADS: Final = ("Length of lines", "Ablated", "Isolated", "Veins isolated", "Induce without", "Induce with")


def heart_content(case: Case, plan_name: str, verdict_of: Verdict) -> Row:
    """Return the section on a case's heart, {} where it has no chamber; lists and texts only.

    ``verdict_of`` gives word, symbol and colour of a verdict.
    """
    if not case.chambers:
        return {}
    plan, result = case.plans.get(plan_name), case.activations.get(plan_name)
    induced = case.inductions.get(plan_name) or case.inductions.get("")
    search = case.lesion_searches.get(plan_name)
    return {
        "chambers": [_chamber_lines(chamber) for chamber in case.chambers.values()],
        "made_up": any(_made_up(chamber) for chamber in case.chambers.values()),
        "veins": _vein_rows(result, verdict_of) if result else [],
        "activation": _parameter_rows(result.parameters, result.assumed) if result else [],
        "assumed": list(result.assumed) if result else [],
        "warnings": list(dict.fromkeys((*(result.warnings if result else ()), *(induced.warnings if induced else ()),
                                        *(search.warnings if search else ())))),
        "pacing": _pacing(case, induced, verdict_of) if induced else {},
        "rounds": _round_rows(search) if search else [],
        "ended": search.ended if search else "",
        "compared": _compared(case) if isinstance(plan, LesionPlan) else [],
        "compared_heads": list(HEADS),
    }


def _chamber_lines(chamber: Chamber) -> Row:
    lines = [f"Openings: {', '.join(structure_label(one.name) for one in chamber.openings if one.name)}"]
    lines.append(f"Fibres: {chamber.fibres.source if chamber.fibres else 'none, it conducts alike in all directions'}")
    known = chamber.substrate
    if known is None:
        lines.append("Fibrosis: not known, the wall counts as healthy")
    else:
        words = "MADE UP, not read from this patient: " if _made_up(chamber) else "by "
        lines.append(f"Fibrosis: {words}{known.value_name}, {known.source}")
        lines += [f"Fibrosis: {note}" for note in known.notes]
    if chamber.wall_mm is None:
        lines.append("Thickness of the wall: not measured")
    return {"name": structure_label(chamber.name), "lines": [*lines, *chamber.notes]}


def _made_up(chamber: Chamber) -> bool:
    return chamber.substrate is not None and any("made up" in note for note in chamber.substrate.notes)


def _vein_rows(result: ElectroResult, verdict_of: Verdict) -> list[Row]:
    evidence = dict(line.partition(": ")[::2] for line in result.evidence)
    words = {"isolated": "met", "connected": "not met", "not checked": "not checked"}
    rows = []
    for name, verdict in result.veins.items():
        # that an appendage stays connected is no failure
        shown = words[verdict] if name.startswith(VEIN) or verdict == "isolated" else ""
        why = evidence.get(name.replace("_", " "), "").removeprefix(f"{verdict}; ")
        rows.append({"name": structure_label(name), "evidence": why,
                     "verdict": {**verdict_of(shown), "word": verdict}})
    return rows


def _parameter_rows(parameters: Any, assumed: Sequence[str]) -> list[Row]:
    marks = {word for name in assumed for word in name.split()}
    return [{"name": name, "value": value, "assumed": "(assumed)" in value or name in assumed or name in marks}
            for name, value in parameters.items() if name != "same ground"]


def _pacing(case: Case, found: Induction, verdict_of: Verdict) -> Row:
    apart = None if found.dead is None else sites_cut_off(case.chamber(found.chamber), found.dead)
    with_plan = {one.name: one for one in found.with_plan}
    rows = []
    for one in found.without:
        other = with_plan.get(one.name)
        told = {"text": "", "verdict": verdict_of(""), "evidence": ""}
        if other is not None:
            told = _outcome(other, verdict_of, apart is not None and apart(other))
        rows.append({"name": one.name, "place": place_text(tuple(one.site_mm.tolist())),
                     "without": _outcome(one, verdict_of), "with": told})
    seconds = found.protocol.sustained_ms / 1000.0
    lasting = f"sustained means {seconds:g} s after the last stimulus"
    kind = f"Screening: {lasting}, atrial re-entry has to last 5 s to count" if found.protocol.screens else (
        f"Full protocol: {lasting}")
    return {
        "title": kind, "protocol": found.parameters.get("pacing", found.protocol.kind), "rows": rows,
        "plan": found.plan_name, "parameters": _parameter_rows(found.parameters, found.assumed),
        "assumed": list(found.assumed),
    }


def _outcome(one: SiteOutcome, verdict_of: Verdict, apart: bool = False) -> Row:
    evidence = "; ".join(one.evidence)
    if not one.captured:
        return {"text": "not captured", "verdict": verdict_of("not checked"), "evidence": evidence}
    if not one.induced:
        return {"text": f"nothing lasted ({one.lasted_ms:.0f} ms at most, {one.tries} tries)",
                "verdict": {**verdict_of("met"), "word": "not inducible"}, "evidence": evidence}
    after = ", ".join(f"{value:.0f}" for value in one.intervals_ms)
    text = f"{one.arrhythmia}, cycle {one.cycle_ms:.0f} ms, after {after} ms"
    if apart:
        text += "; within isolated tissue: it stays there"
    verdict = {**verdict_of("borderline" if apart else "not met"), "word": "inducible"}
    return {"text": text, "verdict": verdict, "evidence": evidence}


def _round_rows(search: LesionSearch) -> list[Row]:
    return [{
        "number": one.number, "sites": f"{len(one.inducible)} of {len(one.outcomes)}",
        "kinds": ", ".join(sorted({site.arrhythmia for site in one.inducible})) or "none",
        "lesions": "; ".join(dict.fromkeys(one.why)) or ("none" if not one.lesions else f"{len(one.lesions)} lesions"),
        "isolated": f"{one.isolated_cm2:.1f} cm2", "length": f"{one.length_mm:.0f} mm",
    } for one in search.rounds]


def _compared(case: Case) -> list[Row]:
    """Return a row for each plan of lesions, where there are several."""
    plans = [plan for plan in case.plans.values() if isinstance(plan, LesionPlan)]
    if len(plans) < 2:
        return []
    rows = []
    for plan in plans:
        numbers = {one.name: format_quantity(one) for one in lesion_quantities(case, plan)}
        rows.append({"name": plan.name, "cells": [numbers.get(name, "not checked") for name in COMPARED]})
    return rows
