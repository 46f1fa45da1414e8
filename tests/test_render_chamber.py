"""Chambers as pictures: what is read off them is what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import Chamber
from anatomy_twin.rehearsal.heart_maps import activation_map, plain_map
from anatomy_twin.render import ChamberRow, Site, can_render, chamber_picture
from anatomy_twin.render.chamber_picture import INDUCED_SITE, ROOM, chamber_pane, short_name
from tests.support.small_heart import tube

pytestmark = pytest.mark.skipif(not can_render()[0], reason="this machine draws no 3-D pictures")


@pytest.mark.parametrize(("name", "short"), [
    ("pulmonary_vein_left_superior", "LSPV"), ("pulmonary_vein_right_inferior", "RIPV"),
    ("pulmonary_vein_right_middle", "RMPV"), ("pulmonary_vein_left_common", "LCPV"), ("mitral_valve", "MV"),
    ("left_atrial_appendage", "LAA"), ("vein of a user", "vein of a user"),
])
def test_veins_bear_the_names_of_the_laboratory(name, short):
    assert short_name(name) == short


def _hue_at(pane, place_mm):
    column, row = pane.to_pixel(np.asarray(place_mm, float)).round().astype(int)
    return pane.picture[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3).mean(axis=0)


def test_early_is_red_late_is_violet_and_never_is_grey():
    chamber: Chamber = tube()
    times = np.where(chamber.surface.points_mm[:, 2] < 1, 0.0, np.where(chamber.surface.points_mm[:, 2] < 3, 50, 100.0))
    pane = chamber_pane(chamber, ChamberRow("", activation_map(times)), "posterior", ROOM)
    low, high = _hue_at(pane, (0, 8.66, 0.25)), _hue_at(pane, (0, 8.66, 4.4))
    assert low[0] > 1.4 * max(low[1:]), "red"
    assert high[2] > high[1] and high[0] > high[1], "violet"
    never = np.full(len(times), np.inf)
    never[0] = 0.0
    grey = _hue_at(chamber_pane(chamber, ChamberRow("", activation_map(never)), "posterior", ROOM), (0, 8.66, 2.3))
    assert np.ptp(grey) < 25


def test_what_is_ablated_is_dark_and_a_site_is_seen():
    chamber = tube()
    dead = np.ones(len(chamber.surface.points_mm), bool)
    alive, gone = (_hue_at(chamber_pane(chamber, ChamberRow("", plain_map(chamber), one), "posterior", ROOM),
                           (0, 8.66, 2.0)) for one in (None, dead))
    assert gone.sum() < 0.7 * alive.sum()
    place = np.array([0.0, 8.66, 2.0])
    red = _hue_at(chamber_pane(chamber, ChamberRow("", plain_map(chamber), sites=[Site("x", place, INDUCED_SITE)]),
                               "posterior", ROOM), place)
    assert red[0] > 1.8 * max(red[1:])


def test_each_row_is_drawn_from_both_sides_and_written(tmp_path):
    chamber = tube()
    rows = [ChamberRow("one", plain_map(chamber)), ChamberRow("two", plain_map(chamber), paths_mm=[
        chamber.surface.points_mm[:4]], remarks=("a line " * 60,))]
    one = chamber_picture(chamber, rows[:1], "Tube")
    two = chamber_picture(chamber, rows, "Tube", ("remark",), tmp_path / "tube.png")
    assert (tmp_path / "tube.png").stat().st_size > 10_000
    assert two.shape[0] > 1.7 * one.shape[0] and two.shape[1] == one.shape[1]
    for column in (0, 1):  # from behind and from the front
        left = column * ROOM[0]
        assert np.ptp(two[100 : ROOM[1], left + 100 : left + ROOM[0] - 100]) > 60
