#!/usr/bin/env python3
"""Measure how fast the electrophysiology of the heart is simulated, on one core and beside the memory of this machine.

    python3 scripts/bench_ep.py [--quick] [--json] [--no-peers]

All rates are million node-updates per CPU second of one core: one node, one time step.

cells      the reaction alone, of nodes that are spread over a whole beat.
slab       the slab of Niederer et al. 2011 at 0.2 mm, ten Tusscher-Panfilov 2006, spread and activation included: every
           node in every step, and with tiles at rest that react seldom; "moved" is the largest change that makes in the
           nine activation times.
triangles  a sphere of 163,842 nodes (quick: 40,962), by the simulation itself.
box        the Mitchell-Schaeffer cell in a box of 128 (quick: 64) voxels each way with one stencil.
bricks     the same box with a tensor of its own at every voxel (fibres that turn), and a ball of voxels within it.
eikonal    arrival over the sphere from one pole, fibres along its parallels: alike in all directions, twice and four
           times as fast along them.
peers      TorchCor and Finitewave on the same slab, fim-python on the same sphere, each in a process and an
           environment of its own (made once, some GB; left out with --quick or --no-peers), and how many times their
           rate this project reaches. fenicsx-beat needs Python 3.12 and is not among them.

"roof" is how many updates/s the memory would allow: what copying moves, measured here, over the bytes that an update of
that layout reads and writes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numba import njit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import ep_peers
from peers import peer_python

from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.assembly import element_rates, fibre_tensors
from anatomy_twin.simulation.electro.base import Multirate, Stimulus, activation_ms
from anatomy_twin.simulation.electro.bricks import bricks_of
from anatomy_twin.simulation.electro.eikonal import activation, on_triangles, velocity_squared
from anatomy_twin.simulation.electro.models import FILES, ionic_model
from anatomy_twin.simulation.electro.reaction import advance, arrange, initial_state
from anatomy_twin.simulation.electro.spread import box_lattice, diffusivity_mm2_ms, rows_of

NODES = 58_176
TIMES = 10  # steps that are timed together
COPY_BYTES = 12  # read, written, and read before it is written
COPIED = 16 * 2**20
SLAB_MM = (3.0, 7.0, 20.0)
CORNERS = [(x, y, z) for z in (0.0, 3.0) for x in (0.0, 20.0) for y in (0.0, 7.0)] + [(10.0, 3.5, 1.5)]
STEPS_MS = {"mitchell_schaeffer_2003": 0.05, "aliev_panfilov_1996": 0.05}
Row = dict[str, Any]


@njit
def _copy(source: Any, target: Any) -> None:
    for n in range(source.size):
        target[n] = source[n]


def rate(work: Callable[[], object], updates: int, rounds: int) -> float:
    """Return the median rate in million updates per CPU second."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(updates / (time.process_time() - start) / 1e6)
    return float(np.median(found))


def bandwidth_gb_s() -> float:
    """Return what one core moves by copying a large array, in GB/s."""
    source = np.ones(COPIED, np.float32)
    target = np.zeros_like(source)
    _copy(source, target)
    return rate(lambda: _copy(source, target), COPIED, 7) * COPY_BYTES / 1e3


def cells_table(quick: bool) -> list[Row]:
    """Return the rate of each model's reaction; its nodes stand at moments all over a beat."""
    rows = []
    for name in FILES:
        model, dt_ms = ionic_model(name), STEPS_MS.get(name, 0.02)
        start = time.process_time()
        paced = arrange(model, dt_ms, (model.parameters(),), 8)
        v, state = initial_state(model, 8)
        advance(paced, v, state)
        first_s = time.process_time() - start
        blocks = NODES // 8
        all_v, all_state = np.empty((blocks, 8), np.float32), np.empty((blocks, *state.shape[1:]), np.float32)
        v += np.float32(60.0)
        every = max(1, round(500.0 / dt_ms / 250))
        for moment in range(250):
            for _ in range(every):
                advance(paced, v, state)
            all_v[moment::250], all_state[moment::250] = v, state[0]
        many = arrange(model, dt_ms, (model.parameters(),), NODES)
        flat = all_v.reshape(-1)
        rounds = 3 if quick else 7

        def several(many: Any = many, flat: Any = flat, all_state: Any = all_state) -> None:
            for _ in range(TIMES):
                advance(many, flat, all_state)

        several()  # a core that was idle is slow at first
        found = rate(several, TIMES * NODES, rounds)
        rows.append({"model": name, "m_per_s": found, "first_call_s": first_s})
    return rows


