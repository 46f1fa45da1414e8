"""Compiling the kernels of surfaces, trees, segments and tetrahedra ahead of time."""

from __future__ import annotations

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.anatomy.build import build_anatomy
from anatomy_twin.anatomy.liver.couinaud import divide_liver
from anatomy_twin.anatomy.solid.repair import mended
from anatomy_twin.anatomy.surface.closed_parts import closed_parts
from anatomy_twin.anatomy.tetra.build import build_tetrahedra
from anatomy_twin.anatomy.tetra.report import tetrahedra_report
from anatomy_twin.anatomy.vessels.trees import vessel_trees
from anatomy_twin.anatomy.wall_thickness import wall_thickness
from anatomy_twin.core import Code, LabelMap, Segment, SurfaceMesh, Volume, VolumeGeometry
from anatomy_twin.kernels.mesh_nesting import nesting_of, solid_angle
from anatomy_twin.kernels.mesh_untangle import renamed
from anatomy_twin.kernels.tree_paths import outward_steps, ways_of_contact


def warm_up() -> None:
    """Compile everything (they are cached on disk)."""
    warm_surfaces()
    warm_trees()
    warm_tetrahedra()


def warm_surfaces() -> None:
    """Run surfaces once on a tiny liver, with the array types that a scan has."""
    for one in _both_layouts():
        anatomy = build_anatomy(Volume(np.zeros(one.geometry.shape, np.int16), one.geometry), one)
    _warm_rare_surfaces()
    surface = anatomy.structures["portal_vein"].surface
    assert surface is not None
    mended(SurfaceMesh(surface.points_mm, surface.triangles[:-1]))
    twice = np.concatenate([surface.triangles, surface.triangles + len(surface.points_mm)])
    closed_parts(SurfaceMesh(np.concatenate([surface.points_mm, surface.points_mm + 200.0]), twice))


def warm_trees() -> None:
    """Run vessel trees and segments once on a tiny liver, with the array types that a scan has."""
    for one in _both_layouts():
        trees = vessel_trees(one, volume=Volume(np.zeros(one.geometry.shape, np.int16), one.geometry))
    _warm_rare_trees()
    divide_liver(one, trees)


def warm_tetrahedra() -> None:
    """Run tetrahedra and wall thickness once on a tiny liver."""
    labels = _tiny_liver()
    mesh = build_tetrahedra(labels, ["liver", "portal_vein"], size_mm=16.0, fine_mm=8.0, near="portal_vein")
    tetrahedra_report(mesh, labels)
    k, j, i = np.indices(labels.geometry.shape)
    ball = (k - 10) ** 2 + (j - 12) ** 2 + (i - 14) ** 2
    wall_thickness((ball >= 16) & (ball < 49), ball < 16, labels.geometry)


def _both_layouts() -> tuple[LabelMap, LabelMap]:
    """Return the tiny liver turned and upright: other memory layouts are other types to a compiler."""
    labels = _tiny_liver()
    return labels.reindexed((0, 1, 2), (True, False, False)), labels


def _tiny_liver() -> LabelMap:
    """Return a liver with a forked vessel and the vena cava, in two layers."""
    grid = VolumeGeometry.upright((20, 24, 28), (4.0, 4.0, 4.0))
    k, j, i = np.indices(grid.shape)
    liver = ((k - 10) / 8) ** 2 + ((j - 12) / 10) ** 2 + ((i - 14) / 12) ** 2 < 1
    trunk = (abs(k - 10) < 2) & (abs(i - 14) < 2) & (j >= 12)
    fork = (abs(k - 10) < 2) & (abs(j - 12 + abs(i - 14) // 2) < 2) & liver
    cava = (abs(j - 16) < 2) & (abs(i - 20) < 2)
    masks = {"liver": liver, "portal_vein": trunk, "portal_branches": fork & ~trunk, "inferior_vena_cava": cava}
    array, segments = np.zeros((2, *grid.shape), np.uint8), []
    for value, (name, mask) in enumerate(masks.items(), start=1):
        term = catalog.term(name)
        layer = 1 if term["part_of"] else 0
        array[layer][mask] = value
        code = Code(term["scheme"], term["code"], term["meaning"])
        segments.append(Segment(name, layer, value, code, tuple(term["colour"]), part_of=term["part_of"]))
    return LabelMap(array, grid, tuple(segments))


def _warm_rare_surfaces() -> None:
    """Run what a liver with one whole vessel does not come to: crossing and nested surfaces."""
    corners = np.arange(3, dtype=np.int32)
    renamed(corners[None], np.zeros((1, 2), np.int32), corners)
    points, triangles = np.eye(3), np.stack([corners, corners])
    nesting_of(points, triangles, np.array([0, 1], np.int32), 2)
    for place in (np.zeros(3), np.zeros(6)[::2]):
        solid_angle(points, triangles, np.zeros(1, np.int64), place)


def _warm_rare_trees() -> None:
    """Run what one whole vessel does not come to: gaps and rings."""
    one, none = np.zeros(1), np.full(1, -1, np.int64)
    ways_of_contact(np.full((1, 26), -1, np.int32), none, none, one)
    voxels = np.asfortranarray(np.zeros((2, 3), np.int64))
    line = np.arange(2, dtype=np.int32).reshape(1, 1, 2)
    outward_steps(line, np.zeros(2, np.int64), voxels, np.ones(2), np.ones(3), np.zeros(1, np.int64), 1.0)
