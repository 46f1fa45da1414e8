"""A tumour beside a large vein: no treatment coagulates blood that flows; the search says what can be had elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anatomy_twin.pipeline.searching import shortfall_line
from anatomy_twin.search import search_ablation
from anatomy_twin.simulation.thermal import ThermalModel
from tests.support.box_patient import base_masks, box, case_of, geometry, labels_of

MODEL = ThermalModel(spacing_mm=2.0, room_mm=15.0, snapshots=3)


@pytest.fixture(scope="module")
def beside():
    """A tumour of 8 mm radius, 2 mm beside a vein of 8 x 8 mm that runs from head to feet."""
    grid = geometry()
    return case_of(labels_of(grid, base_masks(grid) | {"hepatic_veins": box(grid, (10, -4, -50), (18, 4, 50))}))


def test_the_vessel_and_the_margin_elsewhere_are_named(beside):
    found = search_ablation(beside, ("tumour_1",), 4.0, most_applicators=1, model=MODEL)
    assert not found.confirmed and not found.plans and not found.results
    (short,) = found.shortfalls
    assert short.name == "margin of tumour_1" and 0.5 < short.reached < 3.0, "the blood begins 2 mm beside the tumour"
    assert short.elsewhere_mm >= 4.0, "all that the vein leaves is reached"
    assert short.place_mm[0] > 6.0 and abs(short.place_mm[1]) < 5.0, "where the vein is"
    line = shortfall_line(found)
    assert "the blood of hepatic veins flows" in line and "no treatment coagulates it" in line
    assert f"{short.elsewhere_mm:.1f} mm elsewhere" in line and "1 applicator in all" in line
    # no more heat than that takes: beyond it nothing is gained
    assert "15.0 min" not in line


def test_without_flow_the_same_tumour_is_covered(beside):
    found = search_ablation(beside, ("tumour_1",), 4.0, most_applicators=1, model=replace(MODEL, vessel_flow_factor=0))
    assert found.confirmed and found.margins_mm["tumour_1"] >= 4.0
