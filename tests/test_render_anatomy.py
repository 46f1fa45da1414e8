"""Sheets about surfaces, trees, territories and tetrahedra: right colours in right places, doubts and faults said."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import pyvista

import anatomy_twin as at
from anatomy_twin import catalog
from anatomy_twin.core import Anatomy, Case, Certificate, Code, LabelMap, Segment, SurfaceMesh, TetMesh, VesselTree
from anatomy_twin.errors import DataError, RenderError, UsageError
from anatomy_twin.rehearsal import SurfaceLayer, structure_colour
from anatomy_twin.render import can_render
from anatomy_twin.render.anatomy_sheet import BAD, HEAD_PX, Sheet, draw_pane, surfaces_picture
from anatomy_twin.render.overview import DOUBT
from anatomy_twin.render.territory_picture import ROOM, short_name, territories_picture
from anatomy_twin.render.tet_picture import angle_colours, outer_faces, tetrahedra_picture
from anatomy_twin.render.tree_picture import colour_of_tree, trees_picture
from anatomy_twin.render.tree_tubes import GAP, ramp, runs, shades
from tests.support.toy_patient import toy_patient

# those of Okabe and Ito (Color Universal Design, 2008), grey for black, dealt out so that segments that touch stay
# furthest apart for eyes that lack the red or the green cone too
COLOURS = [tuple(catalog.term(f"liver_segment_{number}")["colour"]) for number in range(1, 9)]

needs_graphics = pytest.mark.skipif(not can_render()[0], reason=can_render()[1])


@pytest.fixture(scope="module")
def case() -> Case:
    """The toy patient with surfaces."""
    volume, labels = toy_patient()
    return Case.new(volume=volume, labels=labels, anatomy=at.build_anatomy(volume, labels))


def liver_box(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest LPS mm of the liver."""
    places = case.label_map.geometry.to_world(np.argwhere(case.label_map.mask("liver")))
    return places.min(axis=0), places.max(axis=0)


def tree(name: str, start, stop, *, bridged: bool = False, forks: int = 0) -> VesselTree:
    """A straight vessel of 40 pieces from start to stop (LPS mm), with twigs at right angles."""
    start, stop = np.asarray(start, float), np.asarray(stop, float)
    nodes = [start + (stop - start) * n / 40 for n in range(41)]
    parents = list(range(-1, 40))
    for fork in range(forks):
        nodes.append(nodes[8 * (fork + 1)] + np.array([0.0, 0.0, 14.0]))
        parents.append(8 * (fork + 1))
    gap = np.zeros(len(nodes), bool)
    gap[18:24] = bridged
    radius = np.array([3.0] * 41 + [2.0] * forks)
    return VesselTree(name, np.array(nodes), np.array(parents), radius, gap, "check" if bridged else "ok", (), (),
                      {1: "trunk"})  # fmt: skip


def with_trees(case: Case, **options) -> Case:
    """A portal tree in the right half of the liver and a hepatic one in the left half."""
    low, high = liver_box(case)
    middle = (low + high) / 2
    portal = tree("portal", [low[0] + 5, middle[1], low[2] + 10], [low[0] + 5, middle[1], high[2]], forks=3, **options)
    hepatic = tree("hepatic", [high[0] - 5, middle[1], low[2] + 10], [high[0] - 5, middle[1], high[2]])
    return replace(case, anatomy=replace(case.anatomy, trees={"portal": portal, "hepatic": hepatic}))


def with_territories(case: Case, halves: bool = True) -> Case:
    """Segments VI and III: the right and the left half of the liver; segment I was not found."""
    geometry = case.label_map.geometry
    liver = case.label_map.mask("liver")
    left = geometry.to_world(np.stack(np.indices(geometry.shape), -1))[..., 0] > np.mean(liver_box(case), axis=0)[0]
    array = np.where(liver, np.where(left, 3, 6), 0).astype(np.uint8)[None]
    code = Code("SCT", "1", "part")
    doubt = ("estimated",)
    segments = [Segment(f"liver_segment_{n}", 0, n, code, COLOURS[n - 1], "check", rules=doubt) for n in (3, 6)]
    segments.append(Segment("liver_segment_1", 0, 0, code, (9, 9, 9), "not found"))
    return replace(case, anatomy=replace(case.anatomy, territories=LabelMap(array, geometry, tuple(segments))))


