"""Wall, recess and hollow organs on a drawn trunk whose layers are known."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.abdomen.hollow import find_hollow
from anatomy_twin.segmentation.abdomen.recess import EXTENT_SIDE_MM, find_pleural_recess
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import find_tissues, find_wall, lungs_of
from tests.support.overlap import dice

PORTAL = Phase("portal venous", 150.0, 100.0)


@cache
def trunk(spacing=(3.0, 3.0, 3.0)):
    """A trunk of ellipses: 2 mm skin, 14 mm fat, 14 mm muscle with ribs, then liver, lungs and gut in fat."""
    shape = tuple(int(size / step) for size, step in zip((240, 250, 340), spacing, strict=True))
    geometry = VolumeGeometry.upright(shape, spacing, (-170.0, -125.0, -120.0))
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(shape), 0, -1)), -1, 0)

    def inside(depth):
        return (x / (150 - depth)) ** 2 + (y / (105 - depth)) ** 2 < 1

    body, hu = inside(0), np.full(shape, -1000.0)
    cavity = inside(30)
    dome = 60 - (x / 22) ** 2 * 0.6 - (y / 20) ** 2
    masks = {"body": body}
    masks["liver"] = inside(32) & (x < 5) & (z < dome - 4) & (z > -60) & (y < 60)
    lungs = inside(31) & (z > dome) & (np.abs(x) > 12) & (y < 50)
    masks["lung_right"], masks["lung_left"] = lungs & (x < 0), lungs & (x > 0)
    ribs = inside(19) & ~inside(27) & (np.mod(z + 0.3 * y, 30) < 10) & (z > -40)
    spine = np.hypot(x, y - 55) < 18
    masks["bone"] = ribs | spine
    truth = {"skin": body & ~inside(2), "fat": inside(2) & ~inside(16), "muscle": inside(16) & ~cavity & ~ribs}
    gas = ((x - 60) / 25) ** 2 + ((y + 35) / 18) ** 2 + ((z + 50) / 25) ** 2 < 1
    bile = ((x + 20) / 13) ** 2 + ((y + 10) / 13) ** 2 + ((z + 66) / 20) ** 2 < 1
    masks["liver"] &= ~bile
    for mask, value in ((body, 20.0), (truth["fat"], -100.0), (truth["muscle"], 60.0), (cavity, -100.0),
                        (masks["liver"], 105.0), (lungs, -850.0), (masks["bone"], 450.0), (bile, 8.0), (gas, -950.0)):
        hu[mask] = value
    hu = ndimage.gaussian_filter(hu, 0.4) + np.random.default_rng(2).normal(0, 8, shape)
    truth["gas"], truth["gallbladder"] = gas, bile & ~masks["bone"]
    return geometry, hu.astype(np.float32), masks, truth


def test_layers_of_the_wall():
    geometry, hu, masks, truth = trunk()
    found = find_tissues(hu, geometry, masks, PORTAL)
    outer = truth["fat"] & ~found["skin"].mask
    assert np.mean(found["fat"].mask[outer]) > 0.85
    assert np.mean((found["muscle"].mask | found["diaphragm"].mask)[truth["muscle"]]) > 0.75
    assert np.mean((truth["muscle"] | truth["skin"])[found["muscle"].mask]) > 0.75
    taken = masks["liver"] | masks["bone"] | masks["lung_right"] | masks["lung_left"]
    for entry in found.values():
        assert not (entry.mask & taken).any() and not (entry.mask & ~masks["body"]).any()
    together = sum(entry.mask.astype(int) for entry in found.values())
    assert together.max() == 1


def test_ways_from_the_skin_to_the_liver_meet_nothing_unknown():
    geometry, hu, masks, _ = trunk()
    found = find_tissues(hu, geometry, masks, PORTAL)
    known = masks["liver"] | masks["bone"]
    for entry in found.values():
        known = known | entry.mask
    unknown_mm = []
    for z in range(-45, 15, 6):
        for angle in np.radians(np.arange(120, 241, 6)):
            way = np.arange(0, 200, 1.0)
            points = np.array([-30.0, 0.0, z]) + way[:, None] * [np.cos(angle), -np.sin(angle), 0.0]
            index = np.rint(geometry.to_index(points)).astype(int)
            index = index[np.all((index >= 0) & (index < geometry.shape), axis=1)]
            line = masks["body"][tuple(index.T)] & ~known[tuple(index.T)]
            unknown_mm.append(np.count_nonzero(line))
    assert np.mean(np.array(unknown_mm) <= 3) > 0.9


def test_skin_is_thinner_on_the_voxels_of_the_scan():
    geometry, hu, masks, _ = trunk((2.5, 1.4, 1.4))
    found = find_tissues(hu, geometry, masks, PORTAL)
    middle = found["skin"].mask[60]
    widths = middle[middle.shape[0] // 2].sum() / 2 * 1.4
    assert 1.4 <= widths <= 4.2
    assert found["skin"].rules == ("estimated",) and "assumed" in found["skin"].note


def test_recess_lies_below_the_lung_on_the_wall():
    geometry, hu, masks, _ = trunk()
    found = find_pleural_recess(hu, geometry, masks, PORTAL)["pleural_recess"]
    assert found.rules == ("estimated",) and "assumed" in found.note
    lungs = lungs_of(masks)
    assert not (found.mask & lungs).any()
    wall = find_wall(hu, geometry, masks)
    assert np.abs(wall.cavity_depth[found.mask]).max() < 13.0
    # at the patient's right side a level needle meets it just below the lung's edge and no longer 60 mm lower
    x, y, _ = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)), -1, 0)
    side = (x < -60) & (np.abs(y) < 12)
    edge = np.flatnonzero((lungs & side & (wall.cavity_depth < 10)).any(axis=(1, 2)))[0]
    levels = np.flatnonzero((found.mask & side).any(axis=(1, 2)))
    assert levels.min() >= edge - EXTENT_SIDE_MM / 3.0 - 4
    assert levels.min() <= edge - 6
    for k in range(levels.min() + 1, edge - 1):
        assert (found.mask[k] & side[k]).any(axis=1).sum() >= 6


def test_recess_needs_a_lung():
    geometry, hu, masks, _ = trunk()
    few = {name: mask for name, mask in masks.items() if not name.startswith("lung")}
    found = find_pleural_recess(hu, geometry, few, PORTAL)["pleural_recess"]
    assert found.absent and "lung" in found.note


def test_gas_becomes_bowel_with_its_wall_and_lung_does_not():
    geometry, hu, masks, truth = trunk()
    found = find_hollow(hu, geometry, masks, PORTAL)
    gut = np.zeros_like(truth["gas"])
    for name in ("bowel", "colon", "stomach"):
        if not found[name].absent:
            gut |= found[name].mask
    assert np.mean(gut[truth["gas"]]) > 0.98
    assert np.count_nonzero(gut) < 1.9 * np.count_nonzero(truth["gas"])
    assert not (gut & (masks["lung_right"] | masks["lung_left"])).any()
    # what is wider than small bowel is colon
    assert not found["colon"].absent


def test_bile_under_the_liver_is_the_gallbladder():
    geometry, hu, masks, truth = trunk()
    found = find_hollow(hu, geometry, masks, PORTAL)["gallbladder"]
    assert not found.absent, found.note
    assert dice(found.mask, truth["gallbladder"]) > 0.7
    dry = np.where(ndimage.binary_dilation(truth["gallbladder"], iterations=2) & ~masks["liver"], -100.0, hu)
    assert find_hollow(dry.astype(np.float32), geometry, masks, PORTAL)["gallbladder"].absent
