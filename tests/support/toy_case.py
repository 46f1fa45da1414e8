"""The toy patient as a planned and simulated case: surfaces, a plan, and a heat field that is an analytic Gaussian."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from anatomy_twin.anatomy import build_anatomy, surface_of
from anatomy_twin.core import (
    AblationPlan,
    Applicator,
    Assessment,
    Case,
    Cost,
    Patient,
    PlanCheck,
    Quantity,
    Rule,
    ThermalResult,
    VolumeGeometry,
)
from tests.support.toy_patient import toy_patient

TUMOUR_MM = np.array([-70.0, -15.0, 25.0])
WORST_MM = (-58.0, -16.0, 25.0)
MARGIN_MM = 3.2


@cache
def scanned_case(spacing_mm: float = 4.0) -> Case:
    """Scan and segmentation with surfaces, no plan."""
    volume, labels = toy_patient(spacing_mm)
    volume = replace(volume, facts={"phase": "portal venous", "geometry": "uniform", "sha256": "ab12" * 16})
    return Case.new(
        volume=volume, labels=labels, anatomy=build_anatomy(volume, labels), patient=Patient("TOY-001", 170, 70)
    ).with_step("segmenting organs", {"segmenter": "truth", "seed": "0"}, 1.25)


def gaussian_heat(plan: AblationPlan) -> ThermalResult:
    """A zone of the shape of a Gaussian about a point 10 mm before the tip: 37 + 75 (1 - exp(-t/90)) exp(-r2) degC."""
    geometry = VolumeGeometry.upright((40, 40, 40), (2.0, 2.0, 2.0), tuple(TUMOUR_MM - 39.0))
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    along = np.asarray(plan.applicators[0].direction)
    offset = points - (np.asarray(plan.applicators[0].tip_mm) - 10.0 * along)
    deep = offset @ along
    shape = np.exp(-(((offset**2).sum(-1) - deep**2) / 14.0**2 + deep**2 / 20.0**2))
    times = np.array([0.0, 60.0, 150.0, 300.0])
    heat = 37.0 + 75.0 * (1.0 - np.exp(-times / 90.0))[:, None, None, None] * shape
    rate = np.where(heat > 43, 7.39e39 * np.exp(-2.577e5 / 8.314 / (heat + 273.15)), 0.0)
    omega = np.clip(np.cumsum(rate * 60.0, axis=0), 0.0, 1e6)
    zone = omega[-1] >= 1.0
    return ThermalResult(
        plan.name, geometry, times, heat, omega, omega[-1] * 10, zone, "Arrhenius integral of at least 1",
        surface_of(zone, geometry), {"liver perfusion": "0.0155 1/s", "antenna loss": "0.35"}, ("antenna loss",),
        ("the field is analytic",),
    )


@cache
def planned_case(spacing_mm: float = 4.0) -> Case:
    """The case with plan A: one rule broken, one not checked, a margin that is not met."""
    case = scanned_case(spacing_mm)
    plan = AblationPlan("A", "tumour_1", (Applicator("mwa-generic", (-141, -34, 25), (-66, -13, 25), 60, 300),), 5.0)
    check = PlanCheck("A", (
        Rule("inside the body", "passed", "the whole path lies in the body"),
        Rule("crosses no gallbladder", "not checked", "the gallbladder was not found"),
        Rule("keeps off large vessels", "broken", "passes too near", 1.5, "mm", 3.0, "hepatic_veins", (-60, -14, 25)),
    ), (Cost("path length", 77.9, "mm"),))
    numbers = Assessment("A", (
        Quantity("minimal_margin_mm", "Minimal ablative margin", MARGIN_MM, "mm", "at least 5 mm", "not met",
                 "ACCLAIM protocol", WORST_MM),
        Quantity("rim_coverage_percent", "Coverage of the 5 mm rim", 93.1, "%", "at least 90 %", "met", "assumed"),
        Quantity("gallbladder_peak_c", "Gallbladder, highest temperature", None, "degC", "at most 45 degC",
                 "not checked", note="not found"),
    ), synthetic=True)
    return case.with_plan(plan, check).with_result(gaussian_heat(plan)).with_assessment(numbers)
