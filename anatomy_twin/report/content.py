"""What a report says, as plain data: the page, the PDF and the JSON document all read from this."""

from __future__ import annotations

import re
from typing import Any, Final

from anatomy_twin import __version__, catalog
from anatomy_twin.core import (
    AblationPlan,
    Assessment,
    Case,
    ElectroResult,
    LesionPlan,
    Plan,
    PlanCheck,
    PlaneCut,
    Quantity,
    ResectionPlan,
    ThermalResult,
)
from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal import (
    INTENDED_USE,
    SYNTHETIC_NOTE,
    Scene,
    format_interval,
    format_number,
    format_quantity,
    letters_of,
    structure_label,
    targets_of,
)
from anatomy_twin.report.anatomy import segment_rows, structure_rows, vessel_rows
from anatomy_twin.report.confirmation import confirmation_rows
from anatomy_twin.report.generator import device_facts, device_label, generator_lines
from anatomy_twin.report.heart import heart_content
from anatomy_twin.report.robustness import robustness_content, robustness_names
from anatomy_twin.units import Point, place_text, places_read

SCHEMA_VERSION = 2  # since 2 entries are a list, one for each applicator, and numbers have their interval
Row = dict[str, Any]
RULES: Final = {ResectionPlan: "Rules of the resection", LesionPlan: "Rules of the lesions"}
_SAID_ELSEWHERE = ("Broken: ", "Not checked: ", SYNTHETIC_NOTE)  # the table of rules, the head
GENERATED = "generated patient"  # said in the head
ZONES_NOTE = (
    "The ellipsoid is what the table of the device promises, wherever vessels lie: no physics. Red is what of target "
    "and margin a zone does not cover; the dashed line is the margin asked for."
)
_UNIT = re.compile(r"_(?:w_m2_k|per_ml_min|ml_min|kg_m3|j_kg_k|w_m_k|s_m|m_s|1_s|1_k|mm|ml|min|ohm|w|s|c|g)(?= |$)")
_HIDDEN_FACTS = ("sha256",)  # long sums stand under provenance


def build_content(case: Case, scene: Scene, plan_name: str) -> dict[str, Any]:
    """Return everything that the report says, without pictures: text, numbers and lists only.

    ``plan_name`` is "" for a case without a plan. The order of the keys is the order of the report.
    """
    plan, result = case.plans.get(plan_name), case.results.get(plan_name)
    check = case.checks.get(plan_name)
    assessment, general = case.assessments.get(plan_name) if plan_name else None, case.assessments.get("")
    quantities = _quantities(assessment, general)
    robust, segments = case.robustness.get(plan_name), segment_rows(case)
    listed = {row["name"] for row in segments}
    notes = [*(assessment.notes if assessment else ()), *(general.notes if general else ())]
    return in_words({
        "schema_version": SCHEMA_VERSION,
        "software": f"anatomy_twin {__version__}",
        "notice": INTENDED_USE,
        "pseudonym": case.patient.pseudonym,
        "patient": _patient(case),
        "synthetic": SYNTHETIC_NOTE if case.synthetic else "",
        "plan_name": plan_name,
        "rules_title": RULES.get(type(plan), "Rules of the path"),
        "target": ", ".join(structure_label(name) for name in targets_of(plan)),
        "summary": _summary(plan, check, assessment, result or case.activations.get(plan_name)),
        "key_numbers": _key_numbers(quantities),
        "anatomy_alarms": _named(general, "not met") if plan_name else [],
        "messages": [line for line in scene.messages if not line.startswith(_SAID_ELSEWHERE)],
        "legend": _legend(scene),
        "series": _series(case),
        "plan": _plan_rows(plan) if isinstance(plan, AblationPlan) else [],
        "cuts": _cut_rows(plan) if isinstance(plan, ResectionPlan) else [],
        "plan_facts": _plan_facts(plan),
        "rules": [_rule_row(rule) for rule in _ordered_rules(check)],
        "costs": [{"name": c.name, "value": format_number(c.value, c.unit), "reason": c.reason} for c in check.costs]
        if check else [],
        "heart": heart_content(case, plan_name, verdict_of),
        "entries": [],  # a search of its own: added where there is one
        "robustness": robustness_content(robust),
        "confirmations": confirmation_rows(case, verdict_of),
        "numbers": [{**_number_row(quantity), "table": _table_of(quantity, listed, robustness_names(robust))}
                    for quantity in quantities],
        "number_notes": [note for note in dict.fromkeys(notes) if not (case.synthetic and GENERATED in note)
                         and (robust is None or note not in robust.notes)],
        "simulation": _simulation(result) | ({"generator": generator_lines(case, plan_name)} if result else {}),
        "zones_note": ZONES_NOTE if result is not None else "",
        "volumes": structure_rows(case),
        "segments": segments,
        "vessels": vessel_rows(case),
        "other_plans": [name for name in case.plans if name != plan_name],
        "provenance": [{"stage": s.stage, "facts": dict(s.facts)} for s in case.provenance],
        "sums": {key: value for key, value in case.volume.facts.items() if key.startswith(_HIDDEN_FACTS)},
        "timings_s": {stage: round(seconds, 2) for stage, seconds in case.timings_s.items()},
    })


