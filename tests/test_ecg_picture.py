"""An electrocardiogram of both ventricles of a real heart, and its picture."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista as pv

from anatomy_twin.anatomy.heart.muscle import myocardium_of_surface
from anatomy_twin.anatomy.heart.segments import heart_axes
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.render import ecg_picture
from anatomy_twin.simulation.electro import ecg, sinus
from anatomy_twin.simulation.electro.electrograms import electrode_weights, node_volumes_mm3


@pytest.mark.real_data
def test_a_real_heart_has_a_plausible_electrocardiogram(real_data):
    mesh = pv.read(real_data / "biventricle_surface/geo1/heart.vtp")
    surface = SurfaceMesh(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:])
    muscle = myocardium_of_surface(surface, np.asarray(mesh["class"]).astype(np.int64), 2.0)
    points = muscle.points_mm()
    axes = heart_axes(points, muscle.parts)
    times = sinus.activation_of(muscle, sinus.usual_roots(muscle))
    lies = ecg.laid_in_torso(points, axes.up, axes.septal)
    places = ecg.torso_electrodes(lies)
    weights = electrode_weights(sinus.heart_conduction(muscle), points, node_volumes_mm3(muscle), places,
                                surround_s_m=0.2, farthest_mm=500.0)
    potentials = sinus.potentials_of_beat(dict(zip(places, weights, strict=True)), times,
                                          sinus.durations_of(muscle, axes.up))
    found = ecg.ecg_of(potentials, lies)
    measured = ecg.measures_of(found, float(times.max()))
    assert 65.0 < times.max() < 110.0 and measured.qrs_ms == pytest.approx(times.max(), abs=15.0)
    assert measured.axis_name == "normal"
    assert all(measured.t_waves[lead] == "upright" for lead in ("I", "II", "V2", "V3", "V4", "V5", "V6"))
    assert measured.t_waves["aVR"] == "inverted"
    v1, v6 = (found.lead(name)[: int(measured.qrs_ms) + 5] for name in ("V1", "V6"))
    assert -v1.min() > v1.max() > 0.0 and v6.max() > -v6.min()  # a small R in front, a tall one at the left


def test_the_picture_shows_each_lead_and_what_was_measured(tmp_path):
    times = np.arange(0.0, 500.0)
    beat = np.exp(-((times - 50.0) / 12.0) ** 2) + 0.3 * np.exp(-((times - 300.0) / 30.0) ** 2)
    found = ecg.Ecg(times, np.outer(np.linspace(-1.0, 1.0, 12), beat), ("all of it is made up",))
    measured = ecg.measures_of(found)
    picture = ecg_picture(found, measured, tmp_path / "ecg.png")
    assert picture.shape == (860, 1320, 3) and (tmp_path / "ecg.png").stat().st_size > 10_000
    dark = picture.astype(int).sum(axis=2) < 200
    for column in range(4):
        for row in range(3):
            pane = dark[95 + row * 236 : 320 + row * 236, 45 + column * 319 : 345 + column * 319]
            assert pane.any(axis=0).mean() > 0.9  # a line from left to right
    turned = ecg_picture(ecg.Ecg(times, -found.leads_mv, found.assumed), measured)
    assert not np.array_equal(turned, picture)