def slab_table(quick: bool) -> list[Row]:
    """Return the rate of the slab with and without tiles at rest, and how far its nine times move."""
    spacing = 0.4 if quick else 0.2
    shape = tuple(round(length / spacing) + 1 for length in SLAB_MM)
    points = np.stack(np.meshgrid(*(np.arange(n) * spacing for n in shape), indexing="ij")[::-1], -1).reshape(-1, 3)
    box = box_lattice(shape, (spacing,) * 3, tuple(diffusivity_mm2_ms([0.0176062, 0.0176062, 0.133418])))
    paced = Stimulus(0.0, np.flatnonzero((points <= 1.5 + 1e-9).all(axis=1)), 35.714, 2.0)
    nodes = [int(np.argmin(((points - place) ** 2).sum(axis=1))) for place in CORNERS]
    model, duration_ms = ionic_model("ten_tusscher_2006"), 320.0  # a whole beat, as tissue is mostly at rest
    rows: list[Row] = []
    for label, multirate in (
        ("every node", None), ("5 steps, 0.5 mV/ms", Multirate(5, 0.5)), ("10 steps, 2 mV/ms", Multirate(10, 2.0)),
    ):
        system = pipeline.tissue(points, box, model, (model.parameters("epicardium"),), 0.02, stimuli=(paced,),
                                 multirate=multirate, threshold_mv=0.0, watch_ms=0.02)
        state = pipeline.init(system, "epicardium")
        pipeline.step(system, state, 2)
        start = time.process_time()
        end = pipeline.run(system, state, duration_ms)[-1]
        seconds = time.process_time() - start
        times = activation_ms(system, end)[nodes]
        rows.append({
            "slab": label, "spacing_mm": spacing, "m_per_s": len(points) * duration_ms / 0.02 / seconds / 1e6,
            "times_ms": [round(float(value), 2) for value in times],
            "moved_ms": 0.0 if not rows else float(np.abs(times - rows[0]["times_ms"]).max()),
        })
    return rows


def triangle_table(quick: bool) -> list[Row]:
    """Return the rate of the simulation on a sphere of triangles."""
    sphere = trimesh.creation.icosphere(subdivisions=6 if quick else 7, radius=40.0)
    points = np.asarray(sphere.vertices, np.float64)
    spread = rows_of(element_rates(points, np.asarray(sphere.faces), 0.1))
    slots = spread.slot_rates.shape[0] * 8 / spread.places
    rows = []
    for name in ("mitchell_schaeffer_2003", "courtemanche_1998"):
        model, dt_ms = ionic_model(name), STEPS_MS.get(name, 0.02)
        paced = Stimulus(0.0, np.flatnonzero(points[:, 2] > 39.0))
        system = pipeline.tissue(points, spread, model, dt_ms=dt_ms, stimuli=(paced,))
        state = pipeline.step(system, pipeline.init(system), 20)
        steps = 400 if dt_ms > 0.03 else 50  # a call copies the state
        found = rate(lambda system=system, state=state, steps=steps: pipeline.step(system, state, steps),
                     len(points) * steps, 3 if quick else 5)
        # weights and columns, the diagonal, V read and written, the other variables read and written
        size = slots * 8 + 4 + 12 + 8 * len(model.variables)
        rows.append({"model": name, "nodes": len(points), "m_per_s": found, "bytes": size})
    return rows