def in_words(content: Row) -> Row:
    """Return a report's content with the names of structures in its sentences as people say them.

    "tumour_1" becomes "Tumour 1" in messages, notes and reasons; names that the catalog does not know stay.
    """
    sentences = ("note", "reason")

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: _said(item) if key in sentences and isinstance(item, str) else of(item)
                    for key, item in value.items()}  # fmt: skip
        return [of(item) for item in value] if isinstance(value, list) else value

    as_they_are = ("provenance", "plan", "cuts", "heart")
    changed: Row = {key: value if key in as_they_are else of(value) for key, value in content.items()}
    return {**changed, **{key: [_said(line) for line in content[key]] for key in ("messages", "number_notes")}}


def _said(text: str) -> str:
    def label(found: re.Match[str]) -> str:
        try:
            return str(catalog.term(found[0])["label"])
        except UsageError:
            return found[0]

    return places_read(re.sub(r"\b[a-z]+(?:_[a-z0-9]+)+\b", label, text))


def _table_of(quantity: Quantity, segments: set[str], robust: set[str]) -> str:
    """Return which table of the report a number stands in: volumes of segments have one of their own."""
    if quantity.name in robust:
        return "robustness"
    return "segments" if any(quantity.name.startswith(name) for name in segments) else "numbers"


def verdict_of(word: str) -> Row:
    """Return word, symbol and colour (hex) of a verdict or outcome, and a ``kind`` for style sheets."""
    entry = catalog.load("palettes")["verdicts"][word]
    red, green, blue = entry["colour"]
    return {
        "word": entry["word"], "symbol": entry["symbol"], "colour": f"#{red:02x}{green:02x}{blue:02x}",
        "kind": word.replace(" ", "-") or "none",
    }


def format_point(point_mm: Point | None) -> str:
    """Return a place as people read it (see ``place_text``), "" for none."""
    return "" if point_mm is None else place_text(point_mm)


def _patient(case: Case) -> str:
    parts = []
    if case.patient.height_cm is not None:
        parts.append(f"{case.patient.height_cm:.0f} cm")
    if case.patient.weight_kg is not None:
        parts.append(f"{case.patient.weight_kg:.0f} kg")
    return ", ".join(parts)


def _quantities(assessment: Assessment | None, general: Assessment | None) -> list[Quantity]:
    found = {}
    for part in (assessment, general):
        for quantity in part.quantities if part is not None else ():
            found.setdefault(quantity.name, quantity)
    return list(found.values())


def _summary(plan: Plan | None, check: PlanCheck | None, assessment: Assessment | None,
             result: ThermalResult | ElectroResult | None) -> Row:
    """Return the one line a reader takes away: the worst verdict and what is behind it."""
    if plan is None:
        return {"text": "No plan yet", "detail": "scan and segmentation only", "verdict": verdict_of("")}
    verdicts = [q.verdict for q in assessment.quantities if q.verdict] if assessment else []
    outcomes = [rule.outcome for rule in check.rules] if check else []
    groups = [
        ("broken", [rule.name for rule in check.broken] if check else []),
        ("not met", _named(assessment, "not met")),
        ("borderline", _named(assessment, "borderline")),
    ]
    parts = [f"{word}: {_listed(names)}" for word, names in groups if names]
    left = [q.label for q in assessment.quantities if q.verdict == "not checked"] if assessment else []
    left += [rule.name for rule in check.rules if rule.outcome == "not checked"] if check else []
    if left:
        parts.append(f"{len(left)} not checked ({_listed(left, 3)})")
    parts.append(f"{outcomes.count('passed') + verdicts.count('met')} met")
    if not check:
        parts.append("rules not checked")
    if result is None and not isinstance(plan, ResectionPlan):
        parts.append("not simulated")
    word = "met"
    if "broken" in outcomes or "not met" in verdicts:
        word = "not met"
    elif "borderline" in verdicts:
        word = "borderline"
    elif not check or not verdicts or "not checked" in outcomes + verdicts:
        word = "not checked"
    head = {"met": "All checks met", "not met": "Plan does not hold", "borderline": "Plan is borderline",
            "not checked": "Plan is not fully checked"}[word]
    return {"text": head, "detail": "; ".join(parts), "verdict": verdict_of(word)}


