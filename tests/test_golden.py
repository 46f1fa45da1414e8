"""Pictures of the toy patient look as the ones that are kept, within what other drivers change; wrong ones do not.

A picture that differs is left with its difference in a folder that the failure names. What is meant to look otherwise
is drawn anew by `scripts/make_pictures.py --golden`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.render import can_render
from tests.support import golden_pictures as golden
from tests.support.likeness import kept, likeness, require_alike

needs_graphics = pytest.mark.skipif(not can_render()[0], reason=can_render()[1])
NAMES = {*golden.STILLS, *golden.WINDOWS}


def file_of(name):
    return golden.FOLDER / f"{name}.png"


@needs_graphics
@pytest.mark.parametrize("name", golden.STILLS)
def test_a_picture_looks_as_it_is_kept(name):
    require_alike(golden.STILLS[name](golden.golden_scene()), file_of(name))


@pytest.mark.gui
@pytest.mark.parametrize("name", golden.WINDOWS)
def test_the_window_looks_as_it_is_kept(name, qapp):
    require_alike(golden.window_picture(golden.WINDOWS[name]), file_of(name))


def test_what_is_kept_is_small_and_is_looked_at():
    files = list(golden.FOLDER.glob("*.png"))
    assert {file.stem for file in files} == NAMES
    assert max(file.stat().st_size for file in files) < 60_000 and sum(file.stat().st_size for file in files) < 400_000


# wrong pictures: each is found by the picture that shows best what is wrong


def without(scene, name):
    return replace(
        scene,
        surfaces=tuple(one for one in scene.surfaces if one.name != name),
        overlays=tuple(one for one in scene.overlays if one.name != name),
    )


def zone_beside_its_place(scene):
    def moved(layer):
        points = layer.surface.points_mm + np.array([0.0, 0.0, 3.0])
        return replace(layer, surface=replace(layer.surface, points_mm=points))

    return replace(scene, surfaces=tuple(moved(one) if one.name == "zone" else one for one in scene.surfaces))


def needle_beside_its_place(scene):
    return replace(scene, needles=tuple(
        replace(one, tip_mm=tuple(np.add(one.tip_mm, (0.0, 2.0, -2.2)))) for one in scene.needles
    ))  # fmt: skip


def redder_liver(scene):
    def redder(layer):
        red, green, blue = layer.colour
        return replace(layer, colour=(min(red + 25, 255), max(green - 25, 0), max(blue - 25, 0)))

    return replace(scene, surfaces=tuple(redder(one) if one.name == "liver" else one for one in scene.surfaces))


def hotter(scene):
    return replace(scene, fields=tuple(
        replace(one, values=one.values * 1.05) if one.name == "temperature" else one for one in scene.fields
    ))  # fmt: skip


WRONG = {
    "the zone is missing": ("slice_fills", lambda scene: without(scene, "zone")),
    "a second tumour is missing": ("scene_light", lambda scene: without(scene, "tumour_2")),
    "a vein is missing": ("slice_fills", lambda scene: without(scene, "hepatic_veins")),
    "the applicator is missing": ("scene_dark_cut", lambda scene: replace(scene, needles=())),
    "the marker is missing": ("slice_field", lambda scene: replace(scene, markers=())),
    "the intended use is missing": ("volume", lambda scene: replace(scene, notice=" ")),
    "the zone lies 3 mm beside its place": ("scene_light", zone_beside_its_place),
    "the tip lies 3 mm beside its place": ("slice_field", needle_beside_its_place),
    "the liver has another colour": ("scene_light", redder_liver),
    "the window is another one": ("slice_fills", lambda scene: replace(
        scene, window=(1.3 * scene.window[0], scene.window[1]))),
    "the heat is 5 % more": ("field_surface", hotter),
}  # fmt: skip


@needs_graphics
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_picture_is_found(what):
    name, change = WRONG[what]
    found = likeness(kept(file_of(name)), golden.STILLS[name](change(golden.golden_scene())))
    assert not found.alike, f"{what}: {found.words}"


@needs_graphics
def test_missing_letters_are_found(monkeypatch):
    monkeypatch.setattr("anatomy_twin.render.picture3d.view_letters", lambda view: {})
    found = likeness(kept(file_of("scene_light")), golden.scene_light(golden.golden_scene()))
    assert not found.alike, found.words


def test_a_failure_says_where_the_pictures_are(tmp_path, monkeypatch):
    monkeypatch.setenv("ANATOMY_TWIN_TEST_PICTURES", str(tmp_path))
    before = kept(file_of("slice_fills"))
    require_alike(before, file_of("slice_fills"))
    with pytest.raises(AssertionError, match=r"slice_fills differs by .*see .*--golden"):
        require_alike(before[::-1], file_of("slice_fills"))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "slice_fills_difference.png",
        "slice_fills_drawn.png",
        "slice_fills_kept.png",
    ]