def box_table(quick: bool) -> list[Row]:
    """Return the rate of a two-variable model in a box with one stencil."""
    side = 64 if quick else 128
    points = np.stack(np.meshgrid(*(np.arange(side),) * 3, indexing="ij")[::-1], -1).reshape(-1, 3) * 0.5
    model = ionic_model("mitchell_schaeffer_2003")
    box = box_lattice((side,) * 3, (0.5,) * 3, (0.05, 0.05, 0.2), border_on_nodes=False)
    system = pipeline.tissue(points, box, model, dt_ms=0.05,
                             stimuli=(Stimulus(0.0, np.flatnonzero(points[:, 2] < 2.0)),))
    state = pipeline.step(system, pipeline.init(system), 20)
    steps = 200 if quick else 100  # a call copies the state
    found = rate(lambda: pipeline.step(system, state, steps), len(points) * steps, 3 if quick else 5)
    return [{"model": "mitchell_schaeffer_2003", "nodes": len(points), "m_per_s": found, "bytes": 12 + 8 + 8}]


def bricks_table(quick: bool) -> list[Row]:
    """Return the rate of a two-variable model on voxels with a tensor each: a whole box, and a ball."""
    side = 48 if quick else 128
    model, geometry = ionic_model("mitchell_schaeffer_2003"), VolumeGeometry.upright((side,) * 3, (0.5,) * 3)
    away = np.linalg.norm(np.stack(np.indices((side,) * 3), -1) - (side - 1) / 2.0, axis=-1)
    rows: list[Row] = []
    for label, mask in (("a box", np.ones((side,) * 3, bool)), ("a ball", away < side / 2.0)):
        points = geometry.to_world(np.argwhere(mask))
        angle = 0.05 * points[:, 2]
        fibres = np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], -1)
        bricks = bricks_of(mask, geometry, fibre_tensors(fibres, 0.2, 0.05))
        paced = Stimulus(0.0, np.flatnonzero(points[:, 0] < points[:, 0].min() + 2.0))
        system = pipeline.tissue(points, bricks, model, dt_ms=0.05, stimuli=(paced,))
        state = pipeline.step(system, pipeline.init(system), 20)
        steps = 200 if quick else 60  # a call copies the state
        found = rate(lambda system=system, state=state, steps=steps: pipeline.step(system, state, steps),
                     len(points) * steps, 3 if quick else 5)
        # 18 rates, what lies beside, V and h as in the box
        rows.append({"model": f"mitchell_schaeffer, {label}", "nodes": len(points), "m_per_s": found,
                     "bytes": 18 * 4 + 4 + 12 + 8 + 8})
    return rows


def eikonal_table(quick: bool) -> list[Row]:
    """Return how long arrival over a sphere takes, and its error where all directions are alike."""
    radius = ep_peers.SPHERE_MM
    ball = trimesh.creation.icosphere(subdivisions=6 if quick else ep_peers.SPHERE_LEVEL, radius=radius)
    surface = SurfaceMesh(ball.vertices, ball.faces)
    middles = surface.points_mm[surface.triangles].mean(axis=1)
    fibres = np.cross([0.0, 0.0, 1.0], middles)
    fibres /= np.linalg.norm(fibres, axis=1)[:, None]
    pole = int(np.argmax(surface.points_mm[:, 2]))
    exact = radius * np.arccos(np.clip(surface.points_mm @ surface.points_mm[pole] / radius**2, -1.0, 1.0))
    rows = []
    for label, along in (("alike", 1.0), ("2 : 1", 2.0), ("4 : 1", 4.0)):
        start = time.process_time()
        system = on_triangles(surface, velocity_squared(along, 1.0, fibres))
        ready = time.process_time()
        times = activation(system, [pole]).times_ms
        far = exact > 0.1 * radius
        error = float(100.0 * np.mean(np.abs(times[far] / exact[far] - 1.0))) if along == 1.0 else None
        seconds = 1.0 / rate(lambda system=system: activation(system, [pole]), 1_000_000, 5)
        rows.append({"velocities": label, "nodes": len(surface.points_mm), "setup_ms": 1000.0 * (ready - start),
                     "solve_ms": 1000.0 * seconds, "mean_error_percent": error})
    return rows


