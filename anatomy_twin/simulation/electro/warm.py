"""Compiling the kernels of cells and tissue ahead of time."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Multirate, Stimulus
from anatomy_twin.simulation.electro.bricks import bricks_of
from anatomy_twin.simulation.electro.eikonal import on_bricks, velocity_squared
from anatomy_twin.simulation.electro.models import FILES, ionic_model
from anatomy_twin.simulation.electro.reaction import advance, arrange, initial_state
from anatomy_twin.simulation.electro.reaction_eikonal import AgainSystem, run
from anatomy_twin.simulation.electro.spread import Spread, box_lattice, rows_of


def warm_up() -> None:
    """Run every kernel of cells and of the spread once, with the array types that a tissue has."""
    for name in FILES:
        model = ionic_model(name)
        advance(arrange(model, 0.02, [model.parameters()]), *initial_state(model))
    surface_paths.warm_up()
    surface_parts.warm_up()
    ring = sparse.csr_array(np.roll(np.eye(64), 1, axis=1) + np.roll(np.eye(64), -1, axis=1))
    cube = np.ones((4, 4, 4), bool)
    spreads: tuple[Spread, ...] = (
        rows_of(ring), box_lattice((2, 2, 16), (1.0, 1.0, 1.0), (0.1, 0.1, 0.1)),
        bricks_of(cube, VolumeGeometry.upright(cube.shape, (1.0, 1.0, 1.0)), 0.1),
    )
    for spread in spreads:
        system = pipeline.tissue(
            np.zeros((64, 3)), spread, ionic_model(next(iter(FILES))), dt_ms=0.05, watch_ms=0.05,
            stimuli=(Stimulus(0.0, np.zeros(1, np.int64)),), multirate=Multirate(),
        )
        pipeline.step(system, pipeline.init(system), 2)
    uniform = on_bricks(cube, VolumeGeometry.upright(cube.shape, (1.0, 1.0, 1.0)), velocity_squared(1.0))
    flat = np.ones((1, 4))
    again = AgainSystem(uniform, np.zeros(64, bool), np.zeros(64, np.int64), 100.0 * flat, flat, np.zeros(1))
    run(again, [(0.0, np.zeros(1, np.int64))], 10.0)
