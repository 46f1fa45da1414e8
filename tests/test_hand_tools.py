"""Outlines by hand, without a window: strokes and outlines against exact shapes, one step each, exact undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from anatomy_twin.core import Case, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.pipeline.background import imported_function
from anatomy_twin.pipeline.session import Session
from anatomy_twin.rehearsal import Pointer
from anatomy_twin.segmentation.editing import paint
from anatomy_twin.segmentation.editing.region import cover
from anatomy_twin.segmentation.editing.strokes import Stroke, inside_polygon, outlined, slab_mm
from anatomy_twin.segmentation.editing.tracing import level_region, piece_at
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.tools import hand_actions as actions
from anatomy_twin.view.tools.hand_kit import Hand
from anatomy_twin.view.tools.segmenting import MAKERS
from tests.support.toy_patient import toy_patient

AXIAL, SAGITTAL = (0.0, 0.0, 1.0), (-1.0, 0.0, 0.0)
GRIDS = {
    "cubes": VolumeGeometry.upright((30, 40, 50), (1.5, 1.5, 1.5), (-30.0, -20.0, 10.0)),
    "thick": VolumeGeometry.upright((16, 60, 60), (5.0, 0.7, 0.7), (-20.0, -20.0, 0.0)),
}


def tilted(angle_deg: float = 25.0) -> VolumeGeometry:
    """A thick grid turned about the left-right axis."""
    upright, turn = GRIDS["thick"], np.deg2rad(angle_deg)
    about_x = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    return replace(upright, direction=about_x @ upright.direction)


def centres_of(geometry: VolumeGeometry) -> np.ndarray:
    return geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))


def whole(geometry: VolumeGeometry, region: Any) -> np.ndarray:
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[region.box] = region.mask
    return mask


def to_line(points: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Distance of points to the straight piece from one to two."""
    way = two - one
    share = np.clip((points - one) @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
    return np.linalg.norm(points - (one + share[..., None] * way), axis=-1)


class Case_:
    """A session on the toy patient and its hand; work for other processes is done at once, here."""

    def __init__(self, case: Case | None = None) -> None:
        volume, labels = toy_patient()
        self.session = Session(Case.new(volume=volume, labels=labels) if case is None else case)
        self.desk = Desk(self.session)
        self.lines: list[str] = []
        self.desk.told.connect(lambda level, line: self.lines.append(line))
        self.waiting: list[Any] = []
        self.hand = Hand(self.desk, self._start)

    def _start(self, title: str, function: str, *args: Any, done: Any, failed: Any, short: bool) -> None:
        self.waiting.append((imported_function(function), args, done))

    def answer(self) -> None:
        for function, args, done in self.waiting:
            done(function(*args))
        self.waiting = []

    @property
    def voxels(self) -> np.ndarray:
        return self.session.case.label_map.array

    def at(self, point: Any, toward: Any = AXIAL, **keys: bool) -> Pointer:
        return Pointer("axial", tuple(float(v) for v in point), toward, (0.0, 0.0, 0.0), 1.0, **keys)

    def stroke(self, tool: Any, points: Any, **keys: bool) -> None:
        tool.press(self.at(points[0], **keys))
        for point in points[1:]:
            tool.drag(self.at(point, **keys))
        tool.release(self.at(points[-1], **keys))


@pytest.fixture
def toy() -> Case_:
    return Case_()


# strokes and outlines


@pytest.mark.parametrize("geometry", [*GRIDS.values(), tilted()], ids=[*GRIDS, "tilted"])
def test_ball_stroke_covers_exactly_what_is_near_the_line(geometry):
    one = np.asarray(geometry.center_mm)
    two = one + np.array([6.0, 4.0, 3.0])
    stroke = Stroke(geometry, 6.0)
    for share in (0.0, 0.3, 0.7, 1.0):
        stroke.extend(one + share * (two - one))
    away = to_line(centres_of(geometry), one, two)
    found = whole(geometry, stroke.region)
    assert found[away <= 6.0 - 1e-6].all()
    assert not found[away > 6.0 + 1e-6].any()


@pytest.mark.parametrize("normal", [AXIAL, SAGITTAL])
@pytest.mark.parametrize("geometry", GRIDS.values(), ids=GRIDS)
def test_disc_is_one_voxel_thick_and_round(geometry, normal):
    centre = np.asarray(geometry.center_mm) + 0.2
    stroke = Stroke(geometry, 7.0, normal)
    stroke.extend(centre)
    found, axis = whole(geometry, stroke.region), {AXIAL: 0, SAGITTAL: 2}[normal]
    layers = np.flatnonzero(found.any(axis=tuple(n for n in range(3) if n != axis)))
    assert layers.tolist() == [geometry.nearest_voxel(centre)[axis]]
    offset = centres_of(geometry) - centre
    flat = np.linalg.norm(offset - (offset @ np.asarray(normal))[..., None] * np.asarray(normal), axis=-1)
    expected = (flat <= 7.0) & (np.indices(geometry.shape)[axis] == layers[0])
    assert np.array_equal(found, expected)


def test_disc_on_a_tilted_scan_fills_the_slice_of_the_picture():
    geometry = tilted()
    stroke = Stroke(geometry, 6.0, AXIAL)
    stroke.extend(geometry.center_mm)
    offset = centres_of(geometry) - np.asarray(geometry.center_mm)
    half = slab_mm(geometry, AXIAL) / 2
    found = whole(geometry, stroke.region)
    assert found[(np.hypot(offset[..., 0], offset[..., 1]) <= 6.0) & (np.abs(offset[..., 2]) < half - 1e-3)].all()
    assert not found[(np.hypot(offset[..., 0], offset[..., 1]) > 6.001) | (np.abs(offset[..., 2]) > half + 1e-3)].any()


def test_thin_brush_leaves_no_gap_and_grows_its_block_both_ways():
    geometry = GRIDS["thick"]
    stroke = Stroke(geometry, 0.3)
    line = [np.asarray(geometry.center_mm) + np.array([x, 0.5 * x, 0.0]) for x in (0.0, 9.0, -12.0)]
    for point in line:
        stroke.extend(point)
    found = whole(geometry, stroke.region)
    for share in np.linspace(0, 1, 200):
        assert found[geometry.nearest_voxel(line[1] + share * (line[2] - line[1]))]


def test_stroke_off_the_scan_covers_nothing():
    stroke = Stroke(GRIDS["cubes"], 5.0)
    assert stroke.extend((500.0, 0.0, 0.0)) is None
    assert stroke.region.empty


@pytest.mark.parametrize("geometry", [GRIDS["cubes"], tilted()], ids=["cubes", "tilted"])
def test_outline_has_the_area_of_its_polygon(geometry):
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 9.0 + 3.0 * np.cos(3 * angle)
    drawn = np.asarray(geometry.center_mm) + np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), np.zeros(90)], axis=1)
    x, y = drawn[:, 0], drawn[:, 1]
    area = 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
    region = outlined(geometry, drawn, AXIAL)
    volume = np.count_nonzero(region.mask) * geometry.voxel_volume_ml * 1000
    assert volume == pytest.approx(area * slab_mm(geometry, AXIAL), rel=0.05)
    through = outlined(geometry, drawn, AXIAL, through=True)
    cut = whole(geometry, through)
    assert cut[whole(geometry, region)].all() and np.count_nonzero(cut) > 3 * np.count_nonzero(region.mask)
    with pytest.raises(UsageError):
        outlined(geometry, drawn[:2], AXIAL)


