"""What ``mesh`` keeps and drops of a case that was meshed before, what it says of it, and what it refuses at once."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from anatomy_twin import pipeline
from anatomy_twin.cli.main import main
from anatomy_twin.core import Case, VesselTree
from anatomy_twin.export import export
from anatomy_twin.store import load_case, save_case
from tests.support.listener import Listener
from tests.support.toy_patient import ELLIPSOIDS, make_segment, toy_patient


@pytest.fixture(scope="module")
def meshed(tmp_path_factory):
    volume, labels = toy_patient(4.0)
    case = pipeline.mesh_case(Case.new(volume=volume, labels=labels))
    return save_case(case, tmp_path_factory.mktemp("case") / "toy.twin")


@pytest.fixture
def case(meshed, tmp_path):
    return shutil.copytree(meshed, tmp_path / "toy.twin")


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def ball(path, centre, radius_mm=12.0):
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=radius_mm)
    mesh.apply_translation(centre)
    mesh.export(path)
    return path


@pytest.mark.long  # keeping and removing have tests of their own
def test_several_meshes_stay_beside_trees_and_segments(capsys, case):
    assert load_case(case).anatomy.territories is not None
    code, out, err = run(capsys, "mesh", case, "--tetrahedra", "liver", "--size-mm", "16", "--json")
    assert code == 0 and "building surfaces" not in err, err  # they stand for these labels
    first = json.loads(out)["tetrahedra"]["liver"]
    assert first["inverted"] == 0 and first["conforming"] is True and first["smallest_angle_deg"] > 5
    assert abs(first["largest_volume_error_percent"]) < 1 and first["size_mm"] == 16
    code, out, err = run(capsys, "mesh", case, "--tetrahedra", "tumour_1", "--size-mm", "8", "--mesh-name", "fine")
    assert code == 0 and list(load_case(case).anatomy.tetrahedra) == ["liver", "fine"], err
    assert "tetrahedra fine:" in out and "0 inverted, dihedral angles" in out
    code, out, err = run(capsys, "mesh", case, "--surfaces-only")
    kept = load_case(case).anatomy
    assert code == 0 and "building surfaces" in err and "dropped" not in err
    assert list(kept.tetrahedra) == ["liver", "fine"] and kept.territories is not None and "liver segments" in out
    code, out, err = run(capsys, "mesh", case, "--remove", "fine")
    assert code == 0 and list(load_case(case).anatomy.tetrahedra) == ["liver"]
    before = (case / "case.json").read_bytes()
    code, _, err = run(capsys, "mesh", case, "--remove", "tumour_1")  # made of a segment: goes with its segment
    assert code == 2 and "there are liver" in err and (case / "case.json").read_bytes() == before


def test_what_was_made_of_other_labels_goes_and_it_is_said(case):
    before = pipeline.tetrahedra_case(load_case(case), ["liver"], size_mm=16.0)
    array = before.label_map.array.copy()
    array[0, 0, 0, 0] = array.max()
    other = replace(before, labels={before.primary: replace(before.label_map, array=array)})
    listener = Listener()
    after = pipeline.mesh_case(other, listener, vessels=False, only_missing=True)
    assert not after.anatomy.tetrahedra and after.anatomy.territories is None
    assert sum("dropped, not known to be of these labels" in line for line in listener.lines) == 2
    assert any("tetrahedra liver" in line for line in listener.lines)


def test_notes_of_structures_and_trees_are_on_the_terminal(capsys, case):
    volume, labels = toy_patient(4.0)
    array = np.concatenate([labels.array, np.zeros((1, *labels.geometry.shape), labels.array.dtype)])
    where = tuple(labels.geometry.voxel_of(np.array([ELLIPSOIDS["liver"][0]]))[0])
    array[-1][where] = 1
    one = replace(make_segment("lesion", len(labels.array), 1), part_of="liver")
    fresh = Case.new(volume=volume, labels=replace(labels, array=array, segments=(*labels.segments, one)))
    tree = VesselTree("portal", [[0, 0, 0], [20, 0, 0]], [-1, 0], [4, 4], [False, True], "check", ("bridged",),
                      ("1 gap in the labels bridged; it is 3.3 mm",))  # fmt: skip
    fresh = pipeline.mesh_case(fresh, vessels=False)
    mark = pipeline.anatomy.labels_mark(fresh.label_map)
    fresh = replace(fresh, anatomy=replace(fresh.anatomy, trees={"portal": tree}))
    save_case(fresh.with_step("following the vessels", {"labels": mark}), case)
    code, out, _ = run(capsys, "mesh", case, "--surfaces-only")
    row = next(line for line in out.splitlines() if line.startswith("  lesion "))
    assert code == 0 and "0.064 ml" in row and "one voxel only" in row
    assert "    1 gap in the labels bridged" in out and "    it is 3.3 mm" in out


def test_why_there_is_no_tree_is_kept_and_told_by_view(capsys, case, tmp_path):
    twin = load_case(case)
    notes = twin.anatomy.notes
    save_case(replace(twin, anatomy=replace(twin.anatomy, trees={}, territories=None)), case)
    assert any(note.startswith("no portal tree: the labels have no portal_branches") for note in notes)
    code, _, err = run(capsys, "view", case, "--trees", tmp_path / "t.png")
    assert code == 2 and "no portal_branches" in err and "label portal_branches" in err
    volume, labels = toy_patient(4.0)
    save_case(Case.new(volume=volume, labels=labels), case)
    for what in ("surfaces", "trees", "segments"):
        code, _, err = run(capsys, "view", case, f"--{what}", tmp_path / "t.png")
        assert code == 2 and "`mesh CASE`" in err, err
    assert not (tmp_path / "t.png").exists()


def test_an_added_surface_says_what_was_assumed_and_can_be_taken_out(capsys, case, tmp_path):
    file = ball(tmp_path / "person.stl", ELLIPSOIDS["liver"][0])
    code, out, err = run(capsys, "mesh", case, "--surfaces-only", "--add", f"probe={file}", "--json")
    row = json.loads(out)["structures"]["probe"]
    assert code == 0 and row["volume_error_percent"] is None and "LPS in millimetres is assumed" in row["note"]
    assert "person" not in (case / "anatomy.json").read_text() + (case / "provenance.json").read_text()
    code, out, err = run(capsys, "mesh", case, "--remove", "probe")
    assert code == 0 and "probe" not in out and "building surfaces" not in err
    assert "probe" not in load_case(case).anatomy.structures


def test_overlapping_parts_of_an_added_surface_are_joined(capsys, case, tmp_path):
    parts = [trimesh.creation.icosphere(subdivisions=4, radius=12.0) for _ in range(2)]
    parts[1].apply_translation((15.0, 0, 0))
    both = trimesh.util.concatenate(parts)
    both.apply_translation(ELLIPSOIDS["liver"][0])
    both.export(tmp_path / "two.obj")
    code, out, err = run(capsys, "mesh", case, "--surfaces-only", "--add", f"two={tmp_path / 'two.obj'}", "--json")
    row = json.loads(out)["structures"]["two"]
    lens = np.pi * (4 * 12.0 + 15.0) * (2 * 12.0 - 15.0) ** 2 / 12.0 / 1000  # two spheres of 12 mm, 15 mm apart
    assert code == 0 and row["volume_ml"] == pytest.approx(2 * 4 / 3 * np.pi * 1.728 - lens, rel=0.01)
    assert "2 parts overlap and were joined" in row["note"] and row["pieces"] == 1 and "joined" in err


@pytest.mark.parametrize(("arguments", "words"), [
    (["--tetrahedra", "liver,nope"], "nope"),
    (["--tetrahedra", "liver", "--near", "nope", "--fine-mm", "2"], "nope"),
    (["--tetrahedra", "liver", "--size-mm", "-3"], "size_mm"),
    (["--tetrahedra", "liver", "--fine-mm", "8", "--near", "tumour_1"], "larger than size_mm"),
    (["--tetrahedra", "liver", "--mesh-name", "../../x"], "no name for a mesh"),
    (["--size-mm", "3"], "--size-mm is of use with --tetrahedra only"),
    (["--mesh-name", "x"], "--mesh-name is of use with --tetrahedra only"),
    (["--add", "portal=FILE"], "a vessel tree is called 'portal'"),
    (["--add", "Liver=FILE"], "is called 'liver' already"),
    (["--add", "Liver_Segment_2=FILE"], "a part of the liver is called 'liver_segment_2'"),
    (["--add", "../x=FILE"], "no name for a structure"),
    (["--add", "x=METRES"], "0.024 mm across"),
    (["--add", "x=HOLE"], r"it is open"),
    (["--remove", "nope"], "nope"),
])  # fmt: skip
def test_what_can_be_refused_is_refused_before_the_work(capsys, case, tmp_path, arguments, words):
    ball(tmp_path / "good.stl", ELLIPSOIDS["liver"][0])
    metres = trimesh.load(tmp_path / "good.stl")
    metres.apply_scale(0.001)
    metres.export(tmp_path / "metres.stl")
    half = trimesh.load(tmp_path / "good.stl")
    half.update_faces(half.triangles_center[:, 2] < half.centroid[2] + 3)
    half.export(tmp_path / "hole.stl")
    for word, name in (("FILE", "good"), ("METRES", "metres"), ("HOLE", "hole")):
        arguments = [argument.replace(f"={word}", f"={tmp_path / name}.stl") for argument in arguments]
    before = (case / "case.json").read_bytes()
    code, out, err = run(capsys, "mesh", case, *arguments)
    line = next(line for line in err.splitlines() if line.startswith("anatomy-twin: "))
    assert code == 2 and words in line and out == "" and "building surfaces" not in err
    assert (case / "case.json").read_bytes() == before
    if words == "it is open":
        assert "hole.stl" in line and "labels" not in line


def test_segments_of_the_liver_are_exported_as_closed_surfaces_that_fit_together(case, tmp_path):
    twin = load_case(case)
    parts = twin.anatomy.territories
    names = [s.name for s in parts.segments if s.layer == 0 and not s.absent]
    whole = 0.0
    for name in names:
        mesh = trimesh.load_mesh(export(twin, tmp_path / f"{name}.stl", structure=name))
        assert mesh.is_watertight and mesh.volume / 1000 == pytest.approx(parts.volume_ml(name), rel=0.02, abs=0.1)
        whole += mesh.volume / 1000
    assert whole == pytest.approx(twin.label_map.volume_ml("liver"), rel=0.002)
