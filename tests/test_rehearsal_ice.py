"""Ice and what it kills, told apart: names, volumes and surfaces, at the end and at every moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator, ThermalResult, VolumeGeometry
from anatomy_twin.rehearsal import build_scene
from anatomy_twin.rehearsal.readout import field_at
from anatomy_twin.render.live_zone import layers_at
from tests.support.toy_case import scanned_case

CENTRE = np.array([-70.0, -15.0, 25.0])


def cold_ball(radii_mm=(0.0, 15.0, 10.0)):
    """A frozen ball whose temperature rises by 4 K per mm; 0 degC lies at one of the radii at each moment."""
    geometry = VolumeGeometry.upright((41, 41, 41), (1.5,) * 3, tuple(CENTRE - 30.0))
    away = np.linalg.norm(geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)) - CENTRE, axis=-1)
    celsius = np.stack([np.clip(4.0 * (away - radius), -140.0, 37.0) if radius else np.full(away.shape, 37.0)
                        for radius in radii_mm])  # fmt: skip
    coldest = celsius.min(axis=0)
    none = np.zeros(celsius.shape)
    plan = AblationPlan("F", "tumour_1", (
        Applicator("cryo-generic", (-141, -34, 25), (-55, -11, 25), 100, 300),))  # fmt: skip
    result = ThermalResult(
        "F", geometry, np.array([0.0, 300.0, 600.0]), celsius, none, none[0], coldest <= -20.0, "lethal isotherm",
        coldest_c=coldest,
    )
    return scanned_case().with_plan(plan).with_result(result), result


def ball_ml(radius_mm):
    return 4.0 / 3.0 * np.pi * radius_mm**3 / 1000.0


@pytest.fixture(scope="module")
def scene():
    return build_scene(cold_ball()[0], "F")


def test_ice_and_lethal_zone_are_masks_and_surfaces_of_their_own(scene):
    masks = {layer.name: layer for layer in scene.overlays if layer.name in ("ice", "zone")}
    assert [masks[name].label for name in ("ice", "zone")] == ["Ice (simulated)", "Lethal zone (simulated)"]
    ml = {name: np.count_nonzero(layer.mask) * layer.geometry.voxel_volume_ml for name, layer in masks.items()}
    assert ml["ice"] == pytest.approx(ball_ml(15.0), rel=0.03)
    assert ml["zone"] == pytest.approx(ball_ml(10.0), rel=0.05)  # 20 K colder is 5 mm further in
    ice = next(layer for layer in scene.surfaces if layer.name == "ice")
    assert ice.volume_ml == pytest.approx(ml["ice"])
    assert ice.surface.volume_ml == pytest.approx(ball_ml(15.0), rel=0.02)
    assert masks["ice"].colour != masks["zone"].colour


def test_ice_comes_and_goes_while_what_is_dead_stays(scene):
    def volume(snapshot):
        return {layer.name: layer.surface.volume_ml for layer in layers_at(scene, snapshot)
                if layer.name in ("ice", "zone")}  # fmt: skip

    assert volume(0) == {}
    assert volume(1)["ice"] == pytest.approx(ball_ml(15.0), rel=0.02)
    assert volume(2)["ice"] == pytest.approx(ball_ml(10.0), rel=0.02)  # it thaws
    kept = next(one for one in scene.fields if one.name == "damage").values
    assert np.count_nonzero(kept[2] >= 1.0) == np.count_nonzero(kept[1] >= 1.0) > 0


def test_cold_is_read_in_degrees_below_zero(scene):
    series = next(one for one in scene.fields if one.name == "temperature")
    assert series.unit == "degC" and series.range[0] == 0.0
    value = field_at(series, np.add(CENTRE, (8.0, 0.0, 0.0)), 1)
    assert series.shown(value) == pytest.approx(-28.0, abs=0.2)
    warm = replace(series, cold=False)
    assert warm.shown(12.0) == 12.0


def test_the_surface_of_ice_is_made_once_for_a_result():
    case, result = cold_ball()
    first, second = (next(one.surface for one in build_scene(case, "F", masks=False).surfaces if one.name == "ice")
                     for _ in range(2))  # fmt: skip
    assert first is second
    assert result.coldest_c is not None
