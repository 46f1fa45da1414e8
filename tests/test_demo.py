"""The main job on the sample: from an installed wheel with no ground truth beside it, and by the README's Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.overlap import dice
from tests.support.readme import python_blocks

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


def run_demo(out: Path, environment: dict[str, str], folder: Path) -> dict:
    command = [sys.executable, "-m", "anatomy_twin", "demo", "--no-window", "--json", "--out", str(out)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**os.environ, **environment}, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"stderr": done.stderr}


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Path:
    """The folder into which a wheel of this checkout was installed."""
    folder = tmp_path_factory.mktemp("installed")
    wheel_folder, site = folder / "wheel", folder / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheel_folder), str(ROOT)], check=True
    )
    wheel = next(wheel_folder.glob("*.whl"))
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)], check=True)
    share_compiled_kernels(site)
    return site


def share_compiled_kernels(site: Path) -> None:
    """Give the installed copy this checkout's compiled kernels, as its first run would leave them a minute later."""
    for source in (ROOT / "anatomy_twin").rglob("*.py"):
        copy = site / source.relative_to(ROOT)
        assert copy.read_bytes() == source.read_bytes()
        shutil.copystat(source, copy)  # kernels are valid for a source of this time
    for compiled in (ROOT / "anatomy_twin").rglob("*.nb[ic]"):
        copy = site / compiled.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy2(compiled, copy)


@pytest.fixture(scope="session")
def demo(installed, tmp_path_factory) -> dict:
    """One run of the demo of the installed wheel."""
    folder = tmp_path_factory.mktemp("demo")
    return run_demo(folder / "out", {"PYTHONPATH": str(installed)}, folder)


@pytest.fixture(scope="session")
def demo_case(demo):
    from anatomy_twin.store import load_case

    return load_case(demo["case"])


@pytest.fixture(scope="session")
def truth(demo_case):
    """The ground truth of the sample: read by tests, never by the program."""
    import anatomy_twin as at

    return at.load_labels(ROOT / "sample_scans" / "truth" / "liver_tumour_seg.dcm", like=demo_case.volume)


def test_demo_names_its_stages_and_says_phantom(demo):
    for stage in ("reading the scan", "segmenting organs", "building surfaces", "simulating the heat", "report"):
        assert stage in demo["stderr"]
    assert demo["synthetic"] and demo["plans"]["A"]["synthetic"]
    assert Path(demo["report"]).is_file() and Path(demo["report"]).with_suffix(".pdf").is_file()


def test_demo_target_is_the_tumour_beside_the_hepatic_vein(demo_case, truth):
    from anatomy_twin.pipeline.samples import TARGETS_MM

    assert truth.mask("tumour_1")[truth.geometry.nearest_voxel(TARGETS_MM["liver_tumour"])]
    assert dice(demo_case.label_map.mask("tumour_1"), truth.mask("tumour_1")) >= 0.8


def test_demo_organs_are_those_of_the_truth(demo_case, truth):
    floors = {"liver": 0.93, "spleen": 0.85, "kidney_right": 0.8, "kidney_left": 0.85, "aorta": 0.85, "body": 0.98}
    found = {name: dice(demo_case.label_map.mask(name), truth.mask(name)) for name in floors}
    assert all(found[name] >= floor for name, floor in floors.items()), found


def test_demo_plan_keeps_the_rules_and_reaches_the_tumour(demo, demo_case):
    check = demo_case.checks["A"]
    assert check.feasible and any(rule.outcome == "passed" for rule in check.rules)
    numbers = demo["plans"]["A"]["quantities"]
    assert numbers["target_percent"]["value"] == 100.0, numbers["target_percent"]
    assert numbers["minimal_margin_mm"]["value"] > 0.0


def test_demo_case_is_intact(demo):
    from anatomy_twin.store import verify_case

    report = verify_case(demo["case"])
    assert report.ok and not report.extra


def test_demo_surfaces_are_closed_and_true_to_the_voxels(demo_case):
    for name, structure in demo_case.anatomy.structures.items():
        if structure.certificate is not None:
            assert structure.certificate.watertight and structure.certificate.outward, name
            if structure.volume_ml > 2.0:
                assert abs(structure.certificate.volume_error_percent) < 5.0, (name, structure.certificate)


def test_the_ground_truth_is_not_in_the_wheel(installed):
    names = {path.name for path in installed.rglob("*") if path.is_file()}
    assert "anatomy_twin" in {path.name for path in installed.iterdir()}
    assert not any("seg.dcm" in name for name in names)


def files_of(case: Path | str) -> dict:
    """Checksums of a saved case: what it says of the scan, the labels and the surfaces."""
    files = json.loads((Path(case) / "case.json").read_text())["files"]
    return {name: sum_ for name, sum_ in files.items() if name.startswith(("volume", "labels", "structures"))}


@pytest.mark.long
def test_the_python_of_the_readme_gives_the_case_of_the_demo(demo, tmp_path, monkeypatch, capsys):
    from anatomy_twin.store import verify_case

    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in python_blocks():  # a later one goes on where an earlier one ended
        exec(compile(block.replace('"sample_scans/', f'"{ROOT}/sample_scans/'), "README.md", "exec"), names)
    out = capsys.readouterr().out
    assert " mm" in out and "CT" in out and " ml" in out
    assert verify_case(tmp_path / "patient.twin").ok and (tmp_path / "report" / "report.html").is_file()
    mine, theirs = files_of(tmp_path / "patient.twin"), files_of(demo["case"])
    assert mine and mine == theirs
