"""Other simulators of the heart on the same slab and sphere, each in a process of the throw-away environment.

    python scripts/ep_peers.py NAME    prints one JSON object; NAME is a key of PEERS

One thread each, so that rates are per CPU second of one core. Only the loop over time counts, neither set-up nor
compilation. fenicsx-beat is not among them: its solver needs Python 3.12.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("torchcor==1.0.6", "finitewave==0.9.3", "fim-python==1.2.2", "trimesh>=4")
SPACING_MM = 0.2
SHAPE = (16, 36, 101)  # nodes along z, y, x of the slab of 3 x 7 x 20 mm
SPHERE_LEVEL, SPHERE_MM = 7, 40.0
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


@contextlib.contextmanager
def _slab_files() -> Iterator[Path]:
    """Write the slab as tetrahedra, six a cube, with fibres along x and the paced corner; give the folder."""
    import numpy as np

    k, j, i = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    points = np.stack([i, j, k], -1).reshape(-1, 3) * SPACING_MM
    strides = np.array([SHAPE[1] * SHAPE[2], SHAPE[2], 1])
    first = (np.stack(np.meshgrid(*(np.arange(n - 1) for n in SHAPE), indexing="ij"), -1).reshape(-1, 3) @ strides)
    ways = [np.cumsum([0, *(strides[axis] for axis in order)]) for order in itertools.permutations(range(3))]
    tetrahedra = np.concatenate([first[:, None] + way for way in ways])
    flipped = np.linalg.det(points[tetrahedra[:, 1:]] - points[tetrahedra[:, :1]]) < 0
    tetrahedra[flipped] = tetrahedra[flipped][:, [0, 1, 3, 2]]
    paced = np.flatnonzero((points <= 1.5 + 1e-9).all(axis=1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        um = "\n".join(f"{x:.3f} {y:.3f} {z:.3f}" for x, y, z in points * 1000.0)
        (folder / "slab.pts").write_text(f"{len(points)}\n{um}\n")
        rows = "\n".join(f"Tt {a} {b} {c} {d} 1" for a, b, c, d in tetrahedra)
        (folder / "slab.elem").write_text(f"{len(tetrahedra)}\n{rows}\n")
        (folder / "slab.lon").write_text("1\n" + "1 0 0\n" * len(tetrahedra))
        vertices = "\n".join(map(str, paced))
        (folder / "paced.vtx").write_text(f"{len(paced)}\nextra\n{vertices}\n")
        yield folder


def _torchcor(lumped: bool) -> dict[str, Any]:
    """Run TorchCor on the CPU: linear tetrahedra, conjugate gradients, 0.05 ms."""
    import torch
    from torchcor.ionic import TenTusscherPanfilov
    from torchcor.simulator import Monodomain

    torch.set_num_threads(1)
    dt_ms, duration_ms = 0.05, 4.0
    cell = TenTusscherPanfilov(cell_type="EPI", dt=dt_ms, dtype=torch.float32)
    simulator = Monodomain(ionic_models=[cell], T=duration_ms, dt=dt_ms, dtype=torch.float32, mass_lumping=lumped)
    with _slab_files() as folder:
        simulator.load_mesh(path=folder)
        simulator.add_conductivity([1], il=0.17, it=0.019, el=0.62, et=0.24)
        simulator.add_stimulus(folder / "paced.vtx", start=0.0, duration=2.0, intensity=35.714)
        steps, seconds = [0], [0.0]
        inner = simulator.step

        def counted(*arguments: Any) -> Any:
            start = time.process_time()
            found = inner(*arguments)
            seconds[0] += time.process_time() - start if steps[0] >= 5 else 0.0  # the first ones prepare
            steps[0] += 1
            return found

        simulator.step = counted
        simulator.solve(1e-5, 1e-5, 100, snapshot_interval=duration_ms, verbose=False, result_path=folder)
    return {"m_per_s": int(simulator.n_nodes) * (steps[0] - 5) / seconds[0] / 1e6, "dt_ms": dt_ms}


def _finitewave() -> dict[str, Any]:
    """Run Finitewave: finite differences with fibres, 64-bit, 0.02 ms."""
    import finitewave as fw
    import numpy as np

    dt_ms = 0.02
    shape = tuple(n + 2 for n in SHAPE[::-1])  # a layer of no tissue all round
    tissue = fw.CardiacTissue3D(shape)
    tissue.fibers = np.zeros((*shape, 3))
    tissue.fibers[..., 0] = 1.0
    model = fw.TenTusscherPanfilov2006()
    model.cardiac_tissue = tissue
    model.dt, model.dr, model.prog_bar = dt_ms, SPACING_MM, False
    model.t_max = 0.2
    model.run(num_of_threads=1)  # compiles
    steps = 100
    model.t_max = model.t + steps * dt_ms
    before, start = model.step, time.process_time()
    model.run(initialize=False, num_of_threads=1)
    seconds = time.process_time() - start
    return {"m_per_s": int(np.prod(SHAPE)) * (model.step - before) / seconds / 1e6, "dt_ms": dt_ms}


def _fim() -> dict[str, Any]:
    """Solve the eikonal equation on the sphere with fim-python from one pole at 1 m/s."""
    import numpy as np
    import trimesh
    from fimpy.solver import create_fim_solver

    sphere = trimesh.creation.icosphere(subdivisions=SPHERE_LEVEL, radius=SPHERE_MM)
    points, faces = np.asarray(sphere.vertices, np.float64), np.asarray(sphere.faces)
    start = time.process_time()
    metrics = np.tile(np.eye(3), (len(faces), 1, 1))
    solver = create_fim_solver(points, faces, metrics, precision=np.float64, device="cpu")
    ready = time.process_time()
    pole = int(np.argmax(points[:, 2]))
    times = solver.comp_fim(np.array([pole]), np.array([0.0]))
    solved = time.process_time()
    exact = SPHERE_MM * np.arccos(np.clip(points @ points[pole] / SPHERE_MM**2, -1.0, 1.0))
    far = exact > 0.1 * SPHERE_MM
    return {"setup_s": ready - start, "solve_s": solved - ready,
            "mean_error_percent": float(100.0 * np.mean(np.abs(times[far] / exact[far] - 1.0)))}


PEERS: dict[str, Callable[[], dict[str, Any]]] = {
    "TorchCor, consistent mass": lambda: _torchcor(lumped=False),
    "TorchCor, lumped mass": lambda: _torchcor(lumped=True),
    "Finitewave": _finitewave,
    "fim-python": _fim,
}


def main() -> None:
    """Measure one peer; what it prints goes to standard error, one JSON object to standard output."""
    os.environ.update(ONE_THREAD)
    reply_to = os.dup(1)
    os.dup2(2, 1)
    try:
        reply = PEERS[sys.argv[1]]()
    except Exception as error:  # noqa: BLE001 - a peer that raises anything has no figure
        reply = {"failure": f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]}
    with os.fdopen(reply_to, "w") as stream:
        json.dump(reply, stream)


if __name__ == "__main__":
    main()
