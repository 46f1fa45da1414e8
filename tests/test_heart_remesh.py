"""A chamber with triangles of one size: still the same chamber."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.regions import point_areas, with_regions
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.surface import chamber_of, measured
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import DataError, MeshError
from tests.support.made_atrium import made_atrium


@pytest.fixture(scope="module")
def chamber():
    return with_regions(chamber_of(made_atrium().surface))


def shapes(surface):
    """Lengths of edges (M, 3) and how near to equilateral triangles are: 4 sqrt(3) area / sum of squared edges."""
    corners = surface.points_mm[surface.triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2.0
    return edges, 4.0 * np.sqrt(3.0) * area / (edges**2).sum(axis=1)


@pytest.mark.parametrize("edge_mm", [pytest.param(0.7, marks=pytest.mark.long), 1.0, 2.0])
def test_edges_are_even_and_the_shape_stays(chamber, edge_mm):
    found = remeshed(chamber, edge_mm)
    edges, quality = shapes(found.surface)
    assert edges.mean() == pytest.approx(edge_mm, rel=0.06)
    assert np.percentile(edges, 1) > 0.65 * edge_mm and edges.max() < 1.5 * edge_mm
    assert quality.min() > 0.4 and quality.mean() > 0.95
    assert found.surface.area_cm2 == pytest.approx(chamber.surface.area_cm2, rel=0.01)
    there = trimesh.Trimesh(chamber.surface.points_mm, chamber.surface.triangles, process=False)
    dense = trimesh.sample.sample_surface(there, 60_000, seed=1)[0]
    assert np.percentile(cKDTree(dense).query(found.surface.points_mm)[0], 99) < 0.6  # as far as samples are apart
    assert [one.name for one in found.openings] == [one.name for one in chamber.openings]
    for one in chamber.openings:
        now = measured(found, found.opening(one.name))
        assert np.linalg.norm(now.centre_mm - measured(chamber, one).centre_mm) < 0.2 * edge_mm
        assert now.around_mm == pytest.approx(measured(chamber, one).around_mm, rel=0.02)
    share = [point_areas(c.surface)[c.in_regions(["posterior_wall"])].sum() for c in (chamber, found)]
    assert share[1] == pytest.approx(share[0], rel=0.05)


def test_it_comes_out_the_same_from_the_same(chamber):
    first, second = remeshed(chamber, 1.5), remeshed(chamber, 1.5)
    assert np.array_equal(first.surface.points_mm, second.surface.points_mm)
    assert np.array_equal(first.surface.triangles, second.surface.triangles)


def test_points_lie_on_a_plane_that_was_one():
    rng = np.random.default_rng(6)
    disc = rng.uniform(-30.0, 30.0, (800, 2))
    angle = np.linspace(0.0, 2 * np.pi, 120, endpoint=False)
    rim = 32.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    disc = np.vstack([disc[np.linalg.norm(disc, axis=1) < 30.5], rim])
    from scipy.spatial import Delaunay

    flat = SurfaceMesh(np.column_stack([disc, np.full(len(disc), 7.0)]), Delaunay(disc).simplices.astype(np.int64))
    found = remeshed(chamber_of(flat), 1.2)
    assert np.allclose(found.surface.points_mm[:, 2], 7.0)
    outline = np.linalg.norm(found.rim_mm(found.openings[0])[:, :2], axis=1)
    assert outline.max() <= 32.0 + 1e-9 and outline.min() > 31.95
    assert found.surface.area_cm2 == pytest.approx(flat.area_cm2, rel=2e-3)
    assert shapes(found.surface)[1].min() > 0.4


def test_sizes_that_make_no_sense_are_refused(chamber):
    with pytest.raises(DataError, match="edge_mm"):
        remeshed(chamber, 0.01)
    huge = chamber_of(SurfaceMesh(chamber.surface.points_mm * 2.4, chamber.surface.triangles))
    with pytest.raises(MeshError, match="million points"):
        remeshed(huge, 0.2)
