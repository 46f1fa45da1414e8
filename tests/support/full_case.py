"""A case that holds one of every kind of thing a case can hold, quick to make; for storing, not for physics."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from anatomy_twin.core import (
    AblationPlan,
    Anatomy,
    Applicator,
    Area,
    Assessment,
    Case,
    Certificate,
    Code,
    Cost,
    Display,
    Distance,
    LabelMap,
    LayerDisplay,
    LesionLine,
    LesionPlan,
    LesionPoint,
    Patient,
    PlanCheck,
    PlaneCut,
    PositionPlan,
    Quantity,
    ResectionPlan,
    Rule,
    Segment,
    SegmentCut,
    Structure,
    SurfaceCut,
    SurfaceMesh,
    TetMesh,
    ThermalResult,
    Transform,
    VesselTree,
    Volume,
    VolumeGeometry,
)
from tests.support.small_heart import with_heart
from tests.support.toy_patient import make_segment, toy_patient

TETRAHEDRON = SurfaceMesh(
    np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10.000000000000002]]) / 3,
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
)


CERTIFICATE = Certificate(True, True, -0.123456789, 4, manifold=True, boundary_p95_mm=1 / 3, pieces=2)


def oblique_direction(seed: int = 3, left_handed: bool = False) -> np.ndarray:
    """A rotation by an odd angle about an odd axis, optionally mirrored."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    if (np.linalg.det(q) < 0) != left_handed:
        q[:, 0] = -q[:, 0]
    return q


def random_result(plan_name: str, geometry: VolumeGeometry, seed: int = 1) -> ThermalResult:
    """A result of the right shapes."""
    rng = np.random.default_rng(seed)
    box = geometry.cropped((20, 20, 20), (5, 6, 7))
    temperature = (37 + 60 * rng.random((3, *box.shape))).astype(np.float32)
    omega = rng.random((3, *box.shape)).astype(np.float32) * 2
    return ThermalResult(
        plan_name, box, np.array([0.0, 0.1, 300.0]), temperature, omega, omega[-1] * 240, omega[-1] >= 1,
        "arrhenius", TETRAHEDRON, {"perfusion": "0.0064 1/s", "conductivity": "0.52 W/m/K"}, ("perfusion",), ("a", "b"),
    )


def all_plans() -> tuple:
    """One plan of each kind, with the names people give."""
    applicator = Applicator("mwa-generic", (-150.0, -15.5, 25.1), (-70.0, -15.0, 25.0), 60, 300)
    cuts = (
        PlaneCut((1, 2, 3), (0, 3, 4)), SegmentCut(("V", "VI")),
        SurfaceCut(tuple((float(n), n / 7, 0.1) for n in range(16))),
    )
    return (
        AblationPlan("A", "tumour_1", (applicator,), 5),
        AblationPlan("a", "tumour_1", (applicator, replace(applicator, power_w=1 / 3)), 7.25),
        AblationPlan("../../etc/passwd", "tumour_2", (applicator,)),
        ResectionPlan("Plan Bé / Δ", "liver", ("tumour_1", "tumour_2"), cuts, combination="all"),
        LesionPlan("con", "left_atrium", (LesionLine(((0, 0, 0), (1, 1, 1))), LesionPoint((1, 2, 3), 30, 20, 10))),
        PositionPlan("x" * 80, "liver", (0, 1, 0), 12),
    )


def _labels(labels: LabelMap) -> LabelMap:
    absent = replace(
        make_segment("portal_vein", 0, 0, "not visible in this phase"), note="late arterial; 100 % | of it: \\n ~^ü"
    )
    empty = Segment("gallbladder", 0, 200, Code("SCT", "28231008", "Gallbladder"), (1, 2, 3), "check")
    segments = (labels.segments[0], absent, *labels.segments[1:-1], empty, labels.segments[-1])
    segments = tuple(replace(s, note="line, with | bar: 50 %\\n; ü") if s.name == "liver" else s for s in segments)
    return LabelMap(labels.array, labels.geometry, segments, ("phase: portal venous", "second"))