def alike(picture: np.ndarray, colour, least: float = 0.97) -> np.ndarray:
    """Which pixels have the tint of a colour, however much grey is mixed in."""
    pixels, wanted = picture.astype(float), np.asarray(colour, float)
    pixels, wanted = pixels - pixels.mean(axis=-1, keepdims=True), wanted - wanted.mean()
    size = np.linalg.norm(pixels, axis=-1)
    return (pixels @ wanted > least * np.maximum(size, 1e-9) * np.linalg.norm(wanted)) & (size > 20)


@needs_graphics
def test_trees_are_where_the_patient_has_them_in_their_colours(case, tmp_path) -> None:
    picture = trees_picture(with_trees(case), tmp_path / "trees.png")
    front = picture[HEAD_PX + 40 : HEAD_PX + 840, 40:920]
    columns = [np.argwhere(alike(front, colour_of_tree(name)))[:, 1].mean() for name in ("portal", "hepatic")]
    assert columns[0] < 440 < columns[1]  # the patient's right is on the left
    assert (tmp_path / "trees.png").read_bytes()[:4] == b"\x89PNG"


@needs_graphics
def test_what_bridges_a_gap_is_white_and_thinner_than_the_vessel(case) -> None:
    clean, doubtful = (trees_picture(with_trees(case, bridged=gap)) for gap in (False, True))
    panes = [picture[HEAD_PX + 40 : HEAD_PX + 840, 40:920].astype(int) for picture in (clean, doubtful)]
    white = (panes[1].min(axis=-1) > 200) & (panes[0].min(axis=-1) < 200)
    assert white.sum() > 30
    # 12 mm of the vessel, 6 mm wide, are bridged by rods of 1.4 mm: what is white is small beside what went
    gone = alike(panes[0], colour_of_tree("portal")) & ~alike(panes[1], colour_of_tree("portal"))
    assert gone.sum() > 3 * white.sum()


@needs_graphics
def test_a_translucent_ball_is_smooth_and_not_a_patchwork_of_its_triangles() -> None:
    """Seen through itself a ball is darker towards its rim only: neighbouring pixels hardly differ."""
    ball = pyvista.Sphere(radius=40.0, theta_resolution=40, phi_resolution=40)
    # triangles in an order that has nothing to do with the depth, as those of decimated surfaces
    triangles = np.random.default_rng(5).permutation(ball.regular_faces.astype(np.int64))
    surface = SurfaceMesh(np.asarray(ball.points, float), triangles)
    layer = SurfaceLayer("liver", "Liver", surface, (200, 110, 90), 0.62, True, "organ", 268.0, "ok")
    picture = draw_pane((300, 300), "anterior", surface.points_mm, [layer]).picture.astype(int)
    inner = picture[90:210, 90:210].sum(axis=-1)
    assert inner.mean() > 150 and max(np.abs(np.diff(inner, axis=n)).max() for n in (0, 1)) < 30
    assert picture[5, 5].sum() < 150  # the ground


def test_colours_of_the_trees_sheet_are_told_apart() -> None:
    """20 in CIELAB is twice what is seen at a glance: shades of one system, the systems, gaps, lesions."""
    ramps = [ramp(colour_of_tree(name), np.arange(4) / 3.0) for name in ("portal", "hepatic", "arterial")]
    for one in ramps:
        seen = machado(one.astype(float), EYES["all cones"])
        assert min(np.linalg.norm(a - b) for a, b in pairwise(seen)) > 12
    kinds = np.array([*(one[2] for one in ramps), GAP, structure_colour("tumour_1")], float)
    seen = machado(kinds, EYES["all cones"])
    assert min(np.linalg.norm(seen[a] - seen[b]) for a in range(len(seen)) for b in range(a)) > 20


def test_runs_end_where_a_gap_begins_and_cover_every_piece_once() -> None:
    found = tree("portal", [0, 0, 0], [0, 0, 80], bridged=True, forks=2)
    found = replace(found, bridged=np.isin(np.arange(len(found.parents)), range(14, 24)))
    lines = runs(found)
    pieces = [(int(a), int(b)) for line, _ in lines for a, b in pairwise(line)]
    assert sorted(pieces) == sorted((int(p), n) for n, p in enumerate(found.parents) if p >= 0)
    assert [bool(found.bridged[line[1:]].all()) for line, gap in lines if gap] == [True, True]  # a fork lies in it
    assert not any(found.bridged[line[1:]].any() for line, gap in lines if not gap)


def test_each_generation_is_fainter_than_the_one_before() -> None:
    found = tree("portal", [0, 0, 0], [0, 0, 80], forks=4)
    light = shades(found, (150, 80, 170)).astype(float).sum(axis=1)
    main = light[1:41]
    assert (np.diff(main) <= 0).all() and main[0] > main[-1] + 60
    assert (np.diff(ramp((216, 60, 60), np.linspace(0, 1, 20)).astype(float).sum(axis=1)) < 0).all()


