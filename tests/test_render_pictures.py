"""Pictures: known structures have their colours where the patient's anatomy says, in every view."""

import os
import subprocess
import sys

import numpy as np
import pytest

from anatomy_twin.core import Case, Volume, reindex
from anatomy_twin.errors import RenderError, UsageError
from anatomy_twin.rehearsal import INTENDED_USE, build_scene
from anatomy_twin.render import can_render, legend_of, picture3d, probe, render_scene, slice_picture, to_png
from anatomy_twin.render.text import annotate
from anatomy_twin.render.views import VIEWS, view_axes, view_letters
from tests.support.toy_case import TUMOUR_MM, planned_case
from tests.support.toy_patient import toy_patient

needs_graphics = pytest.mark.skipif(not can_render()[0], reason=can_render()[1])
SIZE = (400, 300)


@pytest.fixture(scope="module")
def scene():
    return build_scene(planned_case())


def solid(scene, *names):
    """Only the named surfaces, opaque, nothing else: so that colours tell where they are."""
    from dataclasses import replace

    kept = tuple(replace(s, opacity=1.0) for s in scene.surfaces if s.name in names)
    return replace(scene, surfaces=kept, needles=(), markers=())


def place_of(picture, colour):
    """Centre [row, column] as a part of the picture of the pixels whose hue is that of ``colour``."""
    pixels = picture.astype(float) + 1.0
    likeness = (pixels @ (np.asarray(colour, float) + 1)) / (
        np.linalg.norm(pixels, axis=-1) * np.linalg.norm(np.asarray(colour, float) + 1))
    found = (likeness > 0.995) & (np.ptp(pixels, axis=-1) > 25)
    assert found.sum() > 60, "the colour is not in the picture"
    return np.argwhere(found).mean(axis=0) / np.asarray(found.shape)


# view, then the half of the picture (-1 left, +1 right) that holds the right kidney and the spleen
@needs_graphics
@pytest.mark.parametrize(("view", "right_kidney", "spleen"), [
    ("anterior", -1, +1), ("posterior", +1, -1), ("head", +1, -1), ("foot", -1, +1),
])
def test_right_and_left_organs_are_where_the_view_says(scene, view, right_kidney, spleen):
    shown = solid(scene, "kidney_right", "spleen")
    picture = render_scene(shown, size=SIZE, view=view, legend=False)
    colours = {layer.name: layer.colour for layer in shown.surfaces}
    kidney_column = place_of(picture, colours["kidney_right"])[1]
    spleen_column = place_of(picture, colours["spleen"])[1]
    assert np.sign(kidney_column - 0.5) == right_kidney and np.sign(spleen_column - 0.5) == spleen
    assert view_letters(view)["left"] == ("R" if right_kidney < 0 else "L")


@needs_graphics
def test_the_head_is_up_from_the_front(scene):
    shown = solid(scene, "spleen", "kidney_left")
    colours = {layer.name: layer.colour for layer in shown.surfaces}
    picture = render_scene(shown, size=SIZE, view="anterior", legend=False)
    assert place_of(picture, colours["spleen"])[0] < place_of(picture, colours["kidney_left"])[0]


@needs_graphics
def test_a_close_up_puts_the_point_in_the_middle_at_the_right_scale(scene):
    target = next(layer for layer in scene.surfaces if layer.name == "tumour_1")
    picture = render_scene(solid(scene, "tumour_1"), size=(300, 300), view="anterior", legend=False,
                           focus_mm=tuple(TUMOUR_MM), width_mm=60.0)
    np.testing.assert_allclose(place_of(picture, target.colour), 0.5, atol=0.03)
    yellow = (picture[150].max(-1).astype(int) - picture[150].min(-1)) > 60
    assert np.count_nonzero(yellow) * 60.0 / 300 == pytest.approx(24.0, abs=2.0), "the tumour is 24 mm wide"


