"""Table and simulation side by side: in a picture, in the terminal, in the report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import anatomy_twin as at
from anatomy_twin.cli.main import main
from anatomy_twin.core import VolumeGeometry
from anatomy_twin.rehearsal.plan_layers import MISSING_RGB, TABLE_RGB
from anatomy_twin.render import zone_panes, zones_picture
from anatomy_twin.report import pictures
from anatomy_twin.store import save_case
from tests.support.toy_case import planned_case


@pytest.fixture(scope="module")
def found():
    return at.compare_zones(planned_case(), "A")


def near(picture, colour, within=40):
    """How many points of a picture have about a colour."""
    return int(np.count_nonzero(np.abs(picture.astype(int) - np.array(colour)).max(axis=-1) < within))


def with_zone(found, mask, geometry: VolumeGeometry):
    """The comparison with another simulated zone."""
    result = replace(found.result, geometry=geometry, coagulated=mask, times_s=np.zeros(1), surface=None,
                     temperature_c=np.full((1, *mask.shape), 37.0, np.float32),
                     omega=np.zeros((1, *mask.shape), np.float32), cem43_min=np.zeros(mask.shape, np.float32))
    return at.compare_zones(planned_case(), planned_case().plan("A"), result, found.table)


def test_both_panes_show_their_zone_and_say_their_margin(found):
    table, simulated = zone_panes(planned_case(), found, size=(400, 400))
    assert near(table.picture, TABLE_RGB) > 300 and near(simulated.picture, TABLE_RGB) < 30
    assert "no physics" in table.title
    for pane, numbers in ((table, found.promised), (simulated, found.simulated)):
        assert f"minimal margin {numbers['minimal_margin_mm'].value:.1f} mm" in pane.numbers


def test_what_a_zone_does_not_cover_is_red_and_what_it_covers_is_not(found):
    geometry = found.result.geometry
    whole, little = np.ones(geometry.shape, bool), np.zeros(geometry.shape, bool)
    little[18:22, 18:22, 18:22] = True
    red = [near(zone_panes(planned_case(), with_zone(found, mask, geometry), size=(400, 400))[1].picture, MISSING_RGB)
           for mask in (whole, little)]  # fmt: skip
    assert red[0] < 20 and red[1] > 150


def test_the_terminal_sets_both_side_by_side_and_keeps_the_case_as_it_was(found, tmp_path, capsys):
    folder = save_case(planned_case(), tmp_path / "a.twin")
    before = sorted((file.name, file.read_bytes()) for file in folder.rglob("*") if file.is_file())
    assert main(["assess", str(folder), "--ellipsoid", "--picture", str(tmp_path / "pair.png"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["dice"] == pytest.approx(found.dice, abs=1e-3)
    for side, numbers in (("promised", found.promised), ("simulated", found.simulated)):
        told = document[side]["quantities"]["minimal_margin_mm"]["value"]
        assert told == numbers["minimal_margin_mm"].value
    with Image.open(tmp_path / "pair.png") as picture:
        assert picture.size[0] > 1000
    assert sorted((file.name, file.read_bytes()) for file in folder.rglob("*") if file.is_file()) == before
    assert main(["assess", str(folder), "--ellipsoid"]) == 0
    assert "table    simulated" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--plan", "X"], ["--picture", "pair.doc"]])
def test_the_terminal_refuses_in_a_line(tmp_path, capsys, options):
    folder = save_case(planned_case(), tmp_path / "a.twin")
    assert main(["assess", str(folder), "--ellipsoid", *options]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_report_has_the_pair_or_says_why_not(found):
    from anatomy_twin.rehearsal import build_scene

    case = planned_case()
    scene = build_scene(case, "A")
    figures, missing = pictures._beside_the_table(case, scene, case.results["A"])
    assert [figure.group for figure in figures] == ["zones", "zones"] and not missing
    assert "minimal margin" in figures[0].caption
    short = replace(case.plan("A"), applicators=(replace(case.plan("A").applicators[0], duration_s=60.0),))
    other = replace(case, plans={"A": short})
    figures, missing = pictures._beside_the_table(other, scene, case.results["A"])
    assert not figures and "promises nothing" in missing[0]


def test_a_sheet_is_written(found, tmp_path):
    picture = zones_picture(planned_case(), "A", tmp_path / "sheet.png", found)
    with Image.open(tmp_path / "sheet.png") as kept:
        assert np.array_equal(np.asarray(kept), picture)