def test_even_odd_rule_against_a_square_with_a_hole():
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4], [0, 0], [1, 1], [1, 3], [3, 3], [3, 1], [1, 1]], float)
    x, y = np.meshgrid(np.arange(-0.5, 5, 1.0), np.arange(-0.5, 5, 1.0), indexing="ij")
    found = inside_polygon(x.ravel(), y.ravel(), square).reshape(x.shape)
    expected = (x > 0) & (x < 4) & (y > 0) & (y < 4) & ~((x > 1) & (x < 3) & (y > 1) & (y < 3))
    assert np.array_equal(found, expected)


def test_covering_is_what_painting_is_whichever_way_the_array_runs():
    _, labels = toy_patient()
    points = [(-60.0, -5.0, 20.0), (-10.0, 5.0, 20.0)]
    wanted = paint(labels, "spleen", points, 12.0, over="liver")
    for axes in (((0, 1, 2), (False,) * 3), ((2, 0, 1), (True, False, True))):
        turned = labels.reindexed(*axes)
        stroke = Stroke(turned.geometry.reindexed(*turned.geometry.canonical_axes()), 12.0)
        for point in points:
            stroke.extend(point)
        found = cover(turned, "spleen", stroke.region, over="liver")
        assert np.array_equal(reindex(found.array, *inverse_axes(*axes)), wanted.array)


