"""Volumes of organs and lesions against what is plausible for an adult."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.assess.margin import is_lesion
from anatomy_twin.core import Case, LabelMap, Patient, Quantity

ORGANS = ("liver", "spleen", "kidney_right", "kidney_left")


def volume_quantities(case: Case) -> tuple[Quantity, ...]:
    """Return volumes of liver, lesions, spleen and kidneys, and the liver volume that formulas expect."""
    labels = case.label_map
    found = [_organ(labels, name) for name in ORGANS]
    if "liver" in labels:
        found.insert(1, _healthy_liver(labels))
    found += [_lesion(labels, name) for name in labels.names if is_lesion(name)]
    found += [_formula(case.patient, name) for name in ("vauthey", "urata")]
    return tuple(found)


def healthy_ml(labels: LabelMap, organ: str) -> tuple[float, str]:
    """Return the volume of an organ less its lesions, and a line that says what was subtracted."""
    mask = labels.mask(organ)
    lesions = [part.name for part in labels.parts(organ) if is_lesion(part.name)]
    taken = np.zeros_like(mask)
    for name in lesions:
        taken |= labels.mask(name)
    unit_ml = labels.geometry.voxel_volume_ml
    lost = int(np.count_nonzero(mask & taken)) * unit_ml
    names = ", ".join(name.replace("_", " ") for name in lesions) or "no lesion"
    text = f"{organ} with its vessels, less {names} ({lost:.1f} ml)"
    return int(np.count_nonzero(mask & ~taken)) * unit_ml, text


def body_surface_m2(height_cm: float, weight_kg: float) -> float:
    """Body surface area in m2 by Mosteller (N Engl J Med 1987;317:1098): sqrt(height x weight / 3600)."""
    return math.sqrt(height_cm * weight_kg / 3600.0)


def _label(name: str) -> str:
    return str(catalog.term(name)["label"])


def _organ(labels: LabelMap, name: str) -> Quantity:
    facts: dict[str, Any] = catalog.load("limits")["volumes_ml"][name]
    low, high = facts["range"]
    limit = f"{low:g} to {high:g} ml"
    title = f"{_label(name)} volume"
    if name not in labels:
        state = next((s.state for s in labels.segments if s.name == name), "not segmented")
        return Quantity(f"{name}_ml", title, None, "ml", limit, "not checked", facts["source"], note=state)
    value = labels.volume_ml(name)
    parts = ", ".join(part.name.replace("_", " ") for part in labels.parts(name))
    note = f"parenchyma with {parts}" if parts else ""
    if _is_cut(labels, name):
        note = "; ".join(filter(None, [note, "reaches the edge of the scan, so it may be incomplete"]))
        return Quantity(f"{name}_ml", title, round(value, 1), "ml", limit, "not checked", facts["source"], note=note)
    verdict = "met" if low <= value <= high else "not met"
    segment = labels.segment(name)
    if segment.state == "check":  # an outline that a rule spoke against cannot meet a limit
        verdict = "not checked" if verdict == "met" else verdict
        note = "; ".join(filter(None, [note, f"the outline is flagged: {segment.note or ', '.join(segment.rules)}"]))
    return Quantity(f"{name}_ml", title, round(value, 1), "ml", limit, verdict, facts["source"], note=note)


def _is_cut(labels: LabelMap, name: str) -> bool:
    mask = labels.mask(name)
    return any(bool(mask.take(side, axis=axis).any()) for axis in range(3) for side in (0, -1))


def _healthy_liver(labels: LabelMap) -> Quantity:
    value, note = healthy_ml(labels, "liver")
    if labels.segment("liver").state == "check":
        note += "; the outline of the liver is flagged"
    return Quantity("liver_healthy_ml", "Liver without lesions", round(value, 1), "ml", note=note)


def _lesion(labels: LabelMap, name: str) -> Quantity:
    value = labels.volume_ml(name)
    across = 2.0 * (3000.0 * value / (4.0 * math.pi)) ** (1.0 / 3.0)
    note = f"a ball of that volume is {across:.1f} mm across"
    if name.startswith("tumour_candidate"):
        note += "; a proposal of the program, not a finding"
    return Quantity(f"{name}_ml", f"{_label(name)} volume", round(value, 3), "ml", note=note)


def _formula(patient: Patient, name: str) -> Quantity:
    facts = catalog.load("limits")["liver_formulas"][name]
    title = f"Liver volume expected by {name.capitalize()}"
    if patient.height_cm is None or patient.weight_kg is None:
        return Quantity(
            f"liver_{name}_ml", title, None, "ml", "", "not checked", facts["source"],
            note="height and weight of the patient are not known",
        )
    area = body_surface_m2(patient.height_cm, patient.weight_kg)
    value = facts["slope_ml_m2"] * area + facts["offset_ml"]
    note = f"body surface area {area:.3f} m2 from {patient.height_cm:g} cm and {patient.weight_kg:g} kg"
    return Quantity(f"liver_{name}_ml", title, round(value, 1), "ml", source=facts["source"], note=note)
