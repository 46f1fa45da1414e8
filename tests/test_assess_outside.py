"""What is ablated beyond the organ: against the analytic ellipsoid of the toy patient."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.assess import assess
from anatomy_twin.core import AblationPlan, Applicator, Case, ThermalResult, VolumeGeometry
from tests.support.toy_patient import ELLIPSOIDS, toy_patient


def result_of_a_ball(centre_mm, radius_mm: float) -> ThermalResult:
    """A coagulated ball on a 1 mm grid."""
    reach = radius_mm + 4.0
    size = int(2 * reach)
    grid = VolumeGeometry.upright((size,) * 3, (1.0,) * 3, tuple(float(c - reach + 0.5) for c in centre_mm))
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    ball = np.linalg.norm(points - np.asarray(centre_mm, float), axis=-1) <= radius_mm
    field = np.where(ball, 10.0, 0.0).astype(np.float32)[None]
    return ThermalResult(
        "A", grid, np.array([60.0]), np.full_like(field, 37.0), field, field[0], ball, "a ball drawn by hand"
    )


@pytest.mark.parametrize(("centre_mm", "radius_mm"), [((-70, -15, 25), 15.0), ((-125, -10, 20), 15.0)])
def test_volume_outside_the_liver(centre_mm, radius_mm):
    volume, labels = toy_patient(3.0)
    plan = AblationPlan("A", "tumour_1", (Applicator("mwa-generic", (-148, -10, 20), (-70, -15, 25), 60, 300),))
    result = result_of_a_ball(centre_mm, radius_mm)
    case = Case.new(volume=volume, labels=labels).with_plan(plan).with_result(result)
    centre, axes = (np.asarray(part, float) for part in ELLIPSOIDS["liver"])
    points = result.geometry.to_world(np.argwhere(result.coagulated))
    truth_ml = np.count_nonzero((((points - centre) / axes) ** 2).sum(axis=1) > 1.0) / 1000.0
    quantity = assess(case, plan, result)["outside_ml"]
    assert quantity.value == pytest.approx(truth_ml, rel=0.12, abs=0.05)  # a border of 3 mm voxels
    assert (truth_ml == 0.0) == (quantity.note == "")
    if truth_ml:
        assert truth_ml > 2.0 and "trunk wall muscle" in quantity.note
