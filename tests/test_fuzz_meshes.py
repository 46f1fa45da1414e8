"""A sample of the random label maps of `scripts/fuzz_meshes.py`, and that its checks see what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import DataError
from tests.fuzz import label_maps, mesh_checks

TOGETHER = 10
SAMPLE = 60


@pytest.mark.parametrize("first", range(0, SAMPLE, TOGETHER))
def test_random_label_maps_give_sound_meshes_or_a_word_why_not(first):
    for seed in range(first, first + TOGETHER):
        found = mesh_checks.check(label_maps.make(seed), twice=seed % 12 == 0)
        assert not found.faults, f"seed {seed}: {found.faults}"


def test_the_sample_meets_every_kind_and_orientation():
    made = [label_maps.make(seed) for seed in range(SAMPLE)]
    assert {kind for one in made for kind in one.kinds} == set(label_maps.MAKERS)
    handedness = {np.sign(np.linalg.det(one.labels.geometry.direction)) for one in made}
    assert handedness == {1.0, -1.0}
    assert max(max(one.labels.geometry.spacing_mm) / min(one.labels.geometry.spacing_mm) for one in made) > 5.0
    assert any(not one.labels.mask(segment.name).any() for one in made for segment in one.labels.segments)


def test_a_sheared_grid_is_refused():
    sheared = np.eye(3)
    sheared[0, 1] = 0.2
    with pytest.raises(DataError, match="orthonormal"):
        VolumeGeometry((4, 4, 4), (1.0, 1.0, 1.0), sheared, (0.0, 0.0, 0.0))


def test_the_checks_see_what_is_wrong():
    made = label_maps.make(6)
    name, structure = next(
        (name, one) for name, one in mesh_checks._anatomy(made.labels).structures.items() if one.surface is not None
    )
    mask, geometry = made.labels.mask(name), made.labels.geometry
    assert not list(mesh_checks._surface_faults(structure, mask, geometry))

    def faults(**changed):
        surface = SurfaceMesh(
            changed.get("points", structure.surface.points_mm), changed.get("triangles", structure.surface.triangles)
        )
        return " ".join(mesh_checks._surface_faults(replace(structure, surface=surface, coarse=None), mask, geometry))

    triangles = structure.surface.triangles
    assert "not watertight" in faults(triangles=triangles[1:])
    assert "not outward" in faults(triangles=triangles[:, ::-1])
    assert "beyond the scan" in faults(points=structure.surface.points_mm + 1000.0)
    assert "volume error" in faults(points=structure.surface.points_mm * [1.0, 1.0, 1.1])
    assert not mesh_checks.manifold(np.concatenate([triangles, triangles[:1]]))
    found = mesh_checks.Found()
    grid = [("one", np.zeros((3, 3)), triangles)], [("one", np.full((3, 3), 0.1), triangles)]
    mesh_checks._compare(found, "moved", *grid, (np.eye(3), np.zeros(3)), geometry)
    assert "off" in found.faults[0]
