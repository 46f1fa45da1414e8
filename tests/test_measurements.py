"""Measurements against geometry that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.core import Angle, Area, Ball, Diameters, Distance, LabelMap, Volume, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.rehearsal.measure import lesion_diameters, measured
from tests.support.toy_patient import make_segment, toy_patient


def turned_volume(seed=4, spacing=(1.5, 0.8, 0.9)):
    """An oblique volume whose value at a place is 2 x - y + 3 z."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    geometry = VolumeGeometry((60, 90, 80), spacing, q, tuple(-q @ (np.array([60, 90, 80]) * spacing) / 2))
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return Volume((points @ [2.0, -1.0, 3.0]).astype(np.float32), geometry, modality="CT", units="HU")


def test_distance_and_angle():
    volume = turned_volume()
    assert measured(Distance("d", (1, 2, 3), (4, 6, 15)), volume)[0].value == 13.0
    for degrees in (0.0, 30.0, 90.0, 150.0, 180.0):
        arm = (np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0)
        (angle,) = measured(Angle("a", (5.0, 0, 0), (0, 0, 0), arm), volume)
        assert angle.value == pytest.approx(degrees, abs=0.01) and angle.unit == "deg"


def test_area_of_a_turned_polygon_and_the_values_in_it():
    volume = turned_volume()
    q, _ = np.linalg.qr(np.random.default_rng(9).normal(size=(3, 3)))
    around = np.linspace(0, 2 * np.pi, 73)[:-1]
    points = 12.0 * (np.cos(around)[:, None] * q[0] + np.sin(around)[:, None] * q[1]) + [2.0, -3.0, 4.0]
    area, mean, sd, *_ = measured(Area("a", tuple(map(tuple, points))), volume)
    assert area.value == pytest.approx(0.5 * 72 * 144 * np.sin(2 * np.pi / 72), abs=0.01)
    assert mean.value == pytest.approx(2 * 2 + 3 + 12, abs=0.5)  # linear: the mean is that at the centre
    assert sd.value > 0 and mean.unit == "HU"
    star = Area("s", ((0, 0, 0), (10, 0, 0), (10, 10, 0), (5, 2, 0), (0, 10, 0)))
    assert measured(star, volume)[0].value == pytest.approx(100 - 40, abs=1e-9)


def test_ball_has_its_volume_and_values():
    volume = turned_volume()
    size, mean, *_ = measured(Ball("b", (3.0, 1.0, -2.0), (3.0, 9.0, -2.0)), volume)
    assert size.value == pytest.approx(4 / 3 * np.pi * 512 / 1000, abs=0.01)
    assert mean.value == pytest.approx(6 - 1 - 6, abs=0.3)
    away = measured(Ball("b", (900.0, 0, 0), (905.0, 0, 0)), volume)
    assert away[1].value is None and away[1].verdict == "not checked"


@pytest.mark.parametrize("turn_deg", [0.0, 35.0, 80.0])
def test_recist_diameters_of_an_ellipsoid_are_its_axes(turn_deg):
    shape, spacing = (30, 120, 120), (2.5, 0.7, 0.7)
    geometry = VolumeGeometry.upright(shape, spacing, (-42.0, -42.0, -37.5), "1.2.3")
    points = geometry.to_world(np.moveaxis(np.indices(shape), 0, -1))
    turn = np.radians(turn_deg)
    along = points @ [np.cos(turn), np.sin(turn), 0]
    across = points @ [-np.sin(turn), np.cos(turn), 0]
    mask = (along / 25) ** 2 + (across / 11) ** 2 + (points[..., 2] / 20) ** 2 <= 1
    labels = LabelMap(mask[None].astype(np.uint8), geometry, (replace(make_segment("tumour_1", 0, 1), part_of=""),))
    found = lesion_diameters(labels, "tumour_1", "T1")
    long, short = measured(found, turned_volume())
    assert long.value == pytest.approx(50.0, abs=0.9) and short.value == pytest.approx(22.0, abs=0.9)
    one = np.subtract(found.long_end_mm, found.long_start_mm)
    other = np.subtract(found.short_end_mm, found.short_start_mm)
    assert abs(one @ other) < 0.02 * np.linalg.norm(one) * np.linalg.norm(other) and one[2] == 0
    assert found.target == "tumour_1"


def test_measurements_are_kept_with_the_case(tmp_path):
    volume, labels = toy_patient()
    case = at.Case.new(volume=volume, labels=labels)
    items = (
        Distance("to the capsule", (0, 0, 0), (1 / 3, 2, 3)), Angle("a", (1, 0, 0), (0, 0, 0), (0, 1, 0)),
        Area("b", ((0, 0, 0), (1, 0, 0), (0, 1, 0))), Ball("c", (0, 0, 0), (5, 0, 0)),
        lesion_diameters(labels, "tumour_1", "T1"),
    )  # fmt: skip
    for item in items:
        case = case.with_measurement(item)
    again = at.load_case(at.save_case(case, tmp_path / "a.twin"))
    assert tuple(again.measurements.values()) == items
    assert "b" not in again.without_measurement("b").measurements
    with pytest.raises(DataError, match="no measurement"):
        again.without_measurement("z")


@pytest.mark.parametrize("make", [
    lambda: Distance("d", (1, 1, 1), (1, 1, 1)), lambda: Angle("a", (0, 0, 0), (0, 0, 0), (1, 0, 0)),
    lambda: Area("b", ((0, 0, 0), (1, 0, 0))), lambda: Distance("", (0, 0, 0), (1, 1, 1)),
    lambda: Ball("c", (0, 0, np.nan), (1, 1, 1)), lambda: Diameters("e", *[(0, 0, 0)] * 4),
])
def test_measurements_of_nothing_are_refused(make):
    with pytest.raises(DataError):
        make()
