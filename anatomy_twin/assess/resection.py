"""Numbers of a resection: what is removed and what remains, by which formula, how near the cut comes to what."""

from __future__ import annotations

from typing import Any

from anatomy_twin import catalog
from anatomy_twin.assess.resection_field import ResectionNumbers, TargetMargin, prepare_resection
from anatomy_twin.assess.volumes import body_surface_m2
from anatomy_twin.core import Case, Patient, Quantity, ResectionPlan

MOST_VESSELS = 12


def resection_quantities(case: Case, plan: ResectionPlan) -> tuple[Quantity, ...]:
    """Return the numbers of a resection by planes, read off the labels and vessel trees of a case.

    Raises ``PlanError`` where organ or targets are not there or a cut is no plane.
    """
    field = prepare_resection(case.label_map, plan, case.anatomy.trees)
    return described(field.numbers(plan), plan, case.patient)


def described(numbers: ResectionNumbers, plan: ResectionPlan, patient: Patient) -> tuple[Quantity, ...]:
    """Return the numbers of a resection with units, limits and verdicts; quick enough for every move of a handle."""
    organ = plan.organ.replace("_", " ")
    whole = f"{organ} with its vessels and lesions"
    found = [
        Quantity("resected_ml", "Resected volume", round(numbers.resected_ml, 1), "ml", note=f"of the {whole}"),
        Quantity("remaining_ml", "Remaining volume", round(numbers.remaining_ml, 1), "ml",
                 note=f"{whole}; with the resected volume the organ's {numbers.organ_ml:.1f} ml"),
        Quantity("remnant_ml", "Remnant without lesions", round(numbers.remnant_ml, 1), "ml"),
    ]  # fmt: skip
    if plan.organ == "liver":
        found += _remnant(numbers, patient)
    found.append(Quantity("cut_cm2", "Area of the cut", round(numbers.cut_cm2, 1), "cm2", note=f"within the {organ}"))
    found += [_margin(margin, plan) for margin in numbers.margins]
    return (*found, *_vessels(numbers))


def _remnant(numbers: ResectionNumbers, patient: Patient) -> list[Quantity]:
    limits = catalog.load("limits")["resection"]
    levels = limits["remnant_percent"]["levels"]
    share = numbers.remnant_percent
    normal = levels["normal liver"]
    verdict = "met" if share >= normal["value"] else "borderline" if share >= normal["borderline"] else "not met"
    limit = "; ".join(f"{name} {facts['value']:g} %" for name, facts in levels.items())
    found = [Quantity(
        "remnant_percent", "Remnant", round(share, 1), "%", limit, verdict, limits["remnant_percent"]["source"],
        note=f"of the liver without lesions ({numbers.healthy_ml:.1f} ml); verdict for a normal liver (assumed)",
    )]  # fmt: skip
    found += [_standardised(numbers, patient, name) for name in catalog.load("limits")["liver_formulas"]]
    facts = limits["remnant_to_body_weight_percent"]
    at_least = f"at least {facts['value']:g} %"
    title = "Remnant to body weight"
    if patient.weight_kg is None:
        found.append(Quantity("remnant_to_body_weight_percent", title, None, "%", at_least, "not checked",
                              facts["source"], note="weight of the patient is not known"))  # fmt: skip
        return found
    value = numbers.remnant_ml / 1000.0 * limits["density_kg_l"]["value"] / patient.weight_kg * 100.0
    found.append(Quantity(
        "remnant_to_body_weight_percent", title, round(value, 2), "%", at_least,
        "met" if value >= facts["value"] else "not met", facts["source"],
        note=f"1 ml of liver taken as 1 g; body weight {patient.weight_kg:g} kg; the limit is unverified",
    ))
    return found


def _standardised(numbers: ResectionNumbers, patient: Patient, formula: str) -> Quantity:
    facts: dict[str, Any] = catalog.load("limits")["liver_formulas"][formula]
    name, title = f"remnant_{formula}_percent", f"Standardised remnant ({formula.capitalize()})"
    if patient.height_cm is None or patient.weight_kg is None:
        return Quantity(name, title, None, "%", "", "not checked", facts["source"],
                        note="height and weight of the patient are not known")  # fmt: skip
    expected = facts["slope_ml_m2"] * body_surface_m2(patient.height_cm, patient.weight_kg) + facts["offset_ml"]
    if expected <= 0.0:
        return Quantity(name, title, None, "%", "", "not checked", facts["source"],
                        note="the formula does not hold for a patient so small")  # fmt: skip
    note = f"of the {expected:.0f} ml that the formula of {formula.capitalize()} expects"
    share = round(100.0 * numbers.remnant_ml / expected, 1)
    return Quantity(name, title, share, "%", source=facts["source"], note=note)


def _margin(margin: TargetMargin, plan: ResectionPlan) -> Quantity:
    name, title = f"margin_{margin.name}_mm", f"Margin to {margin.name.replace('_', ' ')}"
    limit = f"at least {plan.margin_mm:g} mm, as the plan asks"
    if margin.margin_mm is None and margin.removed_percent > 0.0:
        return Quantity(name, title, None, "mm", limit, "not checked", note="no cut runs through the organ")
    if margin.margin_mm is None:
        return Quantity(name, title, None, "mm", limit, "not met", note="the target is not in the removed part")
    value = round(margin.margin_mm, 1) + 0.0
    verdict = "met" if value >= plan.margin_mm else "borderline" if value > 0.0 else "not met"
    note = "least distance of its surface to the cut"
    if margin.removed_percent < 100.0:
        note += f"; the cut runs through it, {margin.removed_percent:.0f} % are removed"
        verdict = "not met"
    return Quantity(name, title, value, "mm", limit, verdict, place_mm=margin.place_mm, note=note)


def _vessels(numbers: ResectionNumbers) -> list[Quantity]:
    note = "of 2 mm and more (assumed)"
    found = [Quantity("cut_vessels", "Vessels cut", float(len(numbers.vessels)), "count", note=note)]
    for number, vessel in enumerate(numbers.vessels[:MOST_VESSELS], start=1):
        words = vessel.name if "vein" in vessel.name or "cava" in vessel.name else f"{vessel.tree} branch {vessel.name}"
        found.append(Quantity(f"cut_vessel_{number}_mm", f"Cut: {words.strip()}", round(vessel.diameter_mm, 1), "mm",
                              place_mm=vessel.place_mm, note="diameter where it is cut"))  # fmt: skip
    return found
