"""Volumes of liver segments and where lesions lie, on a liver that is cut in two by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.assess import assess
from anatomy_twin.assess.territories import segment_shares, where_in_liver
from anatomy_twin.core import Anatomy, Case, Code, LabelMap, Segment
from tests.support.toy_patient import ELLIPSOIDS, toy_patient


def divided(state: str) -> Case:
    """The toy patient's liver parted by a sagittal plane through the middle of tumour_1: VIII to the right, IV to the
    left."""
    volume, labels = toy_patient(4.0)
    geometry = labels.geometry
    left = geometry.to_world(np.stack(np.indices(geometry.shape), -1))[..., 0] > ELLIPSOIDS["tumour_1"][0][0]
    array = np.where(labels.mask("liver"), np.where(left, 4, 8), 0).astype(np.uint8)[None]
    code = Code("SCT", "1", "part")
    segments = tuple(Segment(f"liver_segment_{n}", 0, n, code, (9, 9, 9), state) for n in (4, 8))
    territories = LabelMap(array, geometry, segments)
    return Case.new(volume=volume, labels=labels, anatomy=Anatomy({}, territories=territories))


def test_segments_add_up_to_the_liver_and_lesions_are_placed():
    case = divided("check")
    found = assess(case)
    parts = [found[f"liver_segment_{n}_ml"].value for n in (4, 8)]
    assert sum(parts) == pytest.approx(case.label_map.volume_ml("liver"), abs=0.11)
    assert "to be checked" in found["liver_segment_8_ml"].note and "% of the liver" in found["liver_segment_8_ml"].note
    assert found["tumour_2_ml"].note.startswith("in segment IV 100 % (estimated)")
    shares = dict(segment_shares(case.anatomy.territories, case.label_map.mask("tumour_1")))
    assert set(shares) == {"IV", "VIII"} and sum(shares.values()) == pytest.approx(1.0)
    assert 0.4 < shares["VIII"] < 0.6  # the plane runs through its middle
    assert "segment" not in found["spleen_ml"].note


def test_confirmed_segments_are_no_estimate_and_without_them_nothing_is_said():
    case = divided("confirmed")
    assert where_in_liver(case, "tumour_2") == "IV 100 %"
    assert "to be checked" not in assess(case)["liver_segment_4_ml"].note
    bare = replace(case, anatomy=Anatomy({}))
    assert where_in_liver(bare, "tumour_2") == "" and "segment" not in assess(bare)["tumour_2_ml"].note
    assert not any(quantity.name.startswith("liver_segment") for quantity in assess(bare).quantities)
