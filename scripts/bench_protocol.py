#!/usr/bin/env python3
"""Measure how long a whole protocol takes: 40 sites, each with five sets of lesions, on one generated left atrium.

    python3 scripts/bench_protocol.py [--quick] [--json] [--all] [--runs N] [--model NAME] [--edge MM]

A run paces one site with one set: six beats every 500 ms, then S2 earlier and earlier, and what goes on by itself is
followed for 5 s. Cells were paced alone before, once for all runs. Every run is one task of one thread; two processes
share them. A sample of the runs (default 24, drawn by a seed, spread over sets) is measured and the whole protocol
is EXTRAPOLATED from it; with --all every run is done. The atrium is that of a generated heart, its fibrosis is made up.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anatomy_twin.anatomy.heart.fibres import with_fibres
from anatomy_twin.anatomy.heart.from_labels import left_atrium_of
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.substrate import texture
from anatomy_twin.core import Chamber, PacingProtocol
from anatomy_twin.phantom import make_patient
from anatomy_twin.plan.lesion_sets import lesion_set
from anatomy_twin.simulation.electro.chamber_tissue import electro_model, mean_edge_mm, tissue_of
from anatomy_twin.simulation.electro.inducing import PREPACED_BEATS, ground_of
from anatomy_twin.simulation.electro.lesions import ablated
from anatomy_twin.simulation.electro.pacing_site import SiteTask, outcome_of

SITES = 40
LESION_SETS = ("wide_area_pvi", "wide_area_pvi+roof_line", "wide_area_pvi+mitral_line", "wide_area_pvi+box",
               "wide_area_pvi+anterior_line")  # fmt: skip
PROTOCOL = PacingProtocol(drive_ms=500.0, drive_count=6, extra=1, longest_ms=300.0, shortest_ms=120.0, step_ms=10.0,
                          sustained_ms=5000.0)  # fmt: skip
PROCESSES, SEED = 2, 1


def atrium(edge_mm: float) -> Chamber:
    """Return the left atrium of a generated heart with made-up fibrosis of stage III."""
    patient = make_patient(301, "heart", "arterial", 16.0, 160, 1.4)
    chamber = with_fibres(remeshed(left_atrium_of(patient.truth), edge_mm))
    return replace(chamber, substrate=texture(chamber, "III", SEED))


def measured(task: SiteTask) -> tuple[float, bool, int]:
    """Return the CPU seconds of a run, whether anything was induced, and how many trains it took."""
    start = time.process_time()
    found = outcome_of(task)
    return time.process_time() - start, found.induced, found.tries


def protocol(model_name: str, edge_mm: float, runs: int) -> dict[str, Any]:
    """Measure some runs of the protocol; return figures, extrapolated to all of it where not all were done."""
    chamber, model = atrium(edge_mm), electro_model(model_name)
    start = time.process_time()
    ground = ground_of(chamber, PROTOCOL, model, SITES)
    systems = [tissue_of(chamber, model, ablated(chamber, lesion_set(chamber, name)).dead) for name in LESION_SETS]
    set_up_s = time.process_time() - start
    pairs = [(number, site) for number in range(len(systems)) for site in ground.sites]
    order = np.random.default_rng(SEED).permutation(len(pairs))
    order = sorted(order[: min(runs, len(pairs))].tolist())
    tasks = [SiteTask(pairs[n][1], chamber, systems[pairs[n][0]], ground.cells, PROTOCOL) for n in order]
    wall = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        found = list(pool.map(measured, tasks))
    wall = time.perf_counter() - wall
    seconds = np.array([one[0] for one in found])
    total_s = float(seconds.mean() * len(pairs))
    return {
        "model": model_name, "nodes": len(chamber.surface.points_mm), "edge_mm": round(mean_edge_mm(chamber), 3),
        "dt_ms": model.dt_ms, "s1_count": PROTOCOL.drive_count, "sustained_ms": PROTOCOL.sustained_ms,
        "prepaced": f"cells alone, {PREPACED_BEATS} beats, once", "lesion_sets": list(LESION_SETS), "sites": SITES,
        "runs": len(tasks), "of": len(pairs), "inducible": sum(one[1] for one in found),
        "trains": sum(one[2] for one in found), "set_up_cpu_s": set_up_s, "cpu_s_a_run": float(seconds.mean()),
        "cpu_s_longest": float(seconds.max()), "cpu_min_all": total_s / 60.0, "wall_s_of_runs": wall,
        "wall_min_all": (set_up_s + total_s / PROCESSES) / 60.0, "extrapolated": len(tasks) < len(pairs),
        "error_percent": float(100.0 * seconds.std(ddof=1) / np.sqrt(len(seconds)) / seconds.mean()),
    }


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="four runs on a coarse mesh, within 60 s")
    parser.add_argument("--json", action="store_true", help="one object of figures on stdout")
    parser.add_argument("--all", action="store_true", help="every run, nothing extrapolated")
    parser.add_argument("--runs", type=int, default=24, help="how many are measured")
    parser.add_argument("--model", default="atrium_two_variable", help="of the catalog's electrical models")
    parser.add_argument("--edge", type=float, default=0.6, help="of the triangles, mm")
    options = parser.parse_args(arguments)
    runs = 4 if options.quick else SITES * len(LESION_SETS) if options.all else options.runs
    found = protocol(options.model, 1.2 if options.quick else options.edge, runs)
    if options.json:
        print(json.dumps(found))
        return 0
    how = f"EXTRAPOLATED from {found['runs']} of {found['of']} runs" if found["extrapolated"] else "all runs"
    print(f"{found['model']}: {found['nodes']} nodes, edges of {found['edge_mm']} mm, steps of {found['dt_ms']} ms; "
          f"S1 {found['s1_count']} times, then S2; sustained {found['sustained_ms'] / 1000:g} s; {found['prepaced']}")
    print(f"{found['runs']} runs, {found['inducible']} of them inducible, {found['trains']} trains: "
          f"{found['cpu_s_a_run']:.1f} CPU s a run (longest {found['cpu_s_longest']:.1f}), "
          f"{found['wall_s_of_runs']:.0f} s with {PROCESSES} processes")
    print(f"whole protocol ({SITES} sites, {len(LESION_SETS)} sets): {found['cpu_min_all']:.0f} CPU min, "
          f"{found['wall_min_all']:.0f} min on {PROCESSES} idle cores, {how} (+-{found['error_percent']:.0f} %)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