@needs_graphics
def test_territories_have_their_colours_over_slices_and_in_space(case) -> None:
    picture = territories_picture(with_territories(case))
    step = ROOM[0] + 4
    for row, column, side in ((0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 2, 1), (1, 2, 1)):
        pane = picture[HEAD_PX + row * step + 30 : HEAD_PX + row * step + ROOM[1] - 30,
                       column * step + 30 : column * step + ROOM[0] - 30]  # fmt: skip
        right, left = (np.argwhere(alike(pane, COLOURS[n]))[:, 1] for n in (5, 2))
        assert len(right) > 300 and len(left) > 300
        assert side * (left.mean() - right.mean()) > 20  # the patient's right is on the left
    # the table: colour patches, and a word of doubt in the colour of doubt
    table = picture[HEAD_PX:, 3 * step :]
    assert alike(table, DOUBT, 0.995).sum() > 50
    for number in (2, 5):
        assert (np.abs(table.astype(int) - COLOURS[number]).max(axis=-1) == 0).sum() > 100


def machado(colours: np.ndarray, matrix) -> np.ndarray:
    """CIELAB of colours as eyes see them whose cones mix linear RGB so (Machado, Oliveira, Fernandes 2009)."""
    share = colours / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.asarray(matrix).T, 0, 1)
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=-1)


EYES = {
    "all cones": np.eye(3).tolist(),
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
TOUCHING = [(1, 2), (1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (2, 3), (2, 4), (3, 4), (4, 5), (4, 8), (5, 6), (5, 8),
            (6, 7), (7, 8), (5, 7), (6, 8)]  # fmt: skip


@pytest.mark.parametrize("eyes", list(EYES))
def test_segments_that_touch_differ_for_colour_blind_eyes_too(eyes) -> None:
    """A difference of 10 in CIELAB is seen at a glance; segments that touch differ by more than twice that."""
    seen = machado(np.array(COLOURS, float), EYES[eyes])
    assert min(np.linalg.norm(seen[a - 1] - seen[b - 1]) for a, b in TOUCHING) > 20
    assert min(np.linalg.norm(seen[a] - seen[b]) for a in range(8) for b in range(a)) > 15


def cube(invert: bool = False) -> TetMesh:
    """A cube of 10 mm as five tetrahedra, the middle one a region of its own."""
    points = 10.0 * np.array([[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)])
    cells = np.array([[0, 1, 2, 4], [3, 2, 1, 7], [5, 4, 7, 1], [6, 7, 4, 2], [1, 2, 4, 7]])
    corners = points[cells]
    volume = np.einsum("ij,ij->i", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]),
                       corners[:, 3] - corners[:, 0])  # fmt: skip
    cells[volume < 0] = cells[volume < 0][:, [0, 2, 1, 3]]
    if invert:
        cells[4] = cells[4][[0, 2, 1, 3]]
    return TetMesh(points, cells, np.array([0, 0, 0, 0, 1]), ("liver", "tumour_1"))


def test_outer_faces_are_those_of_the_cube_and_of_what_is_left_of_it() -> None:
    mesh = cube()
    faces, owner = outer_faces(mesh.tetrahedra, np.ones(5, bool))
    assert len(faces) == 12 and sorted(owner) == sorted([0, 1, 2, 3] * 3)
    corners = mesh.points_mm[faces]
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert volume == pytest.approx(1000.0)  # outward
    assert len(outer_faces(mesh.tetrahedra, np.array([False] * 4 + [True]))[0]) == 4


def test_small_angles_have_colours_of_alarm() -> None:
    colours = angle_colours(np.array([-3.0, 4.9, 7.0, 12.0, 60.0]))
    assert (colours[0] == colours[1]).all() and colours[1, 0] == 255 and colours[2, 0] == 255
    assert colours[3, 0] < 100 < colours[4, 1]


@needs_graphics
def test_a_mesh_cut_open_shows_its_regions_and_what_is_inverted() -> None:
    fine, bad = tetrahedra_picture(cube(), depth=0.4), tetrahedra_picture(cube(invert=True), depth=0.4)
    side = fine[:, 1448:]
    assert (np.abs(side.astype(int) - BAD).max(axis=-1) == 0).sum() == 0
    assert (np.abs(bad[:, 1448:].astype(int) - BAD).max(axis=-1) == 0).sum() > 30
    # the red of less than 5 degrees is on the cut of the inverted one only
    red = [alike(picture[HEAD_PX:, 724:1444], (255, 40, 40), 0.98).sum() for picture in (fine, bad)]
    assert red[0] == 0 and red[1] > 500
    with pytest.raises(UsageError, match="leaves nothing"):
        tetrahedra_picture(cube(), depth=1.5)


