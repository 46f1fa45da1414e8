"""Words on pictures and in reports: nothing cut off, nothing said twice, no file left behind by a failed write."""

from __future__ import annotations

import errno
import re
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin.render.text as words
from anatomy_twin.core import Assessment, Case, Quantity
from anatomy_twin.errors import RenderError
from anatomy_twin.rehearsal import build_scene, structure_label
from anatomy_twin.render import legend_of
from anatomy_twin.render.still import scaled_down
from anatomy_twin.report.anatomy import segment_rows
from anatomy_twin.report.content import build_content
from anatomy_twin.report.page import make_page
from tests.support.toy_case import planned_case, scanned_case


def segmented() -> Case:
    """The toy case with two segments of the liver, both in doubt, and their volumes among the numbers."""
    case = scanned_case()
    labels = case.label_map
    liver = labels.mask("liver")
    half = np.arange(liver.shape[2]) < np.median(np.argwhere(liver)[:, 2])
    array = np.where(liver, np.where(half, 5, 2), 0).astype(np.uint8)[None]
    base = labels.segments[0]
    share = 100.0 * float((array == 5).sum()) / float(liver.sum())
    segments = tuple(
        replace(base, name=f"liver_segment_{n}", layer=0, value=n, state="check", rules=("estimated",), part_of="",
                note=note)
        for n, note in ((5, f"{share:.1f} % of the liver"), (2, "lies near portal_branches; small"))
    )
    parts = replace(labels, array=array, segments=segments, notes=())
    numbers = tuple(
        Quantity(f"liver_segment_{n}_ml", f"{structure_label(f'liver_segment_{n}')} volume", 1.0, "ml") for n in (2, 5)
    )
    general = Assessment("", numbers, notes=("these numbers are of a generated patient", "around tumour_1"))
    return replace(case, anatomy=replace(case.anatomy, territories=parts), assessments={"": general})


def test_a_legend_that_is_too_long_ends_above_the_last_line_and_counts_the_rest() -> None:
    legend = tuple((f"structure {n}", (200, 40, 40)) for n in range(80))
    blank = np.full((600, 800, 3), 255, np.uint8)
    picture = words.annotate(blank, notice="for nobody", legend=legend)
    red = np.argwhere((picture[..., 0] > 150) & (picture[..., 1] < 90))
    assert red[:, 0].max() < 560  # the notice stands below
    shown = words._fitting(legend, (800, 600), False)
    assert shown[-1][0] == f"and {80 - (len(shown) - 1)} more" and len(shown) > 20
    assert words._fitting(legend[:5], (800, 600), True) == legend[:5]


def test_vertebrae_share_one_line_of_the_legend() -> None:
    scene = build_scene(planned_case())
    layer = scene.surfaces[0]
    spine = tuple(
        replace(layer, name=f"vertebra_{n}", label=f"Vertebra {n.upper()}", visible=True, group="organ", state=state)
        for n, state in (("t12", "ok"), ("l1", "check"), ("l2", "ok"))
    )
    labels = [label for label, _ in legend_of(replace(scene, surfaces=(*scene.surfaces, *spine)))]
    assert [label for label in labels if "Vertebra" in label] == ["Vertebrae T12 to L2 (some: check)"]


def test_a_full_disk_leaves_no_picture_and_does_not_touch_an_old_one(tmp_path, monkeypatch) -> None:
    target = tmp_path / "sheet.png"
    target.write_bytes(b"older")
    picture = np.zeros((10, 10, 3), np.uint8)

    class Full:
        def __init__(self, *_): ...
        def __enter__(self): return self
        def __exit__(self, *_): ...
        def write(self, _): raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fdopen", Full)
        with pytest.raises(RenderError, match="no space left on device") as caught:
            words.write_png(picture, target)
    assert caught.value.advice and "sheet.png" in caught.value.line
    assert target.read_bytes() == b"older" and [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
    words.write_png(picture, target)
    assert target.read_bytes()[:4] == b"\x89PNG" and len(list(tmp_path.iterdir())) == 1


def test_a_picture_scaled_down_has_the_means_of_its_pixels() -> None:
    large = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    small = scaled_down(large, 2)
    means = large.reshape(2, 2, 3, 2, 3).mean(axis=(1, 3))
    assert small.shape == (2, 3, 3) and np.abs(small - means).max() <= 0.5


def test_segments_stand_in_one_table_with_their_rules_and_without_their_share_twice() -> None:
    case = segmented()
    rows = segment_rows(case)
    assert [row["judged"] for row in rows] == ["check: estimated"] * 2
    assert rows[0]["note"] == "" and rows[0]["share"].endswith("%")
    content = build_content(case, build_scene(case), "")
    page = make_page(content, [], [])
    assert page.count("Liver segment V<") == 1 and "check: estimated" in page
    assert content["number_notes"] == ["around Tumour 1"], "the head says that the patient is generated"
    assert content["segments"][1]["note"] == "lies near Portal vein branches; small"
    assert [row["name"] for row in content["numbers"]] == ["liver_segment_2_ml", "liver_segment_5_ml"]  # in the JSON


def test_every_cell_names_its_column_for_narrow_screens() -> None:
    case = planned_case()
    page = make_page(build_content(case, build_scene(case), "A"), [], [])
    heads = 0
    for table in re.findall(r"<table>.*?</table>", page, flags=re.S):
        names = re.findall(r"<th>(.*?)</th>", table)
        for row in re.findall(r"<tr>(.*?)</tr>", table, flags=re.S)[1:] if names else []:
            if "colspan" not in row:
                assert re.findall(r'<td data-name="(.*?)"', row) == names
                heads += 1
    assert heads > 10