# tools


def test_one_stroke_is_one_step_and_undo_is_exact(toy):
    before = toy.voxels.copy()
    toy.desk.set_active("spleen")
    toy.hand.set_radius(10.0)
    tool = MAKERS["paint"](toy.hand)
    toy.stroke(tool, [(60.0, 20.0, 30.0), (40.0, 10.0, 30.0), (20.0, 0.0, 30.0)])
    assert toy.session.history.names == ("paint spleen",)
    after = toy.voxels.copy()
    painted = after != before
    assert painted.any() and not np.array_equal(after, before)
    toy.stroke(MAKERS["erase"](toy.hand), [(40.0, 10.0, 30.0)])
    assert toy.session.history.names == ("paint spleen", "erase spleen")
    toy.desk.undo()
    assert np.array_equal(toy.voxels, after)
    toy.desk.undo()
    assert np.array_equal(toy.voxels, before)
    toy.desk.redo()
    assert np.array_equal(toy.voxels, after)
    assert any("spleen +" in line for line in toy.lines)


def test_preview_is_what_the_stroke_paints_and_cancel_leaves_no_trace(toy):
    before = toy.voxels.copy()
    toy.desk.set_active("spleen")
    toy.hand.limit(place="liver")
    tool = MAKERS["paint"](toy.hand)
    points = [(0.0, -10.0, 20.0), (-30.0, -10.0, 20.0), (-50.0, 10.0, 20.0)]
    tool.press(toy.at(points[0]))
    for point in points[1:]:
        tool.drag(toy.at(point))
    (tint,) = tool.tints()
    shown = np.zeros(toy.voxels.shape[1:], dtype=bool)
    places = np.argwhere(tint.values)
    index = toy.session.case.label_map.geometry.voxel_of(tint.geometry.to_world(places))
    shown[tuple(index.T)] = True
    assert tool.cancel() and not tool.tints()
    tool.release(toy.at(points[-1]))
    assert np.array_equal(toy.voxels, before) and not toy.session.history.done
    toy.stroke(tool, points)
    painted = (toy.voxels != before).any(axis=0)
    assert np.array_equal(shown, painted)
    assert (before[0][painted] == toy.session.case.label_map.segment("liver").value).all()


def test_values_limit_what_is_painted(toy):
    toy.desk.set_active("tumour_1")
    toy.hand.limit(by_hu=True, hu=(140.0, 160.0))  # the vein of 7 mm beside the tumour
    before = toy.voxels.copy()
    toy.hand.set_radius(8.0)
    toy.stroke(MAKERS["paint"](toy.hand), [(-50.0, -15.0, 26.0)])
    painted = (toy.voxels != before).any(axis=0)
    values = toy.session.case.volume.array[painted]
    assert painted.any() and values.min() >= 140 and values.max() <= 160


def test_sampled_values_are_those_of_the_tissue(toy):
    toy.desk.set_active("tumour_1")
    toy.desk.set_tool(MAKERS["paint"](toy.hand))
    sample = MAKERS["sample"](toy.hand)
    toy.desk.set_tool(sample)
    sample.press(toy.at((-70.0, -15.0, 25.0)))  # 60 HU with a noise of 6
    low, high = toy.hand.limits.hu
    assert toy.hand.limits.by_hu and 35 <= low < 60 < high <= 85
    assert toy.desk.tool.name == "paint"


