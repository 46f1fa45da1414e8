"""The script that compares makers of surfaces: its arguments, the shape of its figures, and what it measures."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import bench_mesh  # noqa: E402  (the scripts folder is no package)
import mesh_makers  # noqa: E402

OURS, PEER = "anatomy_twin, smooth", "scikit-image per label, not smooth"


def test_the_bench_gives_one_object_of_named_figures():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "bench_mesh.py", "--json", "--quick", "--shape", "40", "64", "64",
         "--makers", f"{OURS};{PEER}"], capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {"processor", "cores", "python", "vtk", "scikit-image"} <= report["machine"].keys()
    assert (report["shape"], report["rounds"]) == ([40, 64, 64], 1)
    assert list(report["surfaces"]) == [OURS, PEER]
    ours, peer = report["surfaces"].values()
    assert ours["watertight"] == ours["manifold"] == ours["outward"] == ours["structures"] == 4
    assert peer["ratio"] == 1.0
    assert ours["gap_max_voxels"] < 0.25
    assert abs(ours["lesion_error_percent"]) < 1.0
    assert ours["triangles"] > 1000 and ours["wall_min_s"] > 0
    text = bench_mesh.as_text(report)
    assert "64x64x40 voxels" in text
    assert f"| {PEER} | " in text


def test_an_unknown_maker_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        bench_mesh.main(["--makers", "nobody"])
    assert "no maker is called 'nobody'" in capsys.readouterr().err


def test_a_maker_that_fails_costs_one_row(tmp_path):
    bench = bench_mesh.Bench((24, 40, 40), 1, Path(sys.executable), tmp_path)
    (tmp_path / "labels.npy").unlink()
    row = bench.compared("maker", [PEER], PEER)[PEER]
    assert row.keys() == {"failure"}
    assert "labels.npy" in row["failure"]
    report = {"machine": {}, "shape": [24, 40, 40], "rounds": 1, "surfaces": {PEER: row}}
    assert f"| {PEER} | FileNotFoundError" in bench_mesh.as_text(report)


def test_the_scene_holds_what_it_says():
    labels, centre = mesh_makers.scene((80, 128, 128))
    voxel_mm3 = float(np.prod(mesh_makers.SPACING_MM))
    assert set(np.unique(labels)) == {0, 1, 2, 3, 4}
    lesion = np.argwhere(labels == mesh_makers.LESION)
    assert len(lesion) * voxel_mm3 == pytest.approx(4 / 3 * math.pi * 5.0**3, rel=0.05)
    assert np.allclose(lesion.mean(axis=0) * mesh_makers.SPACING_MM, centre[::-1], atol=0.3)


def test_figures_know_gaps_volumes_and_open_surfaces():
    """Two boxes that should touch and are 0.4 mm apart: half a voxel of 0.8 mm. The other surfaces are elsewhere."""
    labels = np.zeros((12, 40, 60), np.uint8)
    labels[3:9, 5:35, 5:20] = 1
    labels[3:9, 5:35, 20:30] = 2
    labels[3:9, 5:15, 40:50] = 3
    labels[3:9, 20:30, 40:50] = 4
    spacing = np.array(mesh_makers.SPACING_MM)[::-1]
    made = {}
    for label in range(1, 5):
        where = np.argwhere(labels == label)[:, ::-1]
        low, high = (where.min(axis=0) - 0.5) * spacing, (where.max(axis=0) + 0.5) * spacing
        if label == 2:
            low[0] += 0.4
        box = trimesh.creation.box(bounds=[low, high])
        for _ in range(5):
            box = box.subdivide()
        made[label] = np.asarray(box.vertices), np.asarray(box.faces)[1 if label == 3 else 0 :]
    found = mesh_makers.figures(made, labels, mesh_makers.SPACING_MM, (0.0, 0.0, 0.0))
    assert found["gap_max_voxels"] == pytest.approx(0.5)
    assert found["organ_error_percent"] == pytest.approx(0.0, abs=1e-6)
    assert found["lesion_error_percent"] == pytest.approx(0.0, abs=1e-6)
    assert (found["watertight"], found["structures"]) == (3, 4)
    assert found["boundary_max_mm"] == pytest.approx(0.4)
