"""What slice views draw: slabs, outlines, zones and previews of the moment, shapes; cases that hold little."""

# ruff: noqa: F811
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Case
from anatomy_twin.rehearsal import Shape
from anatomy_twin.rehearsal.slabs import Slab
from tests.support.slice_views import picture_of, screen_point, show, turn_wheel, views  # noqa: F401
from tests.support.toy_case import scanned_case

pytestmark = pytest.mark.gui


def test_a_slab_and_outlines_change_the_picture(views):
    desk, panes = views
    pane = panes["axial"]
    thin = picture_of(pane)
    desk.set_slice_style(slab=Slab(40.0, "maximum"))
    assert np.abs(picture_of(pane) - thin).mean() > 0.5
    desk.set_slice_style(slab=Slab())
    assert np.array_equal(picture_of(pane), thin)
    work = dict(pane.painter.work)
    desk.set_slice_style(outlines=False, fills=False)
    assert np.abs(picture_of(pane) - thin).mean() > 0.1 and pane.painter.work["grey"] == work["grey"]


def test_the_zone_of_the_moment_is_tinted_and_gone_while_the_plan_moves(views):
    desk, panes = views
    pane = panes["axial"]
    late = picture_of(pane)
    desk.set_snapshot(0)
    early = picture_of(pane)
    assert np.abs(late - early).max() > 30
    assert any(tint.name == "zone" for tint in desk.slice_layers.tints(desk))
    desk.move(replace(desk.plan, margin_mm=9.0))
    names = [tint.name for tint in desk.slice_layers.tints(desk)]
    assert "zone" not in names and "rim" in names


def test_a_preview_is_dashed_and_only_shown_while_it_is_current(views):
    from anatomy_twin.pipeline.live import Preview
    from anatomy_twin.view.slice_words import moment_lines

    desk, _ = views
    moved = replace(desk.plan, margin_mm=7.0)
    desk.move(moved)
    level = np.ones((6, 6, 6), np.float32)
    geometry = desk.scene.volume.geometry.cropped((20, 20, 20), (6, 6, 6))
    desk.set_live(Preview(moved, level=level, geometry=geometry))
    shown = [tint for tint in desk.slice_layers.tints(desk) if tint.name == "preview"]
    assert len(shown) == 1 and shown[0].dashed and shown[0].striking
    assert moment_lines(desk)[0] == "Zone: preview"
    desk.move(replace(moved, margin_mm=8.0))
    assert not any(tint.name == "preview" for tint in desk.slice_layers.tints(desk))


def test_shapes_are_drawn_where_they_lie(views):
    desk, panes = views
    pane, focus = panes["axial"], np.asarray(desk.focus_mm)
    bare = picture_of(pane)
    ends = tuple(np.add(focus, [20, 20, 0])), tuple(np.add(focus, [60, 20, 0]))
    near = Shape("line", ends, (255, 0, 255), width_px=3.0)
    far = Shape("knob", (tuple(np.add(focus, [30, -30, 40])),), (0, 255, 255))
    desk.shape_sources.append(lambda: (near, far))
    desk.drawing_changed.emit()
    changed = np.abs(picture_of(pane) - bare).max(axis=2) > 80
    rows, columns = np.nonzero(changed)
    first, last = screen_point(pane, near.points_mm[0]), screen_point(pane, near.points_mm[1])
    assert changed.sum() > 20 and abs(rows.mean() - first.y()) < 3
    assert columns.min() > first.x() - 8 and columns.max() < last.x() + 8


def test_a_fine_screen_gets_finer_points_of_the_same_plane(views, monkeypatch):
    from anatomy_twin.view.slice_pane import SlicePane

    _, panes = views
    pane = panes["sagittal"]
    coarse = pane.content().plane
    monkeypatch.setattr(SlicePane, "devicePixelRatioF", lambda _: 2.0)
    fine = pane.content().plane
    assert fine.shape == (2 * coarse.shape[0], 2 * coarse.shape[1])
    assert fine.pixel_mm == pytest.approx(coarse.pixel_mm / 2)
    for end in ((-0.5, -0.5), (coarse.shape[0] - 0.5, coarse.shape[1] - 0.5)):
        assert np.allclose(coarse.to_world(end), fine.to_world(np.multiply(np.add(end, 0.5), 2) - 0.5))
    assert picture_of(pane).std() > 10


@pytest.mark.parametrize("kind", ["no labels", "no HU"])
def test_cases_with_less_open(show, kind):
    case = scanned_case()
    volume = replace(case.volume, modality="MR", units="") if kind == "no HU" else case.volume
    desk, panes = show(Case.new(volume=volume))
    for pane in panes.values():
        assert picture_of(pane).std() > 5
    turn_wheel(panes["axial"])
    assert [preset.name for preset in panes["axial"].presets][:1] == (["whole"] if kind == "no HU" else ["abdomen"])
    assert desk.slice_layers.tints(desk) == ()
