"""A heart of a few triangles and voxels with all that can be known of it; for storing and tables, not for physics."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import (
    Case,
    Chamber,
    ElectroResult,
    Fibres,
    Induction,
    LesionLine,
    LesionPlan,
    LesionPoint,
    LesionRound,
    LesionSearch,
    Myocardium,
    Opening,
    PacingProtocol,
    SiteOutcome,
    Substrate,
    SurfaceMesh,
    VolumeGeometry,
)

AROUND, RINGS = 6, 3


def tube() -> Chamber:
    """An open tube of 18 points: two rims, three regions, two layers of fibres, fibrosis, a wall."""
    turn = 2 * np.pi * np.arange(AROUND) / AROUND
    ring = np.stack([10 * np.cos(turn), 10 * np.sin(turn), np.zeros(AROUND)], axis=1)
    points = np.concatenate([ring + np.array([0, 0, 7.0 * n / 3.0]) for n in range(RINGS)])
    corners = []
    for n in range(RINGS - 1):
        for m in range(AROUND):
            a, b = n * AROUND + m, n * AROUND + (m + 1) % AROUND
            corners += [(a, b, b + AROUND), (a, b + AROUND, a + AROUND)]
    surface = SurfaceMesh(points, np.array(corners))
    side = points[surface.triangles[:, 1]] - points[surface.triangles[:, 0]]
    fibres = side / np.linalg.norm(side, axis=1)[:, None]
    classes = np.arange(len(points)) % 3
    values = np.where(classes > 1, np.nan, classes / 3.0)
    substrate = Substrate(classes, values, "intensity ratio", "", "benito", ("a",))
    return Chamber(
        "left_atrium", surface, (Opening(np.arange(AROUND), "mitral_valve"), Opening(np.arange(12, 18), "vein é")),
        ("low", "middle", "high"), np.repeat(np.arange(RINGS), AROUND), Fibres(fibres, -fibres, "rules"), ("note",),
        substrate, np.linspace(1.5, 3.0, len(points)),
    )


def block() -> Myocardium:
    """Muscle of five voxels with depth, scar and named parts."""
    mask = np.zeros((3, 4, 5), bool)
    mask[1, 1, :] = True
    fibres = np.tile([[0.6, 0.8, 0.0]], (5, 1))
    substrate = Substrate(np.array([0, 1, 2, 0, 1]), np.arange(5.0) / 7, "bipolar voltage", "mV", "atrium")
    parts = {"base": np.array([True, False, False, False, True]), "septum": np.zeros(5, bool)}
    return Myocardium("ventricles", mask, VolumeGeometry.upright((3, 4, 5), (2.0, 1.0, 0.7), (1 / 3, 2, 3)), fibres,
                      np.linspace(0, 1, 5), substrate, parts, ("note",))


def site(name: str, count: int, induced: bool) -> SiteOutcome:
    """An outcome at a site, with maps where an arrhythmia was induced."""
    rng = np.random.default_rng(len(name))
    if not induced:
        return SiteOutcome(name, np.array([1.0, 2.0, 1 / 3]), True, False, refractory_ms=180.0, tries=4)
    rows = {key: rng.random(count).astype(np.float32) for key in ("last_ms", "singularities_per_s", "dominant_hz")}
    return SiteOutcome(name, np.array([3.0, 2.0, 1.0]), True, True, (500.0, 210.0), 2000.0, 195.5, 180.0, 4, "rotors",
                       ("2 tips for 1.8 s",), **rows)


def with_heart(case: Case, plan_name: str = "lesions") -> Case:
    """Return the case with both chambers, a plan of lesions, and all that can be computed of it."""
    chamber = tube()
    count = len(chamber.surface.points_mm)
    lesions = (LesionLine(((10, 0, 2), (0, 10, 2))), LesionPoint((10, 0, 4), 30, 20, 10))
    case = case.with_chamber(chamber).with_chamber(block()).with_plan(LesionPlan(plan_name, chamber.name, lesions))
    dead = np.arange(count) % 5 == 0
    before = np.linspace(0.0, 90.0, count)
    after = np.where(dead, np.inf, before * 1.5)
    case = case.with_result(ElectroResult(
        plan_name, chamber.name, np.array([1.0, 2.0, 3.0]), before, after, dead, {"vein é": "isolated"},
        ("no way from the vein",), {"velocity": "0.6 m/s"}, ("velocity",), ("w",),
    ))
    protocol = PacingProtocol(sustained_ms=2000.0)
    first, second = site("roof", count, True), site("coronary sinus", count, False)
    case = case.with_induction(Induction("", chamber.name, protocol, (first, second)))
    case = case.with_induction(Induction(plan_name, chamber.name, protocol, (first, second), (second,), dead,
                                         {"model": "Mitchell-Schaeffer"}, ("tau_in",), ("screening",)))
    rounds = (LesionRound(1, (first, second), lesions, ("a", "b"), 1.5, 2.0, 30.0),
              LesionRound(2, (second,), isolated_cm2=3.0))
    return case.with_lesion_search(LesionSearch(plan_name, chamber.name, protocol, rounds, "nothing can be induced",
                                                {"sites": "2"}, ("dt",), ("w",)))