def _named(assessment: Assessment | None, verdict: str) -> list[str]:
    found = assessment.quantities if assessment is not None else ()
    return [f"{q.label} {format_quantity(q)}" for q in found if q.verdict == verdict]


def _listed(names: list[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _key_numbers(quantities: list[Quantity], count: int = 6) -> list[Row]:
    """The numbers a reader looks for first: the outcome, then whatever fails, then sizes."""
    judged = sorted((q for q in quantities if q.verdict), key=lambda q: q.value is None)
    failing = [q for q in judged[3:] if q.verdict in ("not met", "borderline")]
    sizes = sorted((q for q in quantities if not q.verdict and q.value is not None), key=lambda q: q.interval is None)
    first = [*judged[:3], *failing[: count - 4], *sizes, *failing, *judged]
    return [_number_row(quantity) for quantity in {q.name: q for q in first}.values()][:count]


def _number_row(quantity: Quantity) -> Row:
    return {
        "name": quantity.name, "label": quantity.label, "value": quantity.value, "unit": quantity.unit,
        "shown": format_quantity(quantity), "limit": _readable(quantity.limit), "verdict": verdict_of(quantity.verdict),
        "source": quantity.source, "assumed": "assumed" in quantity.source,
        "place": format_point(quantity.place_mm), "place_mm": quantity.place_mm,
        "note": _readable(quantity.note), "interval": format_interval(quantity), "interval_ends": quantity.interval,
    }


def _readable(text: str) -> str:
    """Write units in a sentence as people write them."""
    return text.replace("degC", "\N{DEGREE SIGN}C")


def _legend(scene: Scene) -> list[Row]:
    """Return label and colour (hex) of what is drawn over the slices."""
    lines = [(layer.caption, layer.colour) for layer in scene.overlays if layer.visible]
    lines = [*reversed(lines), *((needle.label, needle.colour) for needle in scene.needles)]
    return [{"label": label, "colour": f"#{r:02x}{g:02x}{b:02x}"} for label, (r, g, b) in lines]


def _series(case: Case) -> list[Row]:
    volume = case.volume
    geometry = volume.geometry
    k, j, i = geometry.shape
    axes = [letters_of(geometry.direction[:, n], count=2) for n in range(3)]
    spacing = geometry.spacing_mm
    rows = [
        ("Modality", f"{volume.modality or 'not stated'}, values in {volume.units or 'no stated unit'}"),
        ("Slices and matrix", f"{k} slices of {j} x {i}"),
        ("Slice distance and pixels", f"{spacing[0]:.2f} mm, {spacing[1]:.3f} x {spacing[2]:.3f} mm"),
        ("Order of slices, rows, columns", f"towards {axes[0]}, {axes[1]}, {axes[2]}"),
    ]
    rows += [(key[:1].upper() + key[1:], value) for key, value in volume.facts.items()
             if not key.startswith(_HIDDEN_FACTS)]
    return [{"name": name.replace("_", " "), "value": value} for name, value in rows]


def _plan_rows(plan: AblationPlan) -> list[Row]:
    rows: list[Row] = []
    for number, applicator in enumerate(plan.applicators, start=1):
        device = device_facts(applicator.device)
        setting, unit = catalog.device_setting(dict(device))
        told = any(row["device_name"] == applicator.device for row in rows)
        rows.append({
            "number": number, "device": device_label(applicator.device),
            "device_name": applicator.device, "assumed": list(device.get("assumed", ["all sizes"])),
            "assumed_text": "" if told else ", ".join(map(_without_unit, device.get("assumed", ["all sizes"]))),
            "entry": format_point(applicator.entry_mm), "entry_mm": applicator.entry_mm,
            "tip": format_point(applicator.tip_mm), "tip_mm": applicator.tip_mm,
            "depth": format_number(applicator.depth_mm, "mm"),
            "power": ("" if setting == "power" else f"{setting} ") + format_number(applicator.power_w, unit),
            "duration": f"{applicator.duration_s / 60:.1f} min ({applicator.duration_s:.0f} s)"
            + (f", from minute {applicator.start_s / 60:.1f}" if applicator.start_s else ""),
        })
    return rows


def _cut_rows(plan: ResectionPlan) -> list[Row]:
    """Return the cuts of a resection; the removed side as the letters of the patient's directions."""
    rows: list[Row] = []
    for number, cut in enumerate(plan.cuts, start=1):
        if isinstance(cut, PlaneCut):
            rows.append({"number": number, "kind": "plane", "through": format_point(cut.point_mm),
                         "removed_side": letters_of(cut.normal, count=3), "point_mm": cut.point_mm,
                         "normal": cut.normal})  # fmt: skip
        else:
            rows.append({"number": number, "kind": type(cut).__name__, "through": "", "removed_side": ""})
    return rows


def _plan_facts(plan: Plan | None) -> list[Row]:
    if not isinstance(plan, AblationPlan | ResectionPlan):
        return []
    facts = [
        {"name": "Target", "value": ", ".join(structure_label(name) for name in targets_of(plan)) or "none"},
        {"name": "Margin asked for", "value": format_number(plan.margin_mm, "mm")},
    ]
    if isinstance(plan, ResectionPlan):
        facts.insert(0, {"name": "Organ", "value": structure_label(plan.organ)})
        if len(plan.cuts) > 1:
            what = {"any": "beyond any of them", "all": "beyond all of them (a wedge)"}[plan.combination]
            facts.append({"name": "Removed is what lies", "value": what})
    return facts


def _ordered_rules(check: PlanCheck | None) -> list[Any]:
    order = {"broken": 0, "not checked": 1, "passed": 2}
    return sorted(check.rules, key=lambda rule: order[rule.outcome]) if check else []


def _rule_row(rule: Any) -> Row:
    value = "" if rule.value is None else format_number(rule.value, rule.unit)
    limit = "" if rule.limit is None else format_number(rule.limit, rule.unit)
    return {
        "name": rule.name, "outcome": rule.outcome, "verdict": verdict_of(rule.outcome), "reason": rule.reason,
        "value": value, "limit": limit, "hit": structure_label(rule.hit) if rule.hit else "",
        "place": format_point(rule.place_mm), "place_mm": rule.place_mm, "source": rule.source,
        "assumed": "assumed" in rule.source,
    }


def _simulation(result: ThermalResult | None) -> Row:
    if result is None:
        return {}
    assumed = set(result.assumed)
    return {
        "verdict_model": _readable(result.verdict_model),
        "title": "Coagulation" if result.coldest_c is None else "Ice and lethal zone",
        "extreme": "hottest point" if result.coldest_c is None else "coldest point",
        "hottest": format_number(
            float(result.temperature_c.max() if result.coldest_c is None else result.coldest_c.min()), "degC"
        ),
        "coagulated": format_number(result.coagulated_ml, "ml"),
        "end": format_number(float(result.times_s[-1]), "s"),
        "parameters": [
            {"name": name.replace("_", " "), "value": _readable(value), "assumed": name in assumed}
            for name, value in result.parameters.items()
        ],
        "assumed": [name for name in result.assumed if name not in result.parameters],
        "assumed_lines": _gathered([name for name in result.assumed if name not in result.parameters]),
        "warnings": [_said(line) for line in result.warnings],
    }


def _gathered(names: list[str]) -> list[str]:
    """Return names of the form "whose: what" with all that is of one in a line."""
    groups: dict[str, list[str]] = {}
    for name in names:
        whose, _, what = name.partition(": ")
        groups.setdefault(device_label(whose).replace("_", " "), []).append(_without_unit(what))
    return [f"{whose}: {', '.join(parts)}" if any(parts) else whose for whose, parts in groups.items()]


def _without_unit(key: str) -> str:
    """Return the name of a number of a data file as words: "sar.shaft_length_mm" is the "shaft length"."""
    return _UNIT.sub("", key.rpartition(".")[2]).replace("_", " ")
