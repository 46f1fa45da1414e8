"""A confirmation, its scan and the displacement field survive on disk to the last bit."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Code, Confirmation, LabelMap, Quantity, Segment, Transform, Volume, VolumeGeometry
from anatomy_twin.errors import DataError, StoreError
from anatomy_twin.store import load_case, save_case, verify_case
from tests.support.full_case import full_case
from tests.support.saved_cases import assert_equal, reseal


def confirmation(error_mm=0.8, name="after \u00fc"):
    grid = VolumeGeometry.upright((3, 4, 5), (2.0, 1.0, 1.0), (1 / 3, -2.0, 7.0), "1.2.3")
    array = np.arange(60, dtype=np.int16).reshape(grid.shape)
    zone = Segment("ablation_zone", 0, 1, Code("SCT", "6574001", "Necrosis"), (255, 196, 70), "check", "liver", "n",
                   ("volume",))  # fmt: skip
    coarse = VolumeGeometry.upright((2, 2, 3), (4.0, 4.0, 4.0), (0.1, 0.2, 0.3))
    field = np.linspace(-3, 3, 36, dtype=np.float32).reshape(3, 2, 2, 3)
    interval = (None, None) if error_mm is None else (4.2 - error_mm, 4.2 + error_mm)
    return Confirmation(
        name, "tumour_1", "A", "surfaces: 0.8 mm", error_mm, error_mm, "uncertain", "why", 4.2, *interval,
        (1 / 3, 2.0, 3.0), (4.0, 5.0, 6.0), (2.0, 3.0, 4.0), (40.0, 60.0), 3.0,
        (Quantity("zone_ml", "Zone", 3.1, "ml"), Quantity("rim", "Rim", None, "%", verdict="not checked")),
        ("contraction",), ("look",), True, Volume(array, grid, synthetic=True),
        LabelMap((array % 2)[None].astype(np.uint8), grid, (zone,)),
        Transform(np.eye(4) + np.eye(4, k=1) / 3, error_mm, field, coarse, "surfaces"),
    )


@pytest.mark.parametrize("error_mm", [0.8, None])
@pytest.mark.parametrize("file", ["case.twin", "case.zip"])
def test_a_confirmation_is_read_as_it_was_saved(tmp_path, file, error_mm):
    case = full_case().with_confirmation(confirmation(error_mm))
    saved = save_case(case, tmp_path / file)
    assert_equal(load_case(saved), case)
    verify_case(saved)
    again = save_case(load_case(saved), tmp_path / f"again {file}")
    if saved.is_dir():
        assert (again / "case.json").read_bytes() == (saved / "case.json").read_bytes()


def test_a_confirmation_without_its_scan_is_refused(tmp_path):
    saved = save_case(full_case().with_confirmation(confirmation()), tmp_path / "case.twin")

    def without_transform(manifest):
        entry = manifest["case"]["transforms"].pop()
        del manifest["files"][entry["field"]]

    reseal(saved, without_transform)
    with pytest.raises(StoreError, match="is not in the case"):
        load_case(saved)


def test_a_new_segmentation_drops_what_was_confirmed_on_the_old_one():
    case = full_case().with_confirmation(confirmation())
    assert list(case.transforms)[-1] == ("scan", "after \u00fc") and case.labels["after \u00fc"].names
    other = replace(case.label_map, notes=("new",))
    assert not case.with_labels(other, case.anatomy).confirmations


def test_a_confirmation_does_not_replace_another_scan():
    with pytest.raises(DataError, match="scan called 'scan'"):
        full_case().with_confirmation(confirmation(name="scan"))
    with pytest.raises(DataError, match="arterial phase"):
        full_case().with_confirmation(confirmation(name="arterial phase"))
    once = full_case().with_confirmation(confirmation())
    assert len(once.with_confirmation(confirmation(0.5)).confirmations) == 1


def test_fields_of_another_shape_are_refused(tmp_path):
    saved = save_case(full_case().with_confirmation(confirmation()), tmp_path / "case.twin")

    def another(manifest):
        entry = manifest["case"]["transforms"][-1]
        former, entry["field"] = entry["field"], manifest["case"]["volumes"][0]["file"]
        del manifest["files"][former]

    reseal(saved, another)
    with pytest.raises(StoreError, match="no components"):
        load_case(saved)
    assert json.loads((saved / "case.json").read_text())
