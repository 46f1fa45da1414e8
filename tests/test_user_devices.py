"""Devices that users add as files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.core import Applicator
from anatomy_twin.errors import PlanError, UsageError
from anatomy_twin.plan import choose_zone
from anatomy_twin.simulation.thermal import cryo

MINE = {
    "kind": "rfa", "frequency_hz": 5e5, "shaft_length_mm": 150.0, "shaft_diameter_mm": 1.3, "active_length_mm": 15.0,
    "active_offset_mm": 7.5, "power_w": [5, 60], "duration_s": [30, 900], "electrode": {},
    "generator": {"kind": "power"},
}  # fmt: skip

COLD = {
    "kind": "cryo", "shaft_length_mm": 150.0, "shaft_diameter_mm": 1.5, "active_length_mm": 25.0,
    "active_offset_mm": 15.0, "power_w": [20, 100], "duration_s": [60, 900],
    "gas": {"needle_c": -130.0, "time_constant_s": 15.0},
    "protocol": [{"phase": "freeze"}, {"phase": "thaw", "duration_s": 120.0}, {"phase": "freeze"}],
}  # fmt: skip


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Write a file of devices, name it to the program, and return what the catalog then has."""

    def write(devices, text=None):
        path = tmp_path / "mine.json"
        path.write_text(json.dumps({"devices": devices}) if text is None else text)
        monkeypatch.setenv("ANATOMY_TWIN_DEVICES", str(tmp_path))
        catalog.load.cache_clear()
        return catalog.load("devices")["devices"]

    yield write
    catalog.load.cache_clear()


def test_a_device_of_the_user_is_there_and_assumed_where_it_has_no_source(add):
    found = add({"mine": MINE})
    assert "mwa-generic" in found
    assert found["mine"]["label"] == "mine"
    assert "power_w" in found["mine"]["assumed"]
    sourced = add({"mine": {**MINE, "source": "manual, page 3", "assumed": ["power_w"]}})
    assert sourced["mine"]["assumed"] == ["power_w"]


@pytest.mark.parametrize(("change", "words"), [
    ({"kind": "laser"}, "kind 'laser' is unknown"),
    ({"kind": []}, "kind .* is unknown"),
    ({"shaft_diameter_mm": 1e9}, "at most 1000 mm"),
    ({"zone_table": 3}, "zone_table is no list"),
    ({"zone_table": [{"power_w": 50}]}, "duration_s of a row of zone_table is None"),
    ({"power_w": [50, 5]}, "power_w is not a range"),
    ({"power_w": 50}, "power_w is not a range"),
    ({"shaft_length_mm": -3}, "shaft_length_mm is -3"),
    ({"shaft_length_mm": "long"}, "shaft_length_mm is 'long'"),
    ({"active_length_mm": True}, "active_length_mm is True"),
    ({"generator": {"kind": "impedance"}}, "generator.start_power_w is missing"),
    ({"generator": {"kind": "magic"}}, "generator.kind 'magic'"),
    ({"generator": 3}, "generator.kind None"),
    ({"electrode": 3}, "electrode is no object"),
])  # fmt: skip
def test_what_makes_no_sense_is_named(add, change, words):
    with pytest.raises(UsageError, match=words) as caught:
        add({"mine": {**MINE, **change}})
    assert "mine.json" in str(caught.value)


def test_a_device_without_a_table_promises_no_zone(add):
    found = add({"mine": MINE})["mine"]
    with pytest.raises(PlanError, match="mine has no table of zones"):
        choose_zone(found, np.zeros((1, 3)), np.array([0.0, 0.0, 1.0]), 5.0)


def test_a_needle_of_the_user_freezes(add):
    found = add({"needle": COLD})["needle"]
    assert catalog.device_setting(found) == ("duty cycle", "%")
    applicator = Applicator("needle", (0.0, 0.0, 60.0), (0.0, 0.0, 0.0), 80.0, 200.0, 30.0)
    spans = [(phase.start_s, phase.stop_s, phase.needle_c) for phase in cryo.phases_of(applicator, 25.0)]
    assert spans == [(30.0, 230.0, -130.0), (350.0, 550.0, -130.0)]
    assert {phase.start_c for phase in cryo.phases_of(applicator, 25.0)} == {25.0}


@pytest.mark.parametrize(("change", "words"), [
    ({"gas": {"needle_c": -130.0}}, "gas.time_constant_s is missing"),
    ({"protocol": "freeze"}, "protocol is no list of phases"),
    ({"protocol": []}, "protocol is no list of phases"),
    ({"protocol": [{"phase": "boil"}]}, "protocol is no list of phases"),
    ({"protocol": [{"phase": "thaw", "duration_s": 3}]}, "begins with a thaw"),
    ({"protocol": [{"phase": "freeze"}, {"phase": "thaw"}]}, "a thaw of the protocol has no duration_s"),
])  # fmt: skip
def test_a_needle_that_makes_no_sense_is_named(add, change, words):
    with pytest.raises(UsageError, match=words):
        add({"needle": {**COLD, **change}})


def test_files_that_are_no_devices_are_refused(add):
    with pytest.raises(UsageError, match="cannot be read as JSON"):
        add({}, "{")
    with pytest.raises(UsageError, match="has no 'devices'"):
        add({}, "[]")
    with pytest.raises(UsageError, match="there is a device 'mwa-generic' already"):
        add({"mwa-generic": MINE})
    with pytest.raises(UsageError, match="is no object"):
        add({"mine": 3})


def test_a_place_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ANATOMY_TWIN_DEVICES", str(tmp_path / "nothing"))
    catalog.load.cache_clear()
    with pytest.raises(UsageError, match="which is not there"):
        catalog.load("devices")
    monkeypatch.delenv("ANATOMY_TWIN_DEVICES")
    catalog.load.cache_clear()
    assert "mwa-generic" in catalog.load("devices")["devices"]
