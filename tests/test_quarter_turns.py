"""A patient turned by 90 degrees: array axes change their order, and surfaces and tetrahedra must stay as good."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.build import build_anatomy
from anatomy_twin.anatomy.tetra.build import build_tetrahedra, tetrahedra_report
from anatomy_twin.core import LabelMap, Volume
from tests.support.tet_maps import ellipsoid, label_map, volumes_mm3

SPACING = (1.5, 1.1, 1.0)
TURNS = {"x": [1, 0, 0], "y": [0, 1, 0], "z": [0, 0, 1]}


@cache
def pair(axis: str = "") -> LabelMap:
    """Two bodies that touch, on a grid of three different spacings; turned about an axis."""
    first = ellipsoid((38, 56, 66), SPACING, (21.0, 24.0, 20.0), (28.0, 30.0, 24.0))
    second = ellipsoid((38, 56, 66), SPACING, (15.0, 18.0, 16.0), (26.0, 30.0, 44.0)) & ~first
    labels = label_map(first + 2 * second.astype(int), SPACING, ["liver", "spleen"])
    if not axis:
        return labels
    turn, old = turn_about(axis), labels.geometry
    origin = tuple(float(x) for x in turn @ np.asarray(old.origin_mm))
    return replace(labels, geometry=replace(old, direction=turn @ old.direction, origin_mm=origin))


def turn_about(axis: str) -> np.ndarray:
    return np.round(trimesh.transformations.rotation_matrix(np.pi / 2, TURNS[axis])[:3, :3])


@pytest.mark.parametrize("axis", TURNS)
def test_tetrahedra_of_a_turned_patient_are_as_good(axis):
    meshes = [build_tetrahedra(labels, ["liver", "spleen"], size_mm=5.0) for labels in (pair(), pair(axis))]
    straight, turned = tetrahedra_report(meshes[0], pair()), tetrahedra_report(meshes[1], pair(axis))
    assert volumes_mm3(meshes[1]).min() > 0
    assert turned.conforming and turned.overlapping_voxels == 0 and turned.inverted == 0
    assert turned.tetrahedra == pytest.approx(straight.tetrahedra, rel=0.05)
    assert min(turned.smallest_angle_deg, straight.smallest_angle_deg) > 12.0
    assert turned.boundary_p95_mm == pytest.approx(straight.boundary_p95_mm, abs=0.05)
    for one, other in zip(straight.regions, turned.regions, strict=True):
        assert other.voxel_volume_ml == pytest.approx(one.voxel_volume_ml, rel=1e-12)
        assert other.volume_ml == pytest.approx(one.volume_ml, rel=5e-4)
        assert (other.pieces, other.manifold, other.touches_border) == (one.pieces, one.manifold, one.touches_border)
        # a hundred voxels more or fewer would be a tenth of a percent
        assert other.lost_percent == pytest.approx(one.lost_percent, abs=0.1)


@pytest.mark.parametrize("axis", TURNS)
def test_surfaces_of_a_turned_patient_are_as_good(axis):
    straight, turned = (
        build_anatomy(Volume(np.zeros(labels.geometry.shape, np.int16), labels.geometry), labels).structures
        for labels in (pair(), pair(axis))
    )
    for name, structure in straight.items():
        one, other = structure.certificate, turned[name].certificate
        assert turned[name].volume_ml == pytest.approx(structure.volume_ml, rel=1e-12)
        assert (other.watertight, other.manifold, other.outward, other.pieces) == (True, True, True, one.pieces)
        assert other.volume_error_percent == pytest.approx(one.volume_error_percent, abs=0.1)
        assert other.boundary_p95_mm == pytest.approx(one.boundary_p95_mm, abs=0.1)
        # triangles differ, the surface does not: corners of one lie near points strewn closely over the other
        there = trimesh.Trimesh(structure.surface.points_mm, structure.surface.triangles)
        strewn = there.subdivide_to_size(0.5).vertices
        away = cKDTree(strewn).query(turned[name].surface.points_mm @ turn_about(axis))[0]
        assert away.max() < 0.6 * max(SPACING)