@needs_graphics
def test_a_mesh_is_cut_through_its_smallest_region_unless_told_where() -> None:
    """Two cubes behind each other: the tumour in the far one is seen, half of it taken off."""
    near, far = cube(), cube()
    points = np.concatenate([near.points_mm, far.points_mm + np.array([0.0, 40.0, 0.0])])
    mesh = TetMesh(points, np.concatenate([near.tetrahedra, far.tetrahedra + 8]), np.array([0] * 9 + [1]),
                   ("liver", "tumour_1"))  # fmt: skip
    shown = [tetrahedra_picture(mesh), tetrahedra_picture(mesh, depth=0.1)]
    yellow = structure_colour("tumour_1")
    seen = [alike(picture[HEAD_PX:, :720], yellow, 0.995).sum() for picture in shown]
    assert seen[0] > 1000 and seen[1] < 100
    # what it was made finer near to is cut, if that was recorded: here the liver, most of which is the near cube
    other = tetrahedra_picture(mesh, facts={"near": "liver"})
    assert alike(other[HEAD_PX:, :720], yellow, 0.995).sum() < 100
    assert (other[HEAD_PX:, 1448:] != shown[0][HEAD_PX:, 1448:]).sum() == 0
    told = tetrahedra_picture(mesh, facts={"near": "liver", "size_mm": "5", "fine_mm": "1.5", "conforming": "no"})
    assert (np.abs(told[:, 1448:].astype(int) - BAD).max(axis=-1) == 0).sum() > 10


@needs_graphics
def test_surfaces_show_their_certificates_and_say_what_is_not_closed(case) -> None:
    fine = surfaces_picture(case)
    spleen = case.anatomy["spleen"]
    broken = replace(spleen, certificate=Certificate(False, True, 4.0, 100, manifold=False))
    opened = replace(case, anatomy=Anatomy({**case.anatomy.structures, "spleen": broken}))
    table = [picture[HEAD_PX : HEAD_PX + 800, 1048:] for picture in (fine, surfaces_picture(opened))]
    alarms = [(np.abs(part.astype(int) - BAD).max(axis=-1) == 0).sum() for part in table]
    assert alarms[0] == 0 < alarms[1]
    # the spleen is on the patient's left: on the right from the front, on the left from behind
    for column, sign in ((0, 1), (1, -1)):
        pane = fine[HEAD_PX : HEAD_PX + 452, column * 524 : column * 524 + 520]
        hits = np.argwhere(alike(pane, structure_colour("spleen"), 0.99))
        assert sign * (hits[:, 1].mean() - 260) > 0


def test_what_is_not_there_is_refused_by_name(case) -> None:
    bare = replace(case, anatomy=Anatomy({}))
    for draw, words in ((surfaces_picture, "no surfaces"), (trees_picture, "no vessel trees"),
                        (territories_picture, "no territories")):  # fmt: skip
        with pytest.raises(DataError, match=words) as caught:
            draw(bare)
        assert caught.value.advice
    with pytest.raises(DataError, match="layer 1"):
        territories_picture(with_territories(case), layer=1)
    empty = TetMesh(np.zeros((0, 3)), np.zeros((0, 4), np.int64), np.zeros(0, np.int64))
    with pytest.raises(DataError, match="without tetrahedra"):
        tetrahedra_picture(empty)


def test_words_keep_to_their_width_and_to_so_many_lines(tmp_path) -> None:
    sheet = Sheet((600, 200), "A title", ("a remark",))
    bottom = sheet.wrapped((20, 60), "word " * 200, 300, 12, (255, 255, 255), most=3)
    ink = np.argwhere((np.asarray(sheet.image)[55:, :] > 180).all(axis=-1)[: bottom - 55])
    assert bottom == 60 + 3 * 17 and ink[:, 1].max() <= 20 + 320
    with pytest.raises(RenderError, match="cannot be written") as caught:
        sheet.finished(tmp_path / "no folder" / "sheet.png")
    assert re.search(r"\(sheet\.png\)", caught.value.line) and str(tmp_path) not in caught.value.line
    assert caught.value.advice
    assert [short_name(name) for name in ("liver_segment_4", "territory_8", "left_lobe")] == ["IV", "VIII", "left lobe"]
