"""The scripts that compare readers: their arguments, the shape of their figures, and what they call equal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import bench_load  # noqa: E402  (the scripts folder is no package)
import compare_readers  # noqa: E402
import peers  # noqa: E402
from peer_readers import READERS as PEERS  # noqa: E402

READERS = "anatomy_twin;SimpleITK, sorted list;dcm2niix"
FIGURES = {"wall_median_s", "wall_min_s", "cpu_median_s", "cpu_min_s", "peak_volumes", "baseline_bytes",
           "peak_is_upper_bound", "dtype", "voxels", "ratio", "ratio_of_minima", "cpu_ratio"}  # fmt: skip


def output_of(script: str, *arguments: str) -> dict:
    done = subprocess.run([sys.executable, ROOT / "scripts" / script, "--json", "--no-peers", *arguments],
                          capture_output=True, text=True, timeout=200)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_bench_gives_one_object_of_named_figures():
    report = output_of("bench_load.py", "--quick", "--slices", "3", "--size", "32", "--rounds", "1",
                       "--compressed-slices", "0", "--readers", READERS)  # fmt: skip
    assert {"processor", "cores", "python", "SimpleITK"} <= report["machine"].keys()
    table = report["native"]["12 bits"]
    assert (table["slices"], table["volume_bytes"], table["rounds"]) == (3, 3 * 32 * 32 * 2, 1)
    assert table["readers"]["dcm2niix"] == {"failure": peers.NOT_AVAILABLE}
    for reader in READERS.split(";")[:2]:
        row = table["readers"][reader]
        assert row.keys() == FIGURES
        assert row["voxels"] == "same"
        assert row["wall_min_s"] > 0
    assert table["readers"]["SimpleITK, sorted list"]["ratio"] == 1.0
    text = bench_load.as_text(report, 32)
    assert "| dcm2niix | not available |" in text
    assert "3 slices of 32x32" in text


def test_the_comparison_gives_one_object_of_named_outcomes():
    report = output_of("compare_readers.py", "--only", "missing slice", "--readers",
                       "anatomy_twin, repair;SimpleITK, own discovery;dcm2niix")  # fmt: skip
    assert list(report["variants"]) == ["good series", "missing slice"]
    good, missing = ([cell["outcome"] for cell in row["readers"].values()] for row in report["variants"].values())
    assert good == ["right", "right", peers.NOT_AVAILABLE]
    assert missing == ["warns and right", "WRONG, warns", peers.NOT_AVAILABLE]
    text = compare_readers.as_text(report, tuple(report["variants"]["missing slice"]["readers"]))
    assert "| missing slice | warns and right | WRONG, warns | not available |" in text
    assert "\nanatomy_twin, repair: 1 warns and right" in text


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("name", ["", *bench_load.SYNTAXES])
def test_the_series_that_is_measured_holds_its_truth(tmp_path, name, signed):
    """Read by SimpleITK, which has no part in writing it but for the JPEG of 1992."""
    hu = bench_load.ct_like(3, 40)
    written = bench_load.write_series(tmp_path / "series", hu, bench_load.SYNTAXES.get(name, ""), signed)
    load, arrays_of = PEERS["SimpleITK, sorted list"]()
    result = load(written.folder, list(written.files))  # SimpleITK's arrays live in its image
    arrays, _ = arrays_of(result)
    assert peers.agreement(arrays, str(written.truth), written.affine) == "same"
    assert len({file.name for file in written.folder.iterdir()}) == 3


def test_the_header_is_as_large_as_a_scanners(tmp_path):
    import pydicom

    written = bench_load.write_series(tmp_path / "series", bench_load.ct_like(2, 16))
    dataset = pydicom.dcmread(written.files[0])
    assert 110 <= sum(1 for _ in dataset) <= 150
    assert sum(element.tag.is_private for element in dataset) > 10
    assert any(element.VR == "SQ" and any(inner.VR == "SQ" for item in element.value for inner in item)
               for element in dataset)  # fmt: skip


def test_equal_means_the_same_values_at_the_same_places(tmp_path):
    truth = np.random.default_rng(0).integers(-1000, 1000, (4, 5, 6)).astype(np.int16)
    file = str(tmp_path / "truth.npy")
    np.save(file, truth)
    affine = np.array([[0, 0, 0.7, 1], [0, 0.8, 0, 2], [2.5, 0, 0, 3], [0, 0, 0, 1]])
    turned = affine[:, [1, 2, 0, 3]].copy()
    turned[:, 3] += turned[:, 0] * 4
    turned[:, 0] *= -1
    moved = np.transpose(truth, (1, 2, 0))[::-1]
    assert peers.agreement([(truth, affine)], file, affine) == "same"
    assert peers.agreement([(moved, turned)], file, affine) == "same"
    assert peers.agreement([(moved[::-1], turned)], file, affine).startswith("values differ")
    assert peers.agreement([(truth[:, ::-1], turned)], file, affine) == "other places"
    assert peers.agreement([(truth + 1, affine)], file, affine) == "values differ by up to 1"
    assert peers.agreement([(truth, affine), (truth, affine)], file, affine) == "2 volumes"
    shifted = affine + np.outer([1, 0, 0, 0], [0, 0, 0, 0.1])
    assert peers.agreement([(truth, shifted)], file, affine) == "other places"


def test_a_reader_that_raises_or_does_not_answer_costs_one_row(tmp_path):
    request = {"reader": "pydicom", "folder": str(tmp_path), "files": [str(tmp_path / "absent.dcm")]}
    outcome = peers.run_reader(request, Path(sys.executable), 60)
    assert outcome.reply is None
    assert outcome.failure.startswith("FileNotFoundError")
    assert peers.run_reader(request, Path(sys.executable), 0.01).failure == "no answer within 0.01 s"
