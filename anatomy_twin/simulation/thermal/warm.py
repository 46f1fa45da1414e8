"""Compiling the kernels of a thermal run ahead of time."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import Applicator, VolumeGeometry
from anatomy_twin.kernels import freezing as kernel
from anatomy_twin.simulation.thermal import electric, freezing, needles, pipeline, sources
from anatomy_twin.simulation.thermal.base import HeatPulse, ThermalSystem


def warm_up() -> None:
    """Run every kernel once on a tiny grid, with the array types that ``simulate`` has."""
    shape, spacing = (12, 12, 12), 4.0
    grid = VolumeGeometry.upright(shape, (spacing,) * 3)
    tip = (22.0, 22.0, 40.0)
    probe = Applicator("mwa-generic", (22.0, 22.0, -100.0), tip, 60.0, 60.0)
    power = sources.power_per_voxel_w(probe, grid, np.ones(shape, bool)).astype(np.float32)
    flat = np.full(shape, 1e-3, np.float32)
    system = ThermalSystem(
        grid, flat, flat, flat, np.full(shape, 0.25, np.float32), np.zeros(shape, np.float32),
        np.zeros(shape, np.float32), (HeatPulse(0.0, 60.0, power),), 1.0,
    )
    pipeline.step(system, pipeline.init(system), 1)
    _warm_up_freezing(grid)
    _warm_up_electric(grid)


def _warm_up_freezing(grid: VolumeGeometry) -> None:
    flat = np.full(grid.shape, 1e3, np.float32)
    still, usable = np.zeros(grid.shape, np.float32), np.ones(grid.shape, bool)
    middle = np.full(3, 5.5)
    needle = needles.line_of(
        middle - [1.0, 0.0, 0.0], middle, grid.spacing_mm[0], 0.7, grid.spacing_mm[0], (flat, flat), usable,
        (freezing.Phase(0.0, 60.0, 37.0, -140.0),),
    )
    assert needle is not None
    row = kernel.material_row(37.0, -1.0, -8.0, 3.8e6, 1.9e6, 2.5e8)
    system = freezing.FreezingSystem(
        grid, np.zeros(grid.shape, np.uint8), np.array([row]), (flat, flat, flat), (flat, flat, flat), still, still,
        (needle,), 1.0,
    )
    freezing.step(system, freezing.init(system), 1)


def _warm_up_electric(grid: VolumeGeometry) -> None:
    needle = np.zeros(grid.shape, np.float32)
    needle[4:8, 6, 6] = 1e-3
    electrode = electric.Electrode(1, needle, np.zeros((0, 3), np.int64), 20.0, 0.0, 60.0)
    sides = electric.open_sides_m(grid, grid.center_mm).astype(np.float32)
    found = electric.ElectricSystem(np.full(grid.shape, 0.3, np.float32), (electrode,), sides, 4e-3, {"kind": "power"})
    electric.solve_field(found, electrode, np.full(grid.shape, 37.0, np.float32))
