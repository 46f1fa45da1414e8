"""The command line: verbs on a real case, refusals in one line with exit code 2, nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.cli.main import VERBS, main
from tests.support.dicom_series import AXIAL, as_localizer, write_series


@pytest.fixture(scope="session")
def saved_toy(toy_case, tmp_path_factory) -> Path:
    from anatomy_twin.store import save_case

    folder = tmp_path_factory.mktemp("case") / "toy.twin"
    save_case(toy_case, folder)
    return folder


@pytest.fixture
def case(saved_toy, tmp_path) -> Path:
    """A copy of the toy case that a test may change."""
    return Path(shutil.copytree(saved_toy, tmp_path / "toy.twin"))


@pytest.fixture(scope="session")
def saved_bare(toy_case, tmp_path_factory) -> Path:
    from anatomy_twin.core import Case
    from anatomy_twin.store import save_case

    folder = tmp_path_factory.mktemp("bare") / "toy.twin"
    save_case(Case.new(volume=toy_case.volume, labels=toy_case.label_map, anatomy=toy_case.anatomy), folder)
    return folder


@pytest.fixture
def bare(saved_bare, tmp_path) -> Path:
    """A copy of it with neither plan nor simulation, which is read in less time."""
    return Path(shutil.copytree(saved_bare, tmp_path / "toy.twin"))


def refused(capsys, *arguments: object, word: str = "") -> str:
    """Run a verb that must be refused; return its one line."""
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert code == 2 and out == "", (code, out, err)
    lines = [line for line in err.splitlines() if line.startswith("anatomy-twin: ")]
    assert len(lines) == 1 and err.rstrip().endswith(lines[0]), err
    assert "Traceback" not in err and word.lower() in lines[0].lower(), lines[0]
    return lines[0]


def accepted(capsys, *arguments: object) -> dict:
    """Run a verb with --json and return its document."""
    code = main([*(str(argument) for argument in arguments), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert f"anatomy-twin {verb}" in out and "--json" in out


def test_unknown_verb_and_no_verb(capsys):
    refused(capsys, "operate", word="choose one of")
    assert main([]) == 2


def test_unknown_option_is_one_line(capsys):
    refused(capsys, "verify", "x.twin", "--fast", word="see anatomy-twin verify --help")


def test_info_tells_versions_and_rendering(capsys):
    document = accepted(capsys, "info")
    assert document["libraries"]["numpy"] == np.__version__ and document["rendering"]["message"]
    assert "ct-abdomen" in document["plugins"]["segmenters"] and "mwa-generic" in document["devices"]


def test_info_series_lists_what_a_folder_holds(capsys, tmp_path):
    write_series(tmp_path / "a", axes=AXIAL)
    found = accepted(capsys, "info", "series", tmp_path)["series"]
    assert len(found) == 1 and found[0]["slices"] == 8 and found[0]["rank"] == 1
    refused(capsys, "info", "sereis", tmp_path, word="info series FOLDER")


def test_stages_work_one_by_one_on_a_case(capsys, case, tmp_path):
    meshes = accepted(capsys, "mesh", case)["structures"]
    assert meshes["liver"]["watertight"] and meshes["liver"]["outward"]
    plan = {
        "name": "hand", "target": "tumour_1", "margin_mm": 5,
        "applicators": [
            {"device": "mwa-generic", "entry_mm": [-138, -45, 27], "tip_mm": [-61, -11, 25], "power_w": 60,
             "duration_s": 120}
        ],
    }
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    check = accepted(capsys, "plan", case, "--file", file)
    outcomes = {rule["name"]: rule["outcome"] for rule in check["rules"]}
    assert outcomes["crosses no bone"] == "passed" and "not checked" in outcomes.values()
    simulated = accepted(capsys, "simulate", case, "--plan", "hand")
    assert 2 < simulated["coagulated_ml"] < 60 and simulated["assumed"]
    assert simulated["generator"]["energy_j"] == 7200.0 and not simulated["generator"]["measured"]
    refused(capsys, "simulate", case, "--plan", "hand", "--traces", "course.txt", word=".csv")
    for document in (check, simulated):
        assert document["synthetic"] is True and "not for diagnosis" in document["notice"].lower()
    numbers = accepted(capsys, "assess", case, "--plan", "hand")["hand"]
    assert numbers["synthetic"] and numbers["quantities"]["minimal_margin_mm"]["unit"] == "mm"
    assert accepted(capsys, "verify", case)["intact"]
    for suffix in ("stl", "ply", "obj"):
        out = tmp_path / f"liver.{suffix}"
        accepted(capsys, "export", case, "--structure", "liver", "--out", out)
        import trimesh

        mesh = trimesh.load_mesh(out)
        assert abs(mesh.volume / 1000 - meshes["liver"]["volume_ml"]) < 0.02 * meshes["liver"]["volume_ml"]


def test_report_and_screenshot(capsys, case, tmp_path):
    page = Path(accepted(capsys, "report", case, "--out", tmp_path / "report")["report"])
    text = page.read_text(encoding="utf-8")
    assert "not for diagnosis" in text.lower() and "src=\"http" not in text
    from PIL import Image

    shot = tmp_path / "shot.png"
    accepted(capsys, "view", case, "--screenshot", shot)
    assert np.asarray(Image.open(shot)).std() > 20


def test_a_report_that_cannot_be_made_is_refused_at_once(capsys, case, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    refused(capsys, "report", case, "--out", taken, word="name a folder")
    refused(capsys, "report", case, "--out", taken / "below", word="name a folder")
    refused(capsys, "report", case, "--out", tmp_path / "new", "--plan", "Z", word="no plan is called")
    refused(capsys, "report", case, word="--out")
    assert {path.name for path in tmp_path.iterdir()} == {"taken", case.name} and taken.read_text() == "mine"


@pytest.mark.parametrize("verb", ["segment", "mesh", "simulate", "assess", "report", "verify", "view"])
def test_a_case_that_is_not_there(verb, capsys, tmp_path):
    more = ["--out", tmp_path / "r"] if verb == "report" else []
    refused(capsys, verb, tmp_path / "none.twin", *more)
    assert not list(tmp_path.iterdir())


def run_on(scan: Path, out: Path) -> list[object]:
    return ["run", scan, "--procedure", "liver-ablation", "--target", "-60,0,0", "--out", out]


def test_planning_again_at_the_same_point_keeps_the_outline(capsys, case):
    from anatomy_twin.store import load_case

    before = load_case(case)
    accepted(capsys, "plan", case, "--target", "-70,-15,25")  # A was simulated, so this is B
    after = load_case(case)
    assert after.plan("B").target == "tumour_1"
    assert np.array_equal(after.label_map.array, before.label_map.array) and "A" in after.results


def test_a_target_that_is_no_lesion_is_refused(capsys, bare):
    refused(capsys, "plan", bare, "--target", "spleen", word="no lesion")


def test_an_existing_case_is_replaced_only_when_told(capsys, case, tmp_path):
    write_series(tmp_path / "scan")
    before = (case / "case.json").read_bytes()
    refused(capsys, "import", tmp_path / "scan", "--out", case, word="--overwrite")
    refused(capsys, *run_on(tmp_path / "scan", case), word="--overwrite")
    assert (case / "case.json").read_bytes() == before
    accepted(capsys, "import", tmp_path / "scan", "--out", case, "--overwrite")
    assert (case / "case.json").read_bytes() != before


def test_a_report_never_lies_among_the_files_of_a_case(capsys, bare):
    refused(capsys, "report", bare, "--out", bare, word="another folder")


def test_a_screenshot_is_a_png(capsys, bare, tmp_path):
    refused(capsys, "view", bare, "--screenshot", tmp_path / "a.xyz", word="PNG")


def test_a_reader_that_goes_away_is_no_error():
    import subprocess
    import sys

    command = f"{sys.executable} -m anatomy_twin --help | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and done.stdout.startswith("anatomy-twin")


def test_bad_scans_are_refused_and_leave_nothing(capsys, tmp_path):
    out = tmp_path / "x.twin"
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(capsys, *run_on(empty, out))
    refused(capsys, *run_on(tmp_path / "nowhere", out))
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.dcm").write_text("this is no image")
    refused(capsys, *run_on(texts, out))
    write_series(tmp_path / "scout", shape=(1, 12, 10), edit=as_localizer)
    refused(capsys, *run_on(tmp_path / "scout", out), word="localizer")
    write_series(tmp_path / "mr", modality="MR")
    refused(capsys, *run_on(tmp_path / "mr", out), word="MR")
    write_series(tmp_path / "two" / "a", uid="1", patient=("A^B", "1"))
    write_series(tmp_path / "two" / "b", uid="2", patient=("C^D", "2"))
    refused(capsys, *run_on(tmp_path / "two", out), word="patient")
    truth = write_series(tmp_path / "cut")
    data = truth.files[3].read_bytes()
    truth.files[3].write_bytes(data[: len(data) - 60])
    refused(capsys, *run_on(tmp_path / "cut", out))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"empty", "texts", "scout", "mr", "two", "cut"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (["--out", "x" * 300], "cannot be written"),
        (["--out", "x\0.twin"], "name"),
        (["--pseudonym", ""], "pseudonym"),
        (["--pseudonym", "A\nB"], "pseudonym"),
        (["--height-cm", "nan"], "height_cm"),
    ],
)
def test_odd_names_and_numbers_are_refused(changes, word, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_series(tmp_path / "ct")
    refused(capsys, "import", "ct", "--out", "x.twin", *changes, word=word)
    refused(capsys, "import", "", "--out", "x.twin", word="no folder")
    assert [path.name for path in tmp_path.iterdir()] == ["ct"]


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [("--margin", "nan", "margin_mm"), ("--target-radius", "-5", "radius"), ("--device", "laser", "laser")],
)
def test_a_run_with_impossible_settings_is_refused_before_the_work(option, value, word, capsys, tmp_path):
    refused(capsys, *run_on(tmp_path / "never read", tmp_path / "x.twin"), option, value, word=word)


def test_a_report_place_that_is_no_folder_is_refused_before_the_work(capsys, tmp_path):
    (tmp_path / "r").write_text("mine")
    write_series(tmp_path / "ct")
    refused(capsys, *run_on(tmp_path / "ct", tmp_path / "x.twin"), "--report", tmp_path / "r", word="not a folder")
    refused(capsys, "demo", "--no-window", "--out", tmp_path / "r", word="not a folder")
    assert (tmp_path / "r").read_text() == "mine"


def test_changed_and_missing_files_of_a_case(capsys, bare):
    image = next(bare.rglob("*.nrrd"))
    data = bytearray(image.read_bytes())
    data[len(data) // 2] ^= 1
    image.write_bytes(bytes(data))
    assert image.name in refused(capsys, "verify", bare)
    assert image.name in refused(capsys, "assess", bare)
    image.unlink()
    assert image.name in refused(capsys, "verify", bare)


def plan_file(tmp_path: Path, **changes: object) -> Path:
    """A plan for the toy patient with some entries changed."""
    applicator = {"device": "mwa-generic", "entry_mm": [-138, -45, 27], "tip_mm": [-61, -11, 25], "power_w": 60,
                  "duration_s": 120}
    applicator |= {key: changes.pop(key) for key in list(changes) if key in applicator}
    plan = {"name": "x", "target": "tumour_1", "margin_mm": 5, "applicators": [applicator], **changes}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    return file


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"target": "tumour_9"}, "tumour_9"),
        ({"device": "laser"}, "laser"),
        ({"entry_mm": [0, 0]}, "entry_mm"),
        ({"power_w": "much"}, "power_w"),
        ({"power_w": True}, "power_w"),
        ({"device": ["mwa-generic"]}, "device"),
        ({"target": {"name": "tumour_1"}}, "target"),
        ({"tip_mm": [1e300, 0, 0]}, "tip_mm"),
        ({"duration_s": -5}, "duration_s"),
        ({"speed": 3}, "speed"),
        ({"applicators": []}, "applicator"),
        ({"applicators": [{}] * 200}, "at most 12"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_plans_are_refused_and_the_case_stays(changes, word, capsys, bare, tmp_path):
    before = (bare / "case.json").read_bytes()
    refused(capsys, "plan", bare, "--file", plan_file(tmp_path, **changes), word=word)
    assert (bare / "case.json").read_bytes() == before


def test_plan_file_that_is_no_json(capsys, bare, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text("[" * 100_000)
    refused(capsys, "plan", bare, "--file", file, word="plan file")


def test_applicator_outside_the_body_is_named_with_its_place(capsys, bare, tmp_path):
    outside = plan_file(tmp_path, entry_mm=[-160, -110, 27], tip_mm=[-155, -90, 25])
    line = refused(capsys, "plan", bare, "--file", outside, word="body")
    assert "mm" in line


def test_run_without_a_target_lists_or_asks(capsys, toy_case):
    from anatomy_twin.errors import UsageError
    from anatomy_twin.pipeline import choose_target

    with pytest.raises(UsageError, match=r"2 tumour candidates.*tumour_1.*tumour_2.*--target"):
        choose_target(toy_case, None)


@pytest.mark.parametrize("text", ["1,2", "a,b,c", "1,2,3,4", "nan,1", "nan,nan,nan", "1e300,0,0"])
def test_bad_target_positions(text, capsys, bare):
    refused(capsys, "plan", bare, "--target", text, word="--target")


def test_negative_positions_are_not_options(capsys, bare):
    line = refused(capsys, "plan", bare, "--target", "-500,-500,-500")
    assert "--help" not in line


def test_existing_folder_that_is_no_case_is_not_overwritten(capsys, tmp_path):
    keep = tmp_path / "photos"
    keep.mkdir()
    (keep / "a.txt").write_text("mine")
    refused(capsys, *run_on(tmp_path, keep), word="not a case")
    assert (keep / "a.txt").read_text() == "mine"


def test_an_existing_zip_of_a_case_is_replaced_only_when_told(capsys, tmp_path):
    write_series(tmp_path / "scan")
    out, other = tmp_path / "a.twin.zip", tmp_path / "b.zip"
    accepted(capsys, "import", tmp_path / "scan", "--out", out)
    before = out.read_bytes()
    refused(capsys, "import", tmp_path / "scan", "--out", out, word="--overwrite")
    assert out.read_bytes() == before
    accepted(capsys, "import", tmp_path / "scan", "--out", out, "--overwrite", "--pseudonym", "other")
    assert out.read_bytes() != before and accepted(capsys, "verify", out)["intact"]
    other.write_bytes(b"not a case")
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "link.twin").symlink_to(tmp_path / "nowhere")
    for name in ("b.zip", "folder.zip", "link.twin"):
        refused(capsys, "import", tmp_path / "scan", "--out", tmp_path / name, "--overwrite", word="is not a case")
    assert other.read_bytes() == b"not a case" and not list((tmp_path / "folder.zip").iterdir())


def test_info_series_says_what_lies_beside_and_what_hinders_loading(capsys, tmp_path):
    write_series(tmp_path / "a", axes=AXIAL)
    first = sorted((tmp_path / "a").iterdir())[0]
    (tmp_path / "a" / "cut.dcm").write_bytes(first.read_bytes()[:300])
    (tmp_path / "a" / "note.txt").write_text("hello")
    document = accepted(capsys, "info", "series", tmp_path)
    assert document["beside"][0] == "1 non-DICOM file" and document["beside"][1].startswith("1 broken DICOM file")
    assert len(document["notes"]) == 1 and "--series" in document["notes"][0]
    assert "(cut.dcm)" in refused(capsys, "import", tmp_path, "--out", tmp_path / "x.twin", word="--series")
    assert main(["info", "series", str(tmp_path)]) == 0
    assert "beside them: 1 non-DICOM file, 1 broken DICOM file" in capsys.readouterr().out


def test_info_series_shows_each_finding_once(capsys, tmp_path):
    write_series(tmp_path / "a", axes=AXIAL)
    sorted((tmp_path / "a").iterdir())[3].unlink()
    assert main(["info", "series", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert text.count("gap of") == 1 and text.count("repair would interpolate 1 missing slice") == 1


def test_a_case_is_no_scan_and_a_named_file_takes_no_names(capsys, bare, tmp_path):
    refused(capsys, "import", bare, "--out", tmp_path / "x.twin", word="saved case, not a scan")
    labels = next(bare.rglob("*.seg.nrrd"))
    refused(capsys, "segment", bare, "--labels", labels, "--names", "1=liver", word="names its labels itself")
