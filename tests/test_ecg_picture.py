"""An electrocardiogram of both ventricles of a real heart, and its picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import pyvista as pv

from anatomy_twin.anatomy.heart.muscle import myocardium_of_surface
from anatomy_twin.anatomy.heart.segments import heart_axes
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.render import ecg_picture
from anatomy_twin.simulation.electro import ecg, pipeline, sinus
from anatomy_twin.simulation.electro.base import activation_ms
from anatomy_twin.simulation.electro.chamber_tissue import electro_model, tissue_of
from anatomy_twin.simulation.electro.electrograms import node_volumes_mm3, record


@pytest.mark.real_data
def test_a_real_heart_has_a_plausible_electrocardiogram(real_data):
    mesh = pv.read(real_data / "biventricle_surface/geo1/heart.vtp")
    surface = SurfaceMesh(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:])
    muscle = myocardium_of_surface(surface, np.asarray(mesh["class"]).astype(np.int64), 2.0)
    points = muscle.points_mm()
    axes = heart_axes(points, muscle.parts)
    lies = ecg.laid_in_torso(points, axes.up, axes.septal)
    found, measured, times = sinus.beat_ecg(muscle, lies, axes.up)
    assert 65.0 < times.max() < 110.0 and measured.qrs_ms == pytest.approx(times.max(), abs=15.0)
    assert measured.axis_name == "normal"
    assert all(measured.t_waves[lead] == "upright" for lead in ("I", "II", "V2", "V3", "V4", "V5", "V6"))
    assert measured.t_waves["aVR"] == "inverted"
    v1, v6 = (found.lead(name)[: int(measured.qrs_ms) + 5] for name in ("V1", "V6"))
    assert -v1.min() > v1.max() > 0.0 and v6.max() > -v6.min()  # a small R in front, a tall one at the left
    # the whole simulation, started where and when the map reaches the inner surfaces, gives the same QRS
    model = electro_model("ventricle_two_variable")
    usual = sinus.SinusBeat()
    conducting = replace(model.classes["healthy"], along_m_s=usual.along_m_s, across_m_s=usual.across_m_s)
    model = replace(model, classes={**model.classes, "healthy": conducting})
    system = replace(tissue_of(muscle, model), stimuli=sinus.inner_stimuli(muscle, times))
    weights = ecg.lead_weights(sinus.heart_conduction(muscle), points, node_volumes_mm3(muscle), lies)
    potentials, end = record(system, pipeline.init(system), weights, 120.0)
    whole = ecg.ecg_of(potentials, lies)
    assert activation_ms(system, end) == pytest.approx(times, abs=8.0)
    for lead in ecg.LEADS:
        assert np.corrcoef(whole.lead(lead)[:100], found.lead(lead)[:100])[0, 1] > 0.95
    of_whole = ecg.measures_of(whole, float(times.max()))
    assert of_whole.axis_name == "normal" and of_whole.axis_deg == pytest.approx(measured.axis_deg, abs=15.0)
    assert of_whole.qrs_ms == pytest.approx(measured.qrs_ms, abs=8.0)


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