@needs_graphics
def test_a_picture_is_a_file_and_does_not_change_from_run_to_run(scene, tmp_path):
    first = render_scene(scene, tmp_path / "scene.png", size=SIZE)
    second = render_scene(scene, size=SIZE)
    assert first.shape == (300, 400, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    assert (tmp_path / "scene.png").read_bytes().startswith(b"\x89PNG")


def test_intended_use_and_letters_are_drawn_on_every_picture():
    blank = np.full((300, 400, 3), 255, np.uint8)
    letters = {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    picture = annotate(blank, notice=INTENDED_USE, letters=letters)
    ink = picture.min(axis=-1) < 128
    assert ink[285:].any(axis=0).sum() > 150, "a line of text at the bottom"
    assert ink[130:170, :40].any() and ink[130:170, 360:].any() and ink[:40, 180:220].any()
    assert not annotate(blank, notice="")[100:200].min() < 255


def test_views_are_orthonormal_and_upright():
    for view in VIEWS:
        toward, up, right = view_axes(view)
        axes = np.stack([right, up, toward])
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(np.cross(right, up), toward, atol=1e-12)
    assert view_letters("anterior") == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    assert view_letters("right")["left"] == "P" and view_letters("left")["left"] == "A"


def test_the_legend_names_the_target_first_and_what_needs_review(scene):
    labels = [label for label, _ in legend_of(scene)]
    assert labels[0] == "Tumour 1 (target)" and labels[2] == "Coagulated zone (simulated)"
    assert "Liver" in labels and "Body" not in labels


def test_wrong_names_are_refused(scene):
    with pytest.raises(UsageError, match="sideways"):
        render_scene(scene, view="sideways")
    with pytest.raises(UsageError, match="pink"):
        render_scene(scene, background="pink")
    with pytest.raises(UsageError, match="pressure"):
        slice_picture(scene, "axial", field="pressure")
    with pytest.raises(UsageError, match="oblique"):
        slice_picture(scene, "oblique")


def test_where_nothing_can_be_drawn_the_error_says_what_to_install(scene, monkeypatch):
    monkeypatch.setattr(picture3d, "can_render", lambda: (False, "nothing can be drawn: apt-get install x"))
    with pytest.raises(RenderError, match="apt-get install"):
        render_scene(scene)


@pytest.mark.parametrize(("code", "word"), [
    ("import os; os.abort()", "apt-get install"), ("raise SystemExit(3)", "driver"),
    ("import no_such_module", "PyVista"),
])
def test_the_probe_survives_a_child_that_dies(monkeypatch, tmp_path, code, word):
    monkeypatch.setattr(probe, "_PROBE", code)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    works, message = can_render.__wrapped__()
    assert not works and word in message and "\n" not in message
    assert not list(tmp_path.rglob("can-render*")), "only a good answer is remembered"


def test_a_good_answer_is_remembered(monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "_PROBE", "raise SystemExit(0)")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert can_render.__wrapped__()[0]
    monkeypatch.setattr(probe, "_PROBE", "raise SystemExit(3)")
    assert can_render.__wrapped__()[0]
    monkeypatch.setenv("DISPLAY", ":99")
    assert not can_render.__wrapped__()[0], "another display is another question"


def test_importing_render_loads_neither_pyvista_nor_matplotlib():
    code = "import sys, anatomy_twin.render; print([m for m in ('pyvista', 'vtk', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.strip() == "[]"


GRIDS = [((0, 1, 2), (False, False, False)), ((0, 1, 2), (True, True, True)), ((2, 0, 1), (True, False, True))]


@pytest.mark.parametrize("grid", GRIDS, ids=["upright", "flipped", "sagittal stack"])
def test_slice_pictures_show_the_liver_on_the_left(grid):
    volume, labels = toy_patient()
    turned = Volume(reindex(volume.array, *grid), volume.geometry.reindexed(*grid), synthetic=True)
    case = Case.new(volume=turned, labels=labels.reindexed(*grid))
    picture_scene = build_scene(case)
    colours = {layer.name: layer.colour for layer in picture_scene.overlays}
    for plane in ("axial", "coronal"):
        point = (0.0, 35.0, 25.0)
        picture = slice_picture(picture_scene, plane, size=(300, 300), point_mm=point, fill=1.0, only=("spleen",))
        assert place_of(picture, colours["spleen"])[1] > 0.6
        liver = slice_picture(picture_scene, plane, size=(300, 300), point_mm=point, fill=1.0, only=("liver",))
        assert place_of(liver, colours["liver"])[1] < 0.45


def test_slice_pictures_have_the_same_pixels_for_every_order_of_the_array():
    volume, labels = toy_patient()
    pictures = []
    for grid in GRIDS:
        turned = Volume(reindex(volume.array, *grid), volume.geometry.reindexed(*grid))
        case = Case.new(volume=turned, labels=labels.reindexed(*grid))
        pictures.append(slice_picture(build_scene(case), "coronal", size=(240, 240)).astype(int))
    for other in pictures[1:]:
        assert np.abs(other - pictures[0]).max() <= 3


def test_temperature_is_laid_over_where_it_is_hot(scene):
    plain = slice_picture(scene, "axial", size=(300, 300), width_mm=100, overlays=False).astype(int)
    cold = slice_picture(scene, "axial", size=(300, 300), width_mm=100, overlays=False, field="temperature", snapshot=0)
    hot = slice_picture(scene, "axial", size=(300, 300), width_mm=100, overlays=False, field="temperature").astype(int)
    middle = (slice(140, 160), slice(90, 130))  # between the tip and the antenna's hottest point
    assert np.abs(cold.astype(int)[middle] - plain[middle]).mean() < 3, "37 degC is not painted"
    change = (hot - plain)[middle].mean(axis=(0, 1))
    assert change[0] > change[2] + 20, "hot tissue turns red and yellow"
    assert np.abs(hot[60:75, 25:60] - plain[60:75, 25:60]).mean() < 4, "far tissue stays as it was"


def test_png_bytes_hold_the_picture(scene):
    import io

    from PIL import Image

    picture = slice_picture(scene, "sagittal", size=(200, 160))
    assert picture.shape == (160, 200, 3)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(to_png(picture)))), picture)


@needs_graphics
def test_a_case_without_surfaces_says_what_makes_them(scene):
    from dataclasses import replace

    volume, labels = toy_patient()
    bare = build_scene(Case.new(volume=volume, labels=labels))
    empty = render_scene(bare, size=SIZE, background="dark", legend=False)
    hidden = replace(scene, surfaces=tuple(replace(s, visible=False) for s in scene.surfaces), needles=(), markers=())
    nothing = render_scene(hidden, size=SIZE, background="dark", legend=False)
    middle = np.s_[SIZE[1] * 3 // 8:SIZE[1] * 5 // 8, SIZE[0] // 8:SIZE[0] * 7 // 8]
    assert (empty[middle].min(axis=-1) > 150).sum() > 300  # a line of white letters
    assert (nothing[middle].min(axis=-1) > 150).sum() == 0  # surfaces that are hidden are there all the same
