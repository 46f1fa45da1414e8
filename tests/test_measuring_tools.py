"""Measurements drawn with a mouse that is made of numbers: what is kept, what is given back. No window."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import Ball, Case, Diameters, Distance, Volume, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.rehearsal import Pointer
from anatomy_twin.rehearsal.measure import lesion_diameters, measured
from anatomy_twin.rehearsal.measure_edit import (
    MeasuredValues,
    kind_of,
    live_words,
    made,
    middle_of,
    next_name,
    points_of,
    renamed,
    with_point,
)

pytest.importorskip("PySide6")


def turned_case():
    """A volume that lies oblique in the patient; its value at a place is 2 x - y + 3 z."""
    q, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    spacing = (1.5, 0.8, 0.9)
    geometry = VolumeGeometry((60, 90, 80), spacing, q, tuple(-q @ (np.array([60, 90, 80]) * spacing) / 2))
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return Case.new(volume=Volume((points @ [2.0, -1.0, 3.0]).astype(np.float32), geometry, modality="CT", units="HU"))


def desk_of(case):
    from anatomy_twin.view.desk import Desk

    return Desk(Session(case))


class Mouse:
    """Clicks and drags on a slice, or in 3-D from above, with one point of the screen as large as 0.5 mm."""

    def __init__(self, tool, view="oblique", normal=(0.0, 0.0, 1.0)):
        self.tool, self.view, self.normal = tool, view, tuple(normal)

    def at(self, point, **more):
        point = None if point is None else tuple(float(part) for part in point)
        eye = (0.0, 0.0, -500.0) if point is None else tuple(np.subtract(point, np.multiply(300.0, self.normal)))
        return Pointer(self.view, point, self.normal, eye, 0.5, **more)

    def click(self, *points):
        for point in points:
            self.tool.hover(self.at(point))
            taken = self.tool.press(self.at(point))
            if taken:
                self.tool.release(self.at(point))
        return taken

    def drag(self, start, end):
        taken = self.tool.press(self.at(start))
        for share in (0.2, 0.7, 1.0):
            self.tool.drag(self.at(np.add(start, np.multiply(share, np.subtract(end, start)))))
        self.tool.release(self.at(end))
        return taken


@pytest.fixture
def hand():
    from anatomy_twin.view.tools.measuring import MeasuringTool

    desk = desk_of(turned_case())
    told = []
    desk.told.connect(lambda level, line: told.append((level, line)))

    def take(mode, **more):
        tool = MeasuringTool(desk, mode)
        desk.set_tool(tool)
        return Mouse(tool, **more)

    take.desk, take.told = desk, told
    return take


def slice_axes():
    """The plane of an oblique slice: right, down, and away from the viewer."""
    q, _ = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))
    return q[:, 0], q[:, 1], np.cross(q[:, 0], q[:, 1])


def test_a_distance_by_two_clicks_and_one_by_a_drag_are_the_same_length(hand):
    right, down, away = slice_axes()
    mouse = hand("distance", normal=away)
    start, end = 3 * right + 2 * down, 15 * right - 7 * down
    mouse.click(start, end)
    mouse.drag(start + 20 * down, end + 20 * down)
    one, two = hand.desk.case.measurements.values()
    assert (one.name, two.name) == ("Distance 1", "Distance 2")
    for distance in (one, two):
        assert measured(distance, hand.desk.case.volume)[0].value == pytest.approx(15.0, abs=1e-9)
    assert np.allclose(one.start_mm, start) and np.allclose(one.end_mm, end)


def test_an_angle_and_an_area_are_exact_on_an_oblique_slice(hand):
    right, down, away = slice_axes()
    for degrees in (30.0, 120.0):
        arm = np.cos(np.radians(degrees)) * right + np.sin(np.radians(degrees)) * down
        corner = degrees * down  # apart: an end that is near the mouse would be grabbed
        hand("angle", normal=away).click(corner + 20 * right, corner, corner + 25 * arm)
    values = [measured(one, hand.desk.case.volume)[0].value for one in hand.desk.case.measurements.values()]
    assert values == pytest.approx([30.0, 120.0], abs=0.01)
    mouse = hand("area", normal=away)
    corners = [0 * right, 20 * right, 20 * right + 10 * down, 10 * down]
    mouse.click(*corners)
    assert "Area 1" not in hand.desk.case.measurements and mouse.tool.key("Return")
    assert measured(hand.desk.case.measurements["Area 1"], hand.desk.case.volume)[0].value == pytest.approx(200.0)
    mouse.click(*[corner - 30 * down for corner in corners])
    assert mouse.tool.double(mouse.at(corners[-1] - 30 * down))
    mouse.click(*[corner + 60 * down for corner in corners], corners[0] + 60 * down + 2 * right)  # near the first
    area = hand.desk.case.measurements["Area 3"]
    assert len(area.points_mm) == 4
    assert measured(area, hand.desk.case.volume)[0].value == pytest.approx(200.0)


def test_an_outline_drawn_freely_closes_where_it_began(hand):
    mouse = hand("area")
    around = np.linspace(0, 2 * np.pi, 60)
    ring = 20.0 * np.stack([np.cos(around), np.sin(around), 0 * around], axis=1)
    mouse.tool.press(mouse.at(ring[0]))
    for point in ring[1:]:
        mouse.tool.drag(mouse.at(point))
    mouse.tool.release(mouse.at(ring[-1]))
    (area,) = hand.desk.case.measurements.values()
    assert measured(area, hand.desk.case.volume)[0].value == pytest.approx(np.pi * 400, rel=0.02)


def test_an_outline_stays_in_its_slice_and_is_not_drawn_in_3d(hand):
    mouse = hand("area")
    mouse.click((0, 0, 0), (10, 0, 0))
    mouse.click((10, 10, 4))
    assert len(mouse.tool.points) == 2 and hand.told[-1][0] == "warning"
    mouse.tool.cancel()
    mouse.view = "3d"
    mouse.click((0, 0, 0))
    assert not mouse.tool.points and "slice" in hand.told[-1][1]


def test_a_ball_has_its_volume_and_diameters_are_two_lines(hand):
    right, down, away = slice_axes()
    hand("ball", normal=away).drag((1.0, 2.0, 3.0), np.add((1.0, 2.0, 3.0), 9 * right))
    ball = hand.desk.case.measurements["Ball 1"]
    size, mean, *_ = measured(ball, hand.desk.case.volume)
    assert size.value == pytest.approx(4 / 3 * np.pi * 0.729, abs=0.01) and mean.value == pytest.approx(9.0, abs=0.4)
    mouse = hand("diameters", normal=away)
    mouse.drag(0 * right + 40 * down, 20 * right + 40 * down)
    assert len(hand.desk.case.measurements) == 1
    mouse.drag(10 * right + 34 * down, 10 * right + 46 * down)
    one = hand.desk.case.measurements["Diameters 1"]
    assert live_words(one) == "20.0 \N{MULTIPLICATION SIGN} 12.0 mm"


def test_the_value_follows_the_mouse_before_the_second_click(hand):
    mouse = hand("distance")
    mouse.click((0, 0, 0))
    mouse.tool.hover(mouse.at((3, 4, 0)))
    texts = [shape.text for shape in hand.desk.shapes() if shape.kind == "text"]
    assert texts == ["5.0 mm"]
    line = next(shape for shape in hand.desk.shapes() if shape.kind == "line")
    assert line.points_mm == ((0, 0, 0), (3, 4, 0))
    mouse.tool.hover(None)
    assert not [shape for shape in hand.desk.shapes() if shape.kind == "line"]


def test_escape_gives_back_what_is_drawn_and_what_is_held(hand):
    mouse = hand("distance")
    mouse.click((0, 0, 0))
    assert mouse.tool.cancel() and not mouse.tool.cancel() and not hand.desk.case.measurements
    mouse.click((0, 0, 0), (30, 0, 0))
    before = hand.desk.case
    mouse.tool.press(mouse.at((30, 0, 0)))
    mouse.tool.drag(mouse.at((40, 10, 0)))
    assert mouse.tool.held.end_mm == (40, 10, 0) and hand.desk.case is before
    assert mouse.tool.cancel()
    mouse.tool.release(mouse.at((40, 10, 0)))
    assert hand.desk.case is before and mouse.tool.held is None


def test_each_measurement_each_move_and_each_removal_is_one_step(hand):
    from anatomy_twin.view.tools.measuring import remove

    mouse, desk = hand("distance"), hand.desk
    mouse.click((0, 0, 0), (30, 0, 0))
    mouse.drag((30, 0, 0), (40, 0, 0))
    assert desk.case.measurements["Distance 1"].end_mm == (40, 0, 0) and desk.marked == "Distance 1"
    assert mouse.tool.key("Delete") and not desk.case.measurements and desk.marked == ""
    assert not remove(desk, "Distance 1")
    assert desk.session.history.names == ("Measure Distance 1", "Move Distance 1", "Remove Distance 1")
    desk.undo()
    assert desk.case.measurements["Distance 1"].end_mm == (40, 0, 0)
    desk.undo()
    assert desk.case.measurements["Distance 1"].end_mm == (30, 0, 0)
    desk.undo()
    assert not desk.case.measurements
    desk.redo()
    assert list(desk.case.measurements) == ["Distance 1"]


def test_two_clicks_at_one_place_are_refused_in_words(hand):
    hand("distance").click((0, 0, 0), (0, 0, 0))
    assert not hand.desk.case.measurements and "one and the same" in hand.told[-1][1]


def test_beside_all_surfaces_the_view_keeps_the_mouse(hand):
    mouse = hand("distance", view="3d")
    assert not mouse.tool.press(mouse.at(None)) and not mouse.tool.points
    assert not hand("edit").tool.press(mouse.at((0, 0, 0)))


def test_an_end_is_not_grabbed_from_another_slice(hand):
    mouse = hand("distance")
    mouse.click((0, 0, 0), (30, 0, 0))
    mouse.tool.press(mouse.at((30, 0, 8)))
    assert mouse.tool.held is None and len(mouse.tool.points) == 1


def test_in_3d_an_end_goes_onto_the_surface_under_the_mouse(hand):
    mouse = hand("distance", view="3d")
    mouse.click((0, 0, 0), (30, 0, 0))
    mouse.tool.press(mouse.at((30, 0, 0)))
    mouse.tool.drag(mouse.at((20, 5, 17)))
    mouse.tool.release(mouse.at((20, 5, 17)))
    assert hand.desk.case.measurements["Distance 1"].end_mm == (20, 5, 17)


def test_a_click_on_a_lesion_measures_it_and_a_second_one_measures_it_anew(toy_case):
    from anatomy_twin.view.tools.measuring import MeasuringTool, measure_targets

    desk = desk_of(toy_case)
    mouse = Mouse(MeasuringTool(desk, "lesion"))
    inside = toy_case.label_map.geometry.to_world(np.argwhere(toy_case.label_map.mask("tumour_1")).mean(axis=0))
    mouse.click(inside)
    mouse.click(inside)
    (one,) = desk.case.measurements.values()
    expected = lesion_diameters(toy_case.label_map, "tumour_1", one.name)
    assert one == expected and one.target == "tumour_1" and one.name == "Tumour 1"
    mouse.click((400.0, 0, 0))
    assert len(desk.case.measurements) == 1
    assert measure_targets(desk, ("tumour_1",)) and len(desk.case.measurements) == 1
    assert not measure_targets(desk, ("liver_segment_9",))
    moved = MeasuringTool(desk, "edit")
    Mouse(moved).drag(one.long_end_mm, np.add(one.long_end_mm, (6, 0, 0)))
    assert desk.case.measurements["Tumour 1"].target == "", "drawn by hand it is not the program's any more"


def test_names_are_unique_and_can_be_changed():
    case = turned_case().with_measurement(Distance("Distance 1", (0, 0, 0), (1, 0, 0)))
    case = case.with_measurement(Ball("Ball 1", (0, 0, 0), (1, 0, 0)))
    assert next_name(case.measurements, "Distance") == "Distance 2"
    other = renamed(case, "Distance 1", " duct ")
    assert list(other.measurements) == ["duct", "Ball 1"] and other.measurements["duct"].name == "duct"
    assert next_name(other.measurements, "Distance") == "Distance 1"
    for bad in ("Ball 1", "", "x" * 200):
        with pytest.raises(DataError):
            renamed(case, "Distance 1", bad)


def test_points_go_in_and_come_out_for_every_kind():
    points = tuple((float(n), float(n % 2), 3.0) for n in range(4))
    for kind, count in (("distance", 2), ("angle", 3), ("area", 4), ("ball", 2), ("diameters", 4)):
        one = made(kind, kind, points[:count])
        assert points_of(one) == points[:count] and kind_of(one) == kind and len(middle_of(one)) == 3
        assert points_of(with_point(one, 1, (9.0, 9.0, 9.0)))[1] == (9.0, 9.0, 9.0)
        with pytest.raises(DataError):
            made(kind, kind, points[:1])
    ball = with_point(made("ball", "b", points[:2]), 0, (5.0, 0.0, 3.0))
    assert ball.radius_mm == pytest.approx(np.sqrt(2)) and isinstance(ball, Ball)
    values = MeasuredValues()
    assert values.of(ball, turned_case().volume) is not None and isinstance(made("diameters", "d", points), Diameters)


def test_two_thousand_random_actions_leave_a_case_that_can_be_undone_to_the_beginning(hand):
    """Presses, drags, keys and tools in any order, on slices, in 3-D and beside everything."""
    rng = np.random.default_rng(7)
    desk, start = hand.desk, hand.desk.case
    mouse = hand("distance")
    for _ in range(2000):
        place = None if rng.random() < 0.1 else rng.integers(-4, 5, 3) * (8.0, 8.0, 2.0)
        at = mouse.at(place)
        action = rng.integers(0, 12)
        if action == 0:
            mouse = hand(str(rng.choice(["distance", "angle", "area", "ball", "diameters", "lesion", "edit"])),
                         view=str(rng.choice(["oblique", "3d"])))  # fmt: skip
        elif action < 4:
            mouse.tool.press(at)
        elif action < 6:
            mouse.tool.drag(at)
        elif action < 8:
            mouse.tool.release(at)
        elif action == 8:
            mouse.tool.hover(None if rng.random() < 0.2 else at)
        elif action == 9:
            mouse.tool.double(at)
        elif action == 10:
            mouse.tool.key(str(rng.choice(["Return", "Delete", "x"])))
        else:
            rng.choice([mouse.tool.cancel, desk.undo, desk.redo])()
        desk.shapes()
        assert all(name == one.name for name, one in desk.case.measurements.items())
    assert len(desk.session.history.names) > 20
    mouse.tool.cancel()
    desk.session.go_to(0)
    assert not desk.case.measurements and desk.case.volume is start.volume
