"""The verb confirm and the report's page: registration first, the numbers, kept in the case."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.cli.main import main
from anatomy_twin.phantom import write_series
from anatomy_twin.report.confirmation import confirmation_tasks
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd
from tests.support.second_scan import after, before


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A case, the scan after as DICOM, and its outlines as a file."""
    place = tmp_path_factory.mktemp("confirm")
    at.save_case(at.Case.new(volume=before().volume, labels=before().truth), place / "a.twin")
    write_series(after(), place / "after")
    labels = after().truth
    kept = replace(labels, segments=tuple(s for s in labels.segments if s.name in ("liver", "ablation_zone")))
    grid = at.load_volume(place / "after").geometry  # a reader tells the frame of reference by a stand-in
    kept = replace(kept, geometry=replace(kept.geometry, frame_of_reference_uid=grid.frame_of_reference_uid))
    (place / "zone.seg.nrrd").write_bytes(encode_seg_nrrd(kept))
    return place


@pytest.fixture(scope="module")
def confirmed(folder):
    """What the verb printed with --json; the case has the confirmation."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main(["confirm", str(folder / "a.twin"), str(folder / "after"), "--target", "tumour_1", "--zone",
                     str(folder / "zone.seg.nrrd"), "--contraction", "2", "--json"])  # fmt: skip
    assert code == 0
    return json.loads(out.getvalue())


def test_the_document_tells_the_registration_before_the_verdict(confirmed):
    keys = list(confirmed)
    assert keys.index("registration") < keys.index("verdict") and confirmed["synthetic"] is True
    assert confirmed["registration"]["error_mm"] < 1.5 and "liver" in confirmed["registration"]["text"]
    assert confirmed["contraction_percent"] == 2.0 and confirmed["assumed"]
    assert confirmed["low_mm"] < confirmed["margin_mm"] < confirmed["high_mm"]
    assert sum(confirmed["histogram"]["percent"]) == pytest.approx(100, abs=0.2)
    assert confirmed["quantities"]["target_percent"]["value"] == 100.0


def test_the_case_keeps_the_scan_its_labels_and_the_transform(folder, confirmed):
    case = at.load_case(folder / "a.twin")
    found = case.confirmations["after"]
    assert found.margin_mm == confirmed["margin_mm"] and found.verdict == confirmed["verdict"]
    assert case.volumes["after"] is found.volume and "ablation_zone" in case.labels["after"]
    assert case.transforms["scan", "after"].displacement_mm is not None
    step = case.provenance[-1]
    assert step.stage == "confirming the ablation" and "assumed" in step.facts["contraction_percent"]


def test_the_report_shows_the_registration_first(folder, confirmed, tmp_path):
    case = at.load_case(folder / "a.twin")
    page = at.write_report(case, tmp_path / "report").read_text(encoding="utf-8")
    part = page[page.index("Confirmation on the scan after"):]
    assert part.index("Registration of the two scans") < part.index("Minimal ablative margin")
    assert part.index("Minimal ablative margin") < part.index(confirmed["reason"])
    assert part.index("squares of the scan before") < part.index("through the worst point")
    assert page.index("After treatment: ") < page.index("Read this first"), "the answer stands at the head"
    assert part.count("<figure>") >= 5 and "2 % of length, assumed" in part
    document = json.loads((tmp_path / "report" / "report.json").read_text())
    assert document["confirmations"][0]["verdict_text"] == confirmed["verdict"]


def test_pictures_of_a_confirmation_show_zone_target_and_worst_point(folder, confirmed):
    tasks = confirmation_tasks(at.load_case(folder / "a.twin"))
    groups = [group for group, _, _ in tasks]
    assert groups == ["registration after"] * 2 + ["confirmation after"] * 3
    pictures = [draw() for group, _, draw in tasks if group == "confirmation after"]
    for picture in pictures[:2]:
        middle = picture.shape[0] // 2
        assert picture[middle - 2 : middle + 2, middle - 2 : middle + 2, 0].mean() > 200  # the cross
        for colour in ((255, 196, 70), (67, 214, 117)):
            near = np.abs(picture.astype(int) - colour).max(axis=2) < 40
            assert near.sum() > 100


def test_every_confirmation_has_its_pictures_and_all_stand_side_by_side(folder, confirmed, tmp_path):
    case = at.load_case(folder / "a.twin")
    found = case.confirmations["after"]
    poor = replace(found, name="4 weeks", error_mm=6.0, verdict="uncertain", registration="mean 6.0 mm")
    page = at.write_report(case.with_confirmation(poor), tmp_path / "report").read_text(encoding="utf-8")
    table = page[page.index("Confirmations side by side"):page.index("Confirmation on the scan after")]
    assert table.count("<tr>") == 3 and "POOR" in table and "6.0 mm" in table
    for name in ("after", "4 weeks"):
        part = page[page.index(f"Confirmation on the scan {name}"):].split("</section>")[0]
        assert part.count("<figure>") == 5 and f"and of {name}" in part


@pytest.mark.parametrize(("options", "line"), [
    (["--contraction", "70"], "contraction 70 is out of range"), (["--plan", "B"], "no plan is called 'B'"),
    (["--target", "tumour_9"], "no structure is called 'tumour_9'"), (["--zone", "none.nii"], "none.nii"),
])
def test_bad_options_are_refused_in_one_line(folder, capsys, options, line):
    assert main(["confirm", str(folder / "a.twin"), str(folder / "after"), *options]) == 2
    told = [part for part in capsys.readouterr().err.splitlines() if part.startswith("anatomy-twin:")]
    assert len(told) == 1 and line in told[0]