def test_nothing_is_painted_without_a_segment_and_the_person_is_told(toy):
    tool = MAKERS["paint"](toy.hand)
    toy.stroke(tool, [(0.0, 0.0, 20.0)])
    assert not toy.session.history.done and "no segment is chosen" in toy.lines[-1]
    toy.desk.set_active("spleen")
    toy.stroke(tool, [(900.0, 0.0, 20.0)])
    assert not toy.session.history.done


def test_what_was_read_off_the_old_outlines_is_dropped_told_and_brought_back(toy_case):
    toy = Case_(toy_case)
    toy.desk.set_active("spleen")
    toy.stroke(MAKERS["paint"](toy.hand), [(60.0, 20.0, 30.0)])
    assert toy.session.case.results and not toy.session.case.assessments  # far from where heat was simulated
    toy.desk.undo()
    toy.desk.set_active("liver")
    toy.stroke(MAKERS["erase"](toy.hand), [(-55.0, -10.0, 20.0)])
    assert not toy.session.case.results and toy.session.case.plans
    assert [line for line in toy.lines if "plan A was simulated" in line and "undo" in line] == toy.lines[-1:]
    assert "liver" in toy.hand.surfaces.stale() and "spleen" not in toy.hand.surfaces.stale()
    toy.desk.undo()
    assert toy.session.case.results["A"] is toy_case.results["A"] and not toy.hand.surfaces.stale()


def test_surfaces_go_with_their_segments_and_come_back(toy_case):
    toy = Case_(toy_case)
    toy.desk.set_active("tumour_2")
    actions.delete(toy.hand)
    toy.hand.surfaces.follow()
    assert "tumour_2" not in toy.session.case.anatomy.structures and toy.desk.active == ""
    toy.desk.undo()
    assert toy.hand.surfaces.stale() == ("tumour_2",)
    toy.hand.surfaces.follow()
    toy.answer()
    assert toy.session.case.anatomy.structures["tumour_2"].surface is not None and not toy.hand.surfaces.stale()
    toy.desk.set_active("tumour_1")
    actions.delete(toy.hand)
    assert "plan A" in toy.lines[-1] and "tumour_1" in toy.session.case.label_map
    actions.confirm(toy.hand)
    toy.hand.surfaces.follow()
    assert toy.session.case.anatomy.structures["tumour_1"].state == "confirmed"


def test_ring_is_a_circle_in_its_slice_and_a_line_across_the_others(toy):
    toy.desk.set_active("liver")
    toy.desk.set_focus((-50.0, -10.0, 20.0))
    tool = MAKERS["paint"](toy.hand)
    tool.hover(toy.at((-48.0, -8.0, 20.0)))
    outline, *lines = tool.shapes()
    away = np.linalg.norm(np.asarray(outline.points_mm) - [-48.0, -8.0, 20.0], axis=1)
    assert np.allclose(away, toy.hand.radius_mm) and len(lines) == 2
    toy.hand.set_ball(True)
    (ball,) = tool.shapes()
    assert ball.kind == "circle" and ball.radius_mm == toy.hand.radius_mm
    before = toy.hand.radius_mm
    assert tool.key("]") and toy.hand.radius_mm == pytest.approx(1.2 * before)
    assert tool.wheel(-1.0, toy.at((0.0, 0.0, 0.0), shift=True)) and toy.hand.radius_mm == pytest.approx(before)
    assert not tool.wheel(1.0, toy.at((0.0, 0.0, 0.0)))
    tool.hover(None)
    assert not tool.shapes()


def test_outline_tool_fills_takes_away_and_cuts(toy):
    toy.desk.set_active("liver")
    square = [(-60.0, -20.0, 20.0), (-30.0, -20.0, 20.0), (-30.0, 10.0, 20.0), (-60.0, 10.0, 20.0)]
    tool = MAKERS["draw"](toy.hand)
    for point in square:
        tool.press(toy.at(point, control=True))
        tool.release(toy.at(point))
    assert len(tool.shapes()) == 1 and not toy.session.history.done
    assert tool.key("Return")
    assert toy.session.history.names == ("erase liver",)
    step = toy.session.history.done[-1].step
    assert step.shape[1] == 1
    cut, corner = MAKERS["scissors"](toy.hand), [(x - 30.0, y, z) for x, y, z in square]
    for point in corner:
        cut.press(toy.at(point))
        cut.release(toy.at(point))
    assert cut.double(toy.at(corner[0]))
    assert toy.session.history.names[-1] == "cut liver" and toy.session.history.done[-1].step.shape[1] > 5
    tool.press(toy.at(square[0]))
    assert tool.cancel() and not tool.shapes()