def peer_table(found: dict[str, Any]) -> list[Row]:
    """Return what each peer reaches, and how many times that this project does in the same run."""
    python = peer_python(lambda text: print(text, file=sys.stderr), ep_peers.PACKAGES)
    slab = {row["slab"]: row["m_per_s"] for row in found["slab"]}
    rows: list[Row] = []
    for name in ep_peers.PEERS:
        if python is None:
            rows.append({"peer": name, "failure": "its environment could not be made"})
            continue
        script = Path(__file__).resolve().parent / "ep_peers.py"
        done = subprocess.run([python, script, name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env={**os.environ, **ep_peers.ONE_THREAD})
        row = {"peer": name, **(json.loads(done.stdout) if done.stdout else {"failure": f"exit {done.returncode}"})}
        if "m_per_s" in row:
            row["times_every_node"] = slab["every node"] / row["m_per_s"]
            row["times_with_tiles"] = max(slab.values()) / row["m_per_s"]
        if "solve_s" in row:
            row["times_solve"] = 1000.0 * row["solve_s"] / found["eikonal"][0]["solve_ms"]
        rows.append(row)
    return rows


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller meshes, within 60 s")
    parser.add_argument("--json", action="store_true", help="one object of figures on stdout")
    parser.add_argument("--no-peers", action="store_true", help="leave out the other simulators")
    options = parser.parse_args(arguments)
    moved = bandwidth_gb_s()
    found = {
        "bandwidth_gb_s": moved, "cells": cells_table(options.quick), "slab": slab_table(options.quick),
        "triangles": triangle_table(options.quick), "box": box_table(options.quick),
        "bricks": bricks_table(options.quick), "eikonal": eikonal_table(options.quick),
    }
    if not (options.quick or options.no_peers):
        found["peers"] = peer_table(found)
    for row in (*found["triangles"], *found["box"], *found["bricks"]):
        row["share_of_roof"] = row["m_per_s"] * 1e6 * row["bytes"] / (moved * 1e9)
    if options.json:
        print(json.dumps(found))
        return 0
    print(f"copying moves {moved:.1f} GB/s on one core; rates in million node-updates per CPU second of one core")
    for row in found["cells"]:
        print(f"cells      {row['model']:<26} {row['m_per_s']:8.1f}   first call {row['first_call_s']:.2f} s")
    for row in found["slab"]:
        print(f"slab       {row['slab']:<26} {row['m_per_s']:8.1f}   {row['spacing_mm']:g} mm, times "
              f"{row['times_ms']}, moved {row['moved_ms']:.2f} ms")
    for part in ("triangles", "box", "bricks"):
        for row in found[part]:
            print(f"{part:<10} {row['model']:<26} {row['m_per_s']:8.1f}   {row['nodes']} nodes, {row['bytes']:.0f} "
                  f"bytes each: {row['share_of_roof']:.0%} of the roof")
    for row in found["eikonal"]:
        error = "" if row["mean_error_percent"] is None else f", mean error {row['mean_error_percent']:.2f} %"
        print(f"eikonal    {row['velocities']:<26} {row['solve_ms']:8.1f} ms   {row['nodes']} nodes, set-up "
              f"{row['setup_ms']:.0f} ms{error}")
    for row in found.get("peers", []):
        print(f"peers      {row['peer']:<26} {peer_words(row)}")
    return 0


def peer_words(row: Row) -> str:
    """Return a peer's line of the table."""
    if "m_per_s" in row:
        return (f"{row['m_per_s']:8.2f}   steps of {row['dt_ms']:g} ms; here {row['times_every_node']:.1f} times as "
                f"many, {row['times_with_tiles']:.1f} with tiles")
    if "solve_s" in row:
        return (f"{1000.0 * row['solve_s']:8.0f} ms   set-up {1000.0 * row['setup_s']:.0f} ms, mean error "
                f"{row['mean_error_percent']:.2f} %; here {row['times_solve']:.0f} times as quick")
    return str(row["failure"])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
