"""The sample of atrial fibrillation from its DICOM files to the chamber, held against the truth beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.regions import point_areas
from anatomy_twin.anatomy.heart.substrate import share_of
from anatomy_twin.core import Transform
from anatomy_twin.pipeline import heart_of, import_heart, load_labels, segment_case
from anatomy_twin.pipeline.heart import LATE
from anatomy_twin.scan import find_series

SAMPLES = Path(__file__).resolve().parents[1] / "sample_scans"
TRUTH = SAMPLES / "truth"
VEINS_MM = 4.0  # farther from any wall of the truth the surface is that of a vein beyond its stump


def test_both_scans_are_of_one_patient_and_known_as_synthetic():
    found = find_series(SAMPLES / "atrial_fibrillation")
    assert [one.modality for one in found] == ["CT", "MR"] and all(one.loadable for one in found)
    assert found[0].patient_key == found[1].patient_key
    assert sum(file.stat().st_size for file in (SAMPLES / "atrial_fibrillation").rglob("*.dcm")) < 6e6


@pytest.fixture(scope="module")
def case():
    return heart_of(segment_case(import_heart(SAMPLES / "atrial_fibrillation"), "cta-heart"))


@pytest.mark.long
def test_the_chamber_is_that_of_the_truth(case):
    truth = load_labels(TRUTH / "atrial_fibrillation_cta_seg.dcm", case.volume)
    found, true = (labels.mask("left_atrium") for labels in (case.label_map, truth))
    assert 2.0 * (found & true).sum() / (found.sum() + true.sum()) > 0.95
    chamber = case.chamber("left_atrium")
    assert chamber.notes == () and len(chamber.openings) == 5
    # every point of the wall lies near the border of the true blood
    border = true & ~np.logical_and.reduce([np.roll(true, step, axis) for axis in range(3) for step in (-1, 1)])
    away = cKDTree(truth.geometry.to_world(np.argwhere(border))).query(chamber.surface.points_mm)[0]
    assert np.median(away) < 1.0 and np.quantile(away, 0.95) < 3.0
    lobe = truth.geometry.to_world(np.argwhere(truth.mask("left_atrial_appendage"))).mean(axis=0)
    own = chamber.surface.points_mm[chamber.in_regions(["left_atrial_appendage"])].mean(axis=0)
    assert np.linalg.norm(own - lobe) < 4.0


@pytest.mark.long
def test_the_late_enhancement_is_laid_where_it_belongs_and_fibrosis_is_that_of_the_truth(case):
    facts = json.loads((TRUTH / "atrial_fibrillation_late_enhancement.json").read_text(encoding="utf-8"))
    chamber = case.chamber("left_atrium")
    points, areas = chamber.surface.points_mm, point_areas(chamber.surface)
    true = Transform(np.array(facts["mr_from_ct"]), None).to_moving(points)
    found = case.transforms["scan", LATE].to_moving(points)
    assert np.linalg.norm(found - true, axis=1).mean() < 1.0
    labels = load_labels(TRUTH / "atrial_fibrillation_late_enhancement_seg.dcm", case.volumes[LATE])
    voxels = np.argwhere(labels.mask("left_atrium_wall"))
    away, nearest = cKDTree(labels.geometry.to_world(voxels)).query(true)
    scar = labels.mask("left_atrial_fibrosis")[tuple(voxels.T)][nearest]
    wall = (away < VEINS_MM) & ~chamber.in_regions(
        [name for name in chamber.region_names if name.startswith("pulmonary_vein") or name == "mitral_annulus"])
    share = areas[wall & scar].sum() / areas[wall].sum()
    assert share_of(chamber, chamber.substrate) == pytest.approx(share, abs=0.03)
    marked = chamber.substrate.classes > 0
    both = areas[wall & scar & marked].sum()
    assert 2.0 * both / (areas[wall & scar].sum() + areas[wall & marked].sum()) > 0.85
