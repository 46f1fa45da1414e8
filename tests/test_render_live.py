"""The 3-D view without a window: what a frame holds, what a ray meets, and which pixels show what."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import PlaneCut, ResectionPlan, SurfaceMesh, Volume, VolumeGeometry
from anatomy_twin.errors import Cancelled, RenderError, UsageError
from anatomy_twin.rehearsal import FieldSeries, Needle, Shape, SurfaceLayer, build_scene
from anatomy_twin.rehearsal.picking import Camera

pyvista = pytest.importorskip("pyvista")
FRONT = Camera((0.0, -500.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 50.0)
SIZE = (200, 200)  # pixels: half a mm each in FRONT


def ball(radius: float, centre=(0.0, 0.0, 0.0), fineness: int = 40) -> SurfaceMesh:
    mesh = pyvista.Sphere(radius=radius, center=centre, theta_resolution=fineness, phi_resolution=fineness)
    return SurfaceMesh(np.asarray(mesh.points, float), np.asarray(mesh.regular_faces, np.int64))


def layer(name: str, surface: SurfaceMesh, colour=(255, 0, 0), opacity=1.0, group="organ", **options) -> SurfaceLayer:
    return SurfaceLayer(name, name.capitalize(), surface, colour, opacity, group=group, **options)


def small_volume() -> Volume:
    array = np.full((20, 20, 20), -1000, np.int16)
    array[2:18, 2:18, 2:18] = 0
    array[2:18, 2:18, 12:18] = 90  # brighter on the patient's left
    return Volume(array, VolumeGeometry.upright(array.shape, (4.0, 4.0, 4.0), (-38.0, -38.0, -38.0)), modality="CT")


@pytest.fixture
def stage(toy_case):
    from dataclasses import replace

    from anatomy_twin.render.live_stage import LiveStage

    plotter = pyvista.Plotter(off_screen=True, window_size=list(SIZE), lighting="none")
    made = LiveStage(plotter, replace(build_scene(toy_case, masks=False), volume=small_volume()))
    made.hide_letters()
    made.camera = FRONT
    yield made
    made.close()
    plotter.close()


def shot(stage, kind="resting") -> np.ndarray:
    stage.frame(kind)
    return stage.picture().astype(int)


# ---- what a ray meets


def test_a_pick_is_exact_and_knows_of_cuts():
    from anatomy_twin.render.live_pick import Finder

    finder, surface = Finder(), ball(20.0, fineness=200)
    layers = [layer("shell", ball(30.0), opacity=0.1), layer("core", surface)]
    for x, z in ((0.0, 0.0), (7.0, -11.0), (-15.0, 4.0)):
        start, toward = FRONT.ray(100 + 2 * x, 100 - 2 * z, SIZE)
        name, point, depth = finder.first(layers, start, toward)
        assert name == "core"
        assert np.allclose(point, (x, -np.sqrt(400 - x * x - z * z), z), atol=0.02)
        assert depth == pytest.approx(500 + point[1], abs=1e-6)
    assert finder.first(layers, *FRONT.ray(1.0, 1.0, SIZE)) is None
    cut = (((0.0, 5.0, 0.0), (0.0, 1.0, 0.0)),)  # what lies before it is gone: the far wall is met
    _, point, _ = finder.first(layers, *FRONT.ray(100.0, 100.0, SIZE), cut)
    assert point == pytest.approx((0.0, 20.0, 0.0), abs=0.02)
    assert finder.nearest_mm(surface, (0.0, -50.0, 0.0)) == pytest.approx(30.0, abs=0.02)


# ---- what is drawn


def test_surfaces_are_kept_while_unchanged(stage):
    liver, tumour = layer("liver", ball(30.0), opacity=0.4), layer("tumour", ball(8.0), (255, 255, 0))
    stage.show([liver, tumour], {})
    actors = [stage.surfaces.actor(name) for name in ("liver", "tumour")]
    stage.show([layer("liver", liver.surface, (0, 255, 0), 0.9), tumour, layer("spleen", ball(5.0))], {})
    assert [stage.surfaces.actor(name) for name in ("liver", "tumour")] == actors
    assert actors[0].GetProperty().GetOpacity() == pytest.approx(0.9)
    assert actors[0].GetProperty().GetColor() == (0.0, 1.0, 0.0)
    assert stage.surfaces.actor("spleen") is not None
    stage.show([tumour], {})
    assert stage.surfaces.names == ("tumour",)
    assert not stage.renderer.HasViewProp(actors[0])


def test_a_tumour_is_read_through_its_organ_in_every_kind_of_frame(stage):
    stage.show([layer("liver", ball(40.0), (200, 110, 90), 0.38), layer("tumour", ball(8.0), (250, 220, 30))], {})
    for kind in ("moving", "resting", "best"):
        picture = shot(stage, kind)
        red, green, blue = picture[100, 100]
        assert red > 120 and green > 0.6 * red and blue < 0.7 * green, f"{kind}: the tumour is not seen"
        assert np.abs(picture[100, 140] - picture[100, 30]).max() < 60 and picture[100, 25].sum() > 0
        rim, clear = picture[100, 22:26].sum(axis=1).max(), picture[100, 140].sum()
        assert rim > clear, f"{kind}: the organ's rim is not denser than its middle"


def test_sorted_triangles_put_near_over_far(stage):
    near = layer("near", ball(15.0, (0, -30, 0)), (255, 0, 0), 0.8)
    far = layer("far", ball(20.0, (0, 30, 0)), (0, 0, 255), 0.9)
    stage.show([near, far], {})
    front = shot(stage, "best")[100, 100]
    stage.camera = FRONT.turned(180.0, 0.0)
    behind = shot(stage, "best")[100, 100]
    assert front[0] > 2 * front[2] and behind[2] > 2 * behind[0]


def test_a_resection_colours_what_it_takes(stage):
    stage.show([layer("liver", ball(40.0), (60, 90, 200))], {})
    plan = ResectionPlan("R", "liver", (), (PlaneCut((5.0, 0.0, 0.0), (1.0, 0.0, 0.0)),))
    stage.paint(plan, None, 0)
    picture = shot(stage)
    taken, kept = picture[100, 130], picture[100, 80]  # 15 mm to the left of the middle, and 10 mm to the right
    assert taken[0] > 1.5 * taken[2] and kept[2] > 1.5 * kept[0]
    moved = ResectionPlan("R", "liver", (), (PlaneCut((-20.0, 0.0, 0.0), (1.0, 0.0, 0.0)),))
    stage.paint(moved, None, 0)
    assert shot(stage)[100, 80][0] > 1.5 * shot(stage)[100, 80][2], "the colour did not follow the plane"
    stage.paint(None, None, 0)
    assert shot(stage)[100, 130][2] > 1.5 * shot(stage)[100, 130][0]


def test_both_ways_of_combining_planes():
    from anatomy_twin.render.field_surface import beyond

    cuts = (PlaneCut((0, 0, 0), (1, 0, 0)), PlaneCut((0, 0, 0), (0, 1, 0)))
    points = np.array([[5.0, -3.0, 0], [5.0, 3.0, 0], [-5.0, -3.0, 0]])
    any_of, all_of = (ResectionPlan("R", "liver", (), cuts, combination=way) for way in ("any", "all"))
    assert (beyond(any_of, points) > 0).tolist() == [True, True, False]
    assert (beyond(all_of, points) > 0).tolist() == [False, True, False]


def test_a_field_colours_surfaces_where_it_is(stage):
    geometry = VolumeGeometry.upright((21, 21, 21), (2.0, 2.0, 2.0), (-20.0, -20.0, -20.0))
    _, _, x = np.meshgrid(*(np.arange(-20.0, 21.0, 2.0),) * 3, indexing="ij")
    values = np.where(x > 0, 37.0 + 3.0 * x, 37.0)[None].astype(np.float32)
    series = FieldSeries("temperature", "Temperature", "degC", values, np.array([0.0]), geometry, (37.0, 97.0))
    stage.show([layer("vein", ball(15.0), (0, 90, 200), group="vessel")], {})
    stage.paint(None, series, 0)
    picture = shot(stage)
    hot, cold = picture[100, 124], picture[100, 80]
    assert hot[0] > 1.5 * hot[2] and cold[2] > 2 * cold[0]
    assert stage.bar.lines == ("Temperature", "37.0 \N{DEGREE SIGN}C", "97.0 \N{DEGREE SIGN}C")
    scale = picture[-60:-32, 16:26].max(axis=-1)
    assert scale.min() > 80, "the colours of the scale are there, its foot above the letters of the side"
    stage.paint(None, None, 0)
    shot(stage)
    assert stage.bar.lines == ()


def test_a_cut_opens_and_shows_the_scan(stage):
    from anatomy_twin.render.live_stage import box_planes, clip_normal

    stage.show([layer("shell", ball(30.0), (200, 60, 60))], {})
    normal = clip_normal("coronal", FRONT)
    assert normal == (0.0, 1.0, 0.0), "what is before the plane goes"
    stage.cut((((0.0, 0.0, 0.0), normal),))
    stage.stand_slices(None, (400.0, 50.0))
    picture = shot(stage)
    right, left = picture[100, 75], picture[100, 140]  # of the viewer: 0 HU, and 90 HU on the patient's left
    assert np.ptp(right) < 4 and np.ptp(left) < 4 and left[0] > right[0] + 30
    stage.capped = False
    stage.stand_slices(None, (400.0, 50.0))
    assert np.ptp(shot(stage)[100, 110]) > 30, "without its slice the cut is open: the far wall is seen"
    stage.cut(box_planes((-5.0, -50.0, -50.0), (5.0, 50.0, 50.0)))
    picture = shot(stage)
    assert picture[100, 100][0] > 2 * picture[100, 100][2] and picture[100, 140][0] < 60


def test_knobs_keep_their_size_and_lie_on_top(stage):
    stage.show([layer("organ", ball(30.0), (40, 40, 200))], {})
    stage.shapes.show([Shape("knob", ((0.0, 0.0, 0.0),), (0, 255, 0), radius_px=7.0)])
    sizes = []
    for zoom in (1.0, 2.5):
        stage.camera = FRONT.zoomed(zoom)
        sizes.append(_green(shot(stage)))
    assert sizes[0] == pytest.approx(np.pi * 49, rel=0.3) and sizes[1] == pytest.approx(sizes[0], rel=0.05)
    stage.shapes.show([])
    assert _green(shot(stage)) == 0


def _green(picture) -> int:
    return int(((picture[..., 1] > 150) & (picture[..., 0] < 110)).sum())


def test_every_kind_of_shape_is_drawn(stage):
    stage.show([], {})
    blank = shot(stage)
    ends = ((-20.0, 0.0, -10.0), (20.0, 0.0, 15.0), (5.0, 0.0, 20.0))
    for kind in ("line", "outline", "circle", "knob", "text", "plane"):
        shape = Shape(kind, ends, (255, 200, 0), text="12.3 mm", radius_mm=12.0, dashed=kind == "line")
        stage.shapes.show([shape])
        changed = np.abs(shot(stage) - blank).max(axis=-1) > 30
        assert changed.sum() > 30, kind
    stage.shapes.show([])
    assert np.abs(shot(stage) - blank).max() < 8


def test_needles_move_without_being_made_anew(stage):
    first = Needle("1", (-40.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0, 20.0)
    stage.needles.show([first])
    count_before = stage.renderer.GetViewProps().GetNumberOfItems()
    assert (shot(stage)[100, 80:99].max(axis=-1) > 100).all()
    stage.needles.show([Needle("1", (0.0, 0.0, 40.0), (0.0, 0.0, 0.0), 1.0, 20.0)])
    picture = shot(stage)
    assert picture[100, 60].max() < 100 < picture[70, 100].max()
    assert stage.renderer.GetViewProps().GetNumberOfItems() == count_before
    stage.needles.show([])
    assert shot(stage)[70, 100].max() < 100


def test_a_preview_is_an_edge_with_hatching_and_a_word(stage):
    """It is seen through what lies before it, and what lies in it is seen too."""
    stage.show([layer("organ", ball(40.0), (60, 60, 120), 0.5), layer("tumour", ball(8.0), (255, 255, 0))], {})
    stage.camera = FRONT.zoomed(0.8)
    bare = shot(stage)
    stage.preview.show(ball(25.0), (255, 100, 30), "Zone: preview")
    changed = np.abs(shot(stage) - bare).max(axis=-1) > 60
    row = changed[100]
    assert row[60:64].any() and row[136:140].any(), "its edge"
    inside = changed[75:126, 75:126]
    assert 0.05 < inside.mean() < 0.6, "hatching, not a solid zone"
    assert stage.captions.shown["preview"].text == "Zone: preview"
    assert stage.captions.boxes["preview"].top > 138, "the word stands below it, not on it"
    stage.preview.show(None, (0, 0, 0), "")
    shot(stage)
    assert not stage.preview.shown and not stage.captions.shown


def test_words_stand_over_no_knob_and_over_no_other_words(stage):
    knobs = [Shape("knob", ((float(x), 0.0, float(z)),), (0, 255, 0), f"knob {x} {z}") for x in (-12, 0, 12)
             for z in (-12, 0, 12)]  # fmt: skip
    words = [replace_text(knob, f"P {number}") for number, knob in enumerate(knobs[::2])]
    stage.camera = FRONT.zoomed(0.8)
    stage.shapes.show([*knobs, *words])
    shot(stage)
    boxes = list(stage.captions.boxes.values())
    assert len(boxes) == 5
    places = [stage.camera.pixel_of(knob.points_mm[0], SIZE) for knob in knobs]
    assert not any(b.left < x < b.right and b.top < y < b.bottom for b in boxes for x, y in places)
    assert not any(one.shared(other) for n, one in enumerate(boxes) for other in boxes[:n])
    kept = dict(stage.captions.boxes)
    stage.camera = stage.camera.panned(0.5, 0.0)
    shot(stage)
    shifts = {round(stage.captions.boxes[name].left - box.left) for name, box in kept.items()}
    assert shifts <= {-1, 0}, "they go with their places and do not jump about"


def replace_text(knob: Shape, text: str) -> Shape:
    return Shape("text", knob.points_mm, name=f"{knob.name} (caption)", text=text)


def test_lines_and_words_are_drawn_anew_without_the_surfaces(stage):
    stage.show([layer("organ", ball(30.0), (200, 60, 60))], {})
    assert not stage.touch(), "nothing was drawn yet"
    before = shot(stage)
    stage.frame("resting")
    stage.shapes.show([Shape("knob", ((0.0, 0.0, 0.0),), (0, 255, 0))])
    assert stage.touch()
    quick = stage.picture().astype(int)
    assert _green(quick) > 60 and np.array_equal(quick, shot(stage))
    stage.shapes.show([])
    assert stage.touch() and np.array_equal(stage.picture().astype(int), before)
    stage.surfaces.actor("organ").SetVisibility(False)
    stage.forget()
    assert not stage.touch(), "what lies below has changed"
    stage.frame("moving")
    assert not stage.touch(), "a quick frame is not kept"


def test_what_is_pointed_at_gets_an_edge(stage):
    far = layer("far", ball(12.0, (0.0, 40.0, 0.0)), (60, 60, 200))
    stage.show([layer("near", ball(30.0), (200, 60, 60)), far], {})
    bare = shot(stage)
    stage.point_out("far")
    assert stage.touch()
    changed = np.abs(stage.picture().astype(int) - bare).max(axis=-1) > 40
    rows, columns = np.nonzero(changed)
    assert rows.min() == pytest.approx(76, abs=3) and columns.max() == pytest.approx(124, abs=3), "seen through all"
    stage.point_out("")
    assert stage.touch() and np.array_equal(stage.picture().astype(int), bare)


def test_what_lies_over_cuts_nothing_off(stage):
    stage.show([layer("organ", ball(30.0), (200, 60, 60))], {})
    stage.shapes.show([Shape("knob", ((0.0, 0.0, 49.0),), (0, 255, 0))])
    picture = shot(stage)
    stage.shapes.show([])
    assert np.abs(picture - shot(stage))[60:140, 60:140].max() == 0, "the near half of the organ is gone"


def test_a_view_turns_about_the_middle_of_the_organs(stage, toy_case):
    from anatomy_twin.render.stage import place_camera

    scene = build_scene(toy_case, masks=False)
    inner = np.concatenate([one.surface.points_mm for one in scene.surfaces if one.group != "body" and one.visible])
    place_camera(stage.plotter, scene, "anterior", SIZE)
    focal = np.asarray(stage.camera.focal_mm)
    assert (focal > inner.min(axis=0) + 20).all() and (focal < inner.max(axis=0) - 20).all()


def test_letters_follow_the_camera(stage):
    assert stage.edge_letters() == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    stage.camera = FRONT.turned(180.0, 0.0)
    assert stage.edge_letters()["left"] == "L"


# ---- files


def test_a_round_trip_as_webp_and_png(toy_case, tmp_path):
    from PIL import Image

    from anatomy_twin.render.animation import turntable

    scene = build_scene(toy_case, masks=False)
    for name in ("round.webp", "round.png"):
        file = turntable(scene, tmp_path / name, (160, 120), frames=4, per_second=8)
        with Image.open(file) as film:
            assert film.n_frames == 4 and film.size == (160, 120)
            shots = []
            for number in range(4):
                film.seek(number)
                shots.append(np.asarray(film.convert("RGB")).astype(int))
        assert np.abs(shots[0] - shots[1]).mean() > 1 and np.abs(shots[1] - shots[3]).mean() > 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["round.png", "round.webp"]


def test_the_zone_grows_over_time(toy_case, tmp_path, monkeypatch):
    from PIL import Image

    from anatomy_twin.render.animation import Sight, over_time, snapshot_picture

    scene = build_scene(toy_case, masks=False)
    colour = next(one.colour for one in scene.surfaces if one.name == "zone")
    file = over_time(scene, tmp_path / "zone.png", (160, 120), Sight(legend=False), hold_s=0.0)
    with Image.open(file) as film:
        assert film.n_frames == scene.fields[0].times_s.size
    first, last = (snapshot_picture(scene, None, (320, 240), Sight(legend=False, snapshot=n)) for n in (0, -1))
    near = [(np.abs(one.astype(int) - colour).sum(axis=-1) < 150).sum() for one in (first, last)]
    assert near[1] > near[0] + 20
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match="ffmpeg, which is not installed"):
        over_time(scene, tmp_path / "zone.mp4", (160, 120))
    with pytest.raises(UsageError, match="cannot be written as"):
        over_time(scene, tmp_path / "zone.avi", (160, 120))

    class Stopped:
        cancelled = True
        stage = progress = warn = staticmethod(lambda *_: None)

    with pytest.raises(Cancelled):
        over_time(scene, tmp_path / "other.webp", (160, 120), monitor=Stopped())
    assert [one.name for one in tmp_path.iterdir()] == ["zone.png"]


def test_a_volume_keeps_its_place_when_thinned():
    from anatomy_twin.render.volume import grid_of, look_of, volume_looks

    array = np.zeros((12, 16, 16), np.int16)
    array[8:10, 4:6, 10:12] = 1000
    direction = np.array([[1.0, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    geometry = VolumeGeometry((12, 16, 16), (2.0, 1.0, 1.0), direction, (5.0, -7.0, 30.0))
    centre = geometry.to_world((8.5, 4.5, 10.5))
    for most in (10**6, 700):
        grid = grid_of(Volume(array, geometry, modality="CT"), most)
        assert grid.n_points <= most
        values = np.asarray(grid.point_data["value"]).astype(float)
        places = np.array([grid.GetPoint(n) for n in np.flatnonzero(values > 100)])
        assert np.allclose(np.average(places, axis=0, weights=values[values > 100]), centre, atol=0.6)
    assert set(volume_looks()) == {"bone", "vessels", "soft-tissue", "lung", "mip"}
    with pytest.raises(UsageError):
        look_of("glass")


def test_a_look_of_the_scan_is_drawn_and_taken_away(stage):
    stage.show([], {})
    blank = shot(stage)
    for name in ("soft-tissue", "mip"):
        stage.show_volume(name)
        picture = shot(stage)
        assert np.abs(picture - blank)[60:140, 60:140].mean() > 1, name
    stage.show_volume("")
    assert np.abs(shot(stage) - blank).max() < 8