@cache
def full_case() -> Case:
    """Two volumes, layers, absent segments, surfaces, plans of all kinds, a check, results, numbers, a heart, steps."""
    volume, labels = toy_patient(8.0)
    labels = _labels(labels)
    volume = replace(volume, warnings=("one", "two"), facts={"slices": "32", "b": "1", "a": "2"})
    other = Volume(
        np.linspace(-1, 1, 60, dtype=np.float32).reshape(3, 4, 5),
        VolumeGeometry((3, 4, 5), (2.5, 0.7, 0.7000000001), oblique_direction(), (1 / 3, -2e-7, 1e3), "1.2.3"),
        modality="MR", units="",
    )
    structures = {
        s.name: Structure(
            s.name, labels.volume_ml(s.name), s.state, s.code, s.colour, None if s.absent else TETRAHEDRON,
            None if s.absent else replace(CERTIFICATE, touches_border=s.name == "body"), s.part_of, s.note,
            TETRAHEDRON if s.name == "liver" else None,
        )
        for s in labels.segments
    }
    tree = VesselTree(
        "portal", np.array([[0, 0, 0], [1 / 3, 2, 3], [4, 5, 6], [1, 1, 1e-7]]), np.array([-1, 0, 1, 1]),
        np.array([6, 6.1, 3, 2.2]), np.array([False, True, True, False]), "check", ("bridged",), ("one gap, 3 mm",),
        {2: "right", 3: "left \u00fc"},
    )
    territories = replace(labels, segments=labels.segments[:3], notes=("estimated",))
    mesh = TetMesh(
        np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9], [9, 9, 9]]) / 7, [[0, 1, 2, 3], [1, 2, 3, 4]], [0, 1],
        ("liver", "tumour_1"),
    )
    rules = (
        Rule("crosses no bone", "broken", "crosses bone", 3.5, "mm", 0, "bone", (1.0, 2.0, 3.0), "source"),
        Rule("crosses no colon", "not checked", "colon was not found"),
    )
    numbers = (
        Quantity("mam", "Minimal ablative margin", 4.2, "mm", ">= 5 mm", "not met", "s", (1, 2, 3), "n"),
        Quantity("flr", "Remnant", None, "%", verdict="not checked"),
        Quantity("sampled", "Probability", 75.0, "%", note="40 treatments", interval=(59.8, 85.8)),
    )
    case = Case(
        volumes={"scan": volume, "arterial phase": other}, labels={"scan": labels}, primary="scan",
        anatomy=Anatomy(structures, ("note",), {"portal": tree}, territories, {"liver & co": mesh}),
        patient=Patient("P-1", 170, None),
        transforms={("scan", "arterial phase"): Transform(np.eye(4) + 1e-17 + np.eye(4, k=1) / 3, 1.5)},
        plans={plan.name: plan for plan in all_plans()},
        checks={"A": PlanCheck("A", rules, (Cost("depth", 80.001, "mm", "long"),))},
    )
    case = case.with_result(random_result("A", volume.geometry)).with_result(
        replace(random_result("../../etc/passwd", volume.geometry, 2), surface=None)
    )
    case = case.with_assessment(Assessment("", numbers, True, ("x",))).with_assessment(Assessment("A", numbers[:1]))
    case = case.with_measurement(Distance("to the capsule", (1 / 3, 0, 0), (1, 2, 3)))
    case = case.with_measurement(Area("wound", ((0, 0, 0), (1, 0, 1e-7), (0, 1, 0))))
    display = Display("slicer", {"liver": LayerDisplay(False, 1 / 3, (1, 2, 3)), "tumour_1": LayerDisplay()}, 150, 60.5)
    case = replace(case, display=display)
    case = with_heart(case, "con")
    return case.with_step("segment", {"seed": "0", "a": "b"}, 1.25).with_step("plan", {}, 0.5)
