"""A diffusivity that was tuned on a strip gives the wanted velocity on other meshes of that edge length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from anatomy_twin.errors import DataError, SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.assembly import element_rates, fibre_tensors
from anatomy_twin.simulation.electro.base import Stimulus, activation_ms
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.spread import rows_of
from anatomy_twin.simulation.electro.velocity import tuned, velocity_m_s

ATRIAL = "mitchell_schaeffer_2003"


def rough_sheet(edge_mm, length_mm, width_mm):
    """Triangles of about one edge length whose inner corners were pushed about."""
    x, y = np.meshgrid(np.arange(0.0, length_mm + 0.1, edge_mm), np.arange(0.0, width_mm + 0.1, edge_mm * 0.866))
    x[1::2] += 0.5 * edge_mm
    points = np.stack([x.ravel(), y.ravel()], -1)
    random = np.random.default_rng(3).uniform(-0.15, 0.15, points.shape) * edge_mm
    inner = ((points > edge_mm) & (points < (length_mm - edge_mm, width_mm - edge_mm))).all(axis=1)
    points[inner] += random[inner]
    faces = Delaunay(points).simplices
    corners = points[faces]
    (a, b), (c, d) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = np.abs(a * d - b * c)
    return np.pad(points, ((0, 0), (0, 1))), faces[area > 0.2 * edge_mm**2]


def test_a_rough_sheet_conducts_along_and_across_its_fibres_as_was_wanted():
    model = ionic_model(ATRIAL)
    along, across = (tuned(ATRIAL, model.parameters(), wanted, 0.4, 0.05) for wanted in (0.6, 0.3))
    assert abs(along.reached_m_s / 0.6 - 1.0) < 0.003 and across.untuned_m_s < 0.3
    points, faces = rough_sheet(0.4, 36.0, 10.0)
    for fibre, wanted in (((1.0, 0.0, 0.0), 0.6), ((0.0, 1.0, 0.0), 0.3)):
        tensors = fibre_tensors(np.broadcast_to(fibre, (len(faces), 3)), along.diffusivity_mm2_ms,
                                across.diffusivity_mm2_ms)  # fmt: skip
        paced = Stimulus(0.0, np.flatnonzero(points[:, 0] <= 2.0), 60.0, 2.0)
        system = pipeline.tissue(points, rows_of(element_rates(points, faces, tensors)), model, dt_ms=0.05,
                                 stimuli=(paced,), threshold_mv=-40.0, watch_ms=0.05)  # fmt: skip
        time = activation_ms(system, pipeline.run(system, pipeline.init(system), 36.0 / wanted + 10.0)[-1])
        inside = (points[:, 0] > 12.0) & (points[:, 0] < 32.0)
        assert 1.0 / np.polyfit(points[inside, 0], time[inside], 1)[0] == pytest.approx(wanted, rel=0.03)


def test_meshes_of_ventricular_cells_are_slow_before_and_right_after():
    """At 0.4 mm the velocity untuned is about a quarter too low along and two thirds across fibres."""
    kind = ionic_model("ten_tusscher_2006").parameters("epicardium")
    along = tuned("ten_tusscher_2006", kind, 0.617, 0.4, triangles=False)
    assert along.reached_m_s == pytest.approx(0.617, rel=0.004)
    assert along.untuned_m_s == pytest.approx(0.469, rel=0.02)  # of an independent program with this scheme
    across = tuned("ten_tusscher_2006", kind, 0.22, 0.4, triangles=False)
    assert across.untuned_m_s == pytest.approx(0.0748, rel=0.06)
    again = velocity_m_s("ten_tusscher_2006", kind, across.diffusivity_mm2_ms, 0.4, triangles=False)
    assert again == across.reached_m_s == pytest.approx(0.22, rel=0.004)


def test_velocities_that_cannot_be_are_refused():
    kind = ionic_model(ATRIAL).parameters()
    with pytest.raises(DataError, match="velocity_m_s"):
        tuned(ATRIAL, kind, 60.0, 0.4)
    with pytest.raises(SimulationError, match=r"no diffusivity gives 0\.1 m/s"):
        tuned(ATRIAL, kind, 0.1, 5.0, 0.1)
