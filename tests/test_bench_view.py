"""The script that measures the window: its arguments, its tables, and one real measurement."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import bench_view  # noqa: E402  (the scripts folder is no package)


def test_a_case_that_is_not_there_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        bench_view.main(["nowhere.twin"])
    assert "nowhere.twin is no case" in capsys.readouterr().err


def test_figures_and_failures_stand_in_the_tables():
    report = {
        "machine": {"cores": "2"},
        "triangles": {"20000": {"plain_per_s": 15.94, "finest_per_s": 7.7, "adapted_per_s": 20.1,
                                "adapted_triangles": 19000}},
        "cases": {"sample": {"frames_per_s": 12.34, "slice_ms": 41.2, "longest_block_ms": 88.0},
                  "real CT": {"failure": "no answer within 900 s"}},
    }  # fmt: skip
    text = bench_view.as_text(report)
    assert "| 20000 | 15.9 | 7.7 | 20.1 | 19000 |" in text
    assert "| sample |  |  | 12.3 |" in text
    assert "| real CT | no answer within 900 s |" in text


@pytest.mark.long
@pytest.mark.gui
def test_balls_are_measured_in_a_process_of_their_own(tmp_path):
    screen = bench_view._screen()
    if screen is None:
        pytest.skip("no display and no xvfb-run")
    row = bench_view.Bench(screen, Path(sys.executable), tmp_path).by_triangles((5000,), quick=True)["5000"]
    assert "failure" not in row, row
    assert 4000 < row["triangles"] < 6000
    assert row["plain_per_s"] > 0 and row["adapted_per_s"] > 0 and row["renderer"]
