"""The verb ``mesh``: what it builds, saves and says, and what it refuses without touching the case."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import trimesh

from anatomy_twin.cli.main import main
from anatomy_twin.core import Case
from anatomy_twin.store import load_case, save_case
from tests.support.toy_patient import ELLIPSOIDS, toy_patient


@pytest.fixture(scope="module")
def segmented(tmp_path_factory):
    volume, labels = toy_patient(4.0)
    return save_case(Case.new(volume=volume, labels=labels), tmp_path_factory.mktemp("case") / "toy.twin")


@pytest.fixture
def case(segmented, tmp_path):
    return shutil.copytree(segmented, tmp_path / "toy.twin")


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys, case, *arguments: object) -> str:
    """Run ``mesh`` on the case, which must be refused in one line and stay as it was; return the line."""
    before = (case / "case.json").read_bytes()
    code, out, err = run(capsys, "mesh", case, *arguments)
    lines = [line for line in err.splitlines() if line.startswith("anatomy-twin: ")]
    assert code == 2 and out == "" and len(lines) == 1 and "Traceback" not in err, err
    assert (case / "case.json").read_bytes() == before
    return lines[0]


def test_surfaces_are_certified_and_the_liver_is_divided(capsys, case):
    code, out, err = run(capsys, "mesh", case, "--json")
    assert code == 0, err
    document = json.loads(out)
    for name in ("liver", "tumour_1", "body", "aorta"):
        row = document["structures"][name]
        assert row["watertight"] and row["manifold"] and row["outward"] and abs(row["volume_error_percent"]) < 1, name
        assert row["boundary_p95_mm"] < 4.0 and row["triangles"] > 20
    assert document["structures"]["body"]["touches_border"] and not document["structures"]["liver"]["touches_border"]
    assert document["structures"]["tumour_1"]["pieces"] == 1
    segments = document["territories"]
    assert list(segments) == [f"liver_segment_{n}" for n in range(1, 9)]
    whole = document["structures"]["liver"]["volume_ml"]
    assert sum(row["volume_ml"] for row in segments.values()) == pytest.approx(whole, rel=1e-12)
    assert {row["state"] for row in segments.values() if row["volume_ml"]} == {"check"}
    assert "portal" not in document["trees"]  # the toy patient has no portal vein: nothing is invented
    again = load_case(case)
    assert again.anatomy["liver"].certificate.manifold and again.anatomy.territories is not None
    assert "no portal tree" in err


def test_lines_for_people_name_what_was_built(capsys, case):
    code, out, _ = run(capsys, "mesh", case, "--surfaces-only", "--tetrahedra", "liver,tumour_1", "--size-mm", "12",
                       "--fine-mm", "6", "--near", "tumour_1", "--mesh-name", "plan")
    assert code == 0
    liver = next(line for line in out.splitlines() if line.startswith("  liver "))
    assert "closed" in liver and "95 % within" in liver and "triangles" in liver
    assert "cut off flat at the border" in next(line for line in out.splitlines() if line.startswith("  body "))
    mesh = load_case(case).anatomy.tetrahedra["plan"]
    assert f"tetrahedra plan: {len(mesh.tetrahedra)} in liver, tumour_1" in out
    assert mesh.region_names == ("liver", "tumour_1") and set(np.unique(mesh.regions)) == {0, 1}
    assert "liver segments" not in out and load_case(case).anatomy.territories is None


def test_a_surface_from_elsewhere_becomes_a_structure_and_stays(capsys, case, tmp_path):
    box = trimesh.creation.box((30.0, 20.0, 10.0))
    box.apply_translation(ELLIPSOIDS["liver"][0])
    box.export(tmp_path / "plate.stl")
    code, out, err = run(capsys, "mesh", case, "--surfaces-only", "--add", f"plate={tmp_path / 'plate.stl'}", "--json")
    assert code == 0, err
    row = json.loads(out)["structures"]["plate"]
    assert row["volume_ml"] == pytest.approx(6.0) and row["watertight"] and "from a file" in row["note"]
    code, out, err = run(capsys, "mesh", case, "--surfaces-only", "--json")
    assert code == 0 and "plate" in json.loads(out)["structures"], err
    assert "plate.stl" not in (case / "anatomy.json").read_text()  # names of files may tell of people


def test_what_cannot_be_built_is_refused_in_one_line(capsys, case, tmp_path):
    assert "spleeen" in refused(capsys, case, "--surfaces-only", "--tetrahedra", "spleeen")
    assert "size" in refused(capsys, case, "--surfaces-only", "--tetrahedra", "liver", "--size-mm", "0")
    assert "belong together" in refused(capsys, case, "--fine-mm", "1")
    assert "NAME=FILE" in refused(capsys, case, "--add", "plate.stl")
    assert "no such surface file" in refused(capsys, case, "--surfaces-only", "--add", f"plate={tmp_path / 'no.stl'}")
    box = trimesh.creation.box((30.0, 20.0, 10.0))
    box.export(tmp_path / "box.stl")
    assert "a segment is called" in refused(capsys, case, "--surfaces-only", "--add", f"liver={tmp_path / 'box.stl'}")
    box.apply_translation((900.0, 0, 0))
    box.export(tmp_path / "far.stl")
    assert "outside the scan" in refused(capsys, case, "--surfaces-only", "--add", f"far={tmp_path / 'far.stl'}")
    half = trimesh.Trimesh(box.vertices, box.faces[:6], process=False)
    half.export(tmp_path / "half.stl")
    assert "no solid" in refused(capsys, case, "--surfaces-only", "--add", f"half={tmp_path / 'half.stl'}")