def test_three_clicks_propose_take_and_go_out_of_date(toy):
    before = toy.voxels.copy()
    actions.begin(toy.hand, "segment_1", (10, 200, 30))
    tool = MAKERS["grow"](toy.hand)
    toy.desk.set_tool(tool)
    tool.press(toy.at((85.0, 35.0, 30.0)))
    tool.press(toy.at((85.0, -40.0, 30.0), shift=True))
    tool.press(toy.at((85.0, 25.0, 30.0)))
    assert len(toy.waiting) == 3 and not tool.tints()
    toy.answer()
    assert tool.tints() and np.array_equal(toy.voxels, before)
    assert tool.key("Return")
    spleen, found = (toy.session.case.label_map.mask(name) for name in ("spleen", "segment_1"))
    dice = 2 * np.count_nonzero(spleen & found) / (np.count_nonzero(spleen) + np.count_nonzero(found))
    assert dice > 0.85 and toy.session.case.label_map.segment("segment_1").colour == (10, 200, 30)
    steps = toy.session.history.names
    tool.press(toy.at((85.0, 35.0, 30.0)))
    toy.answer()
    assert "agrees" in toy.lines[-1] and not tool.tints()
    tool.press(toy.at((85.0, 35.0, 30.0)))
    toy.stroke(MAKERS["erase"](toy.hand), [(85.0, 35.0, 30.0)])
    toy.answer()
    assert not tool.tints() and "out of date" in toy.lines[-1]
    assert toy.session.history.names == (*steps, "erase segment_1")
    tool.press(toy.at((85.0, 35.0, 30.0)))
    assert tool.cancel() and not tool.shapes() and not tool.key("Return")
    toy.answer()
    assert not tool.tints()


def test_level_tracing_finds_a_bright_organ_and_a_dark_one(toy):
    volume, grid = toy.session.case.volume, toy.session.case.volume.geometry
    for centre, radius in (((85.0, 35.0, 30.0), 21.0), ((-70.0, -15.0, 25.0), 14.0)):  # spleen, and tumour in the liver
        inner = np.linalg.norm((centres_of(grid) - centre)[..., :2], axis=-1)
        flat = replace(volume, array=np.clip(200.0 - 10.0 * inner, -500, 200).astype(np.int16))
        for sign in (1, -1):  # brighter and darker than what is around
            image = replace(flat, array=(sign * flat.array).astype(np.int16))
            found = level_region(image, np.add(centre, (radius, 0.0, 0.0)), AXIAL)
            assert found is not None and found.mask.shape[0] == 1
            assert np.count_nonzero(found.mask) * 16.0 == pytest.approx(np.pi * radius**2, rel=0.35)
    assert level_region(volume, (900.0, 0.0, 0.0), AXIAL) is None


def test_pieces_are_kept_and_removed_by_a_click(toy):
    toy.desk.set_active("spleen")
    toy.stroke(MAKERS["paint"](toy.hand), [(0.0, -60.0, -60.0)])
    piece = piece_at(toy.session.case.label_map, "spleen", (0.0, -60.0, -60.0))
    MAKERS["remove island"](toy.hand).press(toy.at((0.0, -60.0, -60.0)))
    assert not toy.session.case.label_map.mask("spleen")[piece.box][piece.mask].any()
    toy.desk.undo()
    MAKERS["keep island"](toy.hand).press(toy.at((0.0, -60.0, -60.0)))
    assert toy.session.case.label_map.mask("spleen").sum() == piece.mask.sum()
    with pytest.raises(SegmentationError):
        piece_at(toy.session.case.label_map, "spleen", (85.0, 35.0, 30.0))
