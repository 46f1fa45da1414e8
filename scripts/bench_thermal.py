#!/usr/bin/env python3
"""Measure how fast heat is simulated, against the memory of this machine and against NumPy and SciPy.

    python3 scripts/bench_thermal.py [--quick] [--json]

All in one run, on a generated patient (seed 101, true labels, vessels as sinks), with a microwave antenna of 100 W:

kernel    one time step of the kernel that `simulate` runs, every term on, on a cube larger than the cache. "roof" is
          how many voxels/s the memory of this machine would allow: the bandwidth of copying, measured here, over the
          bytes that a step reads and writes. The same step with NumPy's slices, and the Laplacian alone by
          scipy.ndimage.laplace (constant conductivity, no perfusion, no damage), are the peers.
minutes   10 minutes at 1 mm in a cube of 96 mm: with all terms, and with one tissue and no boiling.
preview   the coarse simulation that follows the hand, and its coagulated volume against that at 1 mm, for several
          settings.

Times are the best of several by the wall clock. --quick takes smaller cubes and shorter times, within 60 s.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numba import get_num_threads, njit, prange

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SEED = 101
COPY_BYTES = 12  # read, written, and read before it is written
# temperature read and written as above, three faces, source, gain, loss
STEP_BYTES = 4 + 8 + 12 + 4 + 4 + 4
WARM_BYTES = 24  # damage integral, dose and highest temperature, read and written in rows that are warm
COPIED = 64 * 2**20  # voxels
# power in W, time in s, applicators
PREVIEWED = [
    (30.0, 180.0, 1), (30.0, 600.0, 1), (60.0, 300.0, 1), (60.0, 300.0, 2), (100.0, 180.0, 1), (100.0, 600.0, 1)
]
Row = dict[str, Any]


@njit(parallel=True)
def _copy(source: Any, target: Any) -> None:
    for k in prange(source.shape[0]):
        for i in range(source.shape[1]):
            target[k, i] = source[k, i]


def best(work: Callable[[], object], times: int) -> float:
    """Return the shortest time in s of so many."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def bandwidth_gb_s() -> float:
    """Return what copying a large array moves, in GB/s."""
    source = np.ones((1024, COPIED // 1024), np.float32)
    target = np.zeros_like(source)
    _copy(source, target)
    return COPY_BYTES * COPIED / best(lambda: _copy(source, target), 8) / 1e9


# what is simulated


def patient_case(quick: bool) -> Any:
    """Return a generated patient with true labels and a plan for its first tumour."""
    import anatomy_twin as at
    from anatomy_twin.phantom import make_patient

    made = make_patient(SEED, "liver_tumour", "portal", matrix=128 if quick else 256, slice_mm=4.0 if quick else 2.5)
    case = at.Case.new(volume=made.volume, labels=made.truth)
    mask = made.truth.mask("tumour_1")
    centre = made.truth.geometry.to_world(np.argwhere(mask).mean(axis=0))
    entry, tip = (tuple(np.add(centre, (x, 0.0, 0.0))) for x in (-90.0, 16.0))
    probe = at.Applicator("mwa-generic", entry, tip, 100.0, 600.0)
    return case, at.AblationPlan("A", "tumour_1", (probe,))


def system_in_cube(case: Any, plan: Any, size: int) -> Any:
    """Return the thermal system of a plan in a cube of ``size`` voxels of 1 mm around its target."""
    from anatomy_twin.core import VolumeGeometry
    from anatomy_twin.simulation.thermal import ThermalModel, assembly

    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    grid = labels.geometry
    middle = grid.to_world(np.argwhere(labels.mask(plan.target)).mean(axis=0))
    corner = middle - np.asarray(grid.direction) @ np.full(3, (size - 1) / 2.0)
    box = VolumeGeometry((size,) * 3, (1.0,) * 3, grid.direction, tuple(corner), grid.frame_of_reference_uid)
    model = ThermalModel()
    return assembly.system_on(assembly.lay_ground(labels, box, model), plan, model)


def uniform(system: Any) -> Any:
    """Return a system of one tissue that does not boil, without vessels."""
    from anatomy_twin.simulation.thermal import Evaporation

    def flat(values: Any) -> Any:
        return np.full_like(values, np.median(values))

    faces = {name: flat(getattr(system, name)) for name in ("face_k", "face_j", "face_i", "capacity_j_k")}
    return replace(
        system, **faces, perfusion_1_s=flat(system.perfusion_1_s), wall_1_s=np.zeros_like(system.wall_1_s),
        evaporation=Evaporation(heat_ratio=1.0, dry_absorption=1.0),
    )


# the kernel and its peers


def kernel_rows(system: Any, heated_steps: int, times: int) -> Row:
    """Return voxels/s of one step of the kernel, of NumPy's slices and of SciPy's Laplacian on the same state."""
    from scipy import ndimage

    from anatomy_twin.kernels import bioheat
    from anatomy_twin.simulation.thermal import pipeline

    work = pipeline.begin(system, pipeline.init(system))
    pipeline.advance(system, work, heated_steps, system.time_step_s)
    source = pipeline.source_w(system, work)
    faces = (system.face_k, system.face_j, system.face_i)
    rest = (work.factors[0].copy(), work.factors[1].copy(), system.capacity_j_k, system.wall_1_s)

    def step(new: Any, omega: Any, cem43: Any) -> None:
        bioheat.advance(
            work.temperature, new, *faces, source, *rest, omega, cem43, work.hottest, *work.tables, work.constants,
            work.rows,
        )

    mine = [array.copy() for array in (work.temperature, work.omega, work.cem43)]
    step(*mine)
    other = numpy_step(system, work, source)
    inside = (slice(1, -1),) * 3
    apart = [
        float((np.abs(a[inside].astype(float) - b[inside]) / np.maximum(np.abs(b[inside]), 1e-3)).max())
        for a, b in zip(mine, other, strict=True)
    ]
    voxels = work.temperature.size
    laplacian = np.empty_like(work.temperature)
    rates = {
        "kernel": best(lambda: step(*mine), times),
        "numpy": best(lambda: numpy_step(system, work, source), max(2, times // 4)),
        "scipy laplacian": best(lambda: ndimage.laplace(work.temperature, laplacian), max(2, times // 4)),
    }
    warm = float((work.rows >= bioheat.WARM).mean())
    return {
        "mvoxel_s": {name: voxels / seconds / 1e6 for name, seconds in rates.items()}, "warm_rows": warm,
        "boiling_rows": float((work.rows == bioheat.BOILING).mean()),
        "bytes_per_voxel": STEP_BYTES + WARM_BYTES * warm,
        "apart": dict(zip(("temperature", "omega", "cem43"), apart, strict=True)),
    }


def numpy_step(system: Any, work: Any, source: Any) -> tuple[Any, Any, Any]:
    """Return temperature, damage integral and dose after one step, by slices of whole arrays."""
    from anatomy_twin.kernels import damage

    old, boil = work.temperature, system.evaporation
    flow = np.zeros_like(old)
    for axis, face in enumerate((system.face_k, system.face_j, system.face_i)):
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        passed = face[tuple(low)] * np.diff(old, axis=axis)
        flow[tuple(low)] += passed
        flow[tuple(high)] -= passed
    gain, loss = work.factors
    new = old + gain * (flow + source) - loss * (old - np.float32(system.body_c))
    hot = np.flatnonzero((old > boil.from_c) | (new > boil.from_c))
    if hot.size:
        before, after = old.flat[hot].astype(np.float64), new.flat[hot].astype(np.float64)
        span, ratio = boil.to_c - boil.from_c, boil.heat_ratio
        heat = before - boil.from_c
        heat = np.where(heat > 0, np.minimum(heat, span) * ratio + np.maximum(before - boil.to_c, 0.0), heat)
        heat += after - before
        over = boil.to_c + heat - span * ratio
        there = np.where(heat < span * ratio, boil.from_c + heat / ratio, over)
        new.flat[hot] = np.where(heat <= 0, boil.from_c + heat, there)
    omega, cem43 = work.omega.copy(), work.cem43.copy()
    place = (0.5 * (old + new) - damage.TABLE_FROM_C) * damage.TABLE_PER_KELVIN
    warm = np.flatnonzero(place >= 0)
    rows = np.arange(work.tables[0].size)
    for field, table in zip((omega, cem43), work.tables, strict=True):
        field.flat[warm] += np.interp(place.flat[warm], rows, table)
    return new, omega, cem43


# whole runs


def minutes_rows(case: Any, plan: Any, size: int, seconds: float, times: int) -> Row:
    """Return the seconds that a run takes, the laying of the ground included and not."""
    from anatomy_twin.simulation.thermal import pipeline

    start = time.perf_counter()
    system = system_in_cube(case, plan, size)
    laid = time.perf_counter() - start
    plain = uniform(system)
    return {
        "cube_mm": size, "simulated_s": seconds, "ground_s": laid,
        "all_terms_s": best(lambda: pipeline.run(system, seconds), times),
        "one_tissue_s": best(lambda: pipeline.run(plain, seconds), times),
    }


def shifted(applicator: Any, left_mm: float) -> Any:
    """Return an applicator moved to the patient's left."""
    ends = {name: tuple(np.add(getattr(applicator, name), (left_mm, 0.0, 0.0))) for name in ("entry_mm", "tip_mm")}
    return replace(applicator, **ends)


def preview_rows(case: Any, plan: Any, settings: list[tuple[float, float, int]], times: int) -> list[Row]:
    """Return milliseconds of previews and their volumes against those of the simulation, one row per setting.

    A setting is power, time and how many applicators: the second lies 15 mm to the left of the first.
    """
    import anatomy_twin as at
    from anatomy_twin.pipeline import live_thermal

    found = []
    for power_w, duration_s, count in settings:
        first = replace(plan.applicators[0], power_w=power_w, duration_s=duration_s)
        pair = (first, shifted(first, 15.0))[:count]
        one = replace(plan, applicators=pair)
        prepared = live_thermal.prepare(case, one)
        moved = [replace(one, applicators=tuple(shifted(part, float(n)) for part in pair)) for n in range(3)]
        live_thermal.preview(prepared, one)
        exact = at.simulate(case, one)
        coarse = live_thermal.preview(prepared, one)
        volume = {item.name: item.value for item in coarse.quantities}["ablated_ml"]
        found.append({
            "power_w": power_w, "duration_s": duration_s, "applicators": count,
            "spacing_mm": prepared.model.spacing_mm, "voxels": int(np.prod(coarse.geometry.shape)),
            "milliseconds": [
                1000.0 * best(lambda near=near, on=prepared: live_thermal.preview(on, near), times) for near in moved
            ],
            "preview_ml": volume, "simulated_ml": exact.coagulated_ml,
            "volume_error_percent": 100.0 * (volume / exact.coagulated_ml - 1.0),
        })
    return found


# what is told


def measure(quick: bool) -> Row:
    """Measure everything; the sizes of --quick are smaller."""
    case, plan = patient_case(quick)
    tell("kernel")
    size, times = (128, 8) if quick else (192, 20)
    gb_s = bandwidth_gb_s()
    kernel = kernel_rows(system_in_cube(case, plan, size), 40 if quick else 120, times)
    roof = 1000.0 * gb_s / kernel["bytes_per_voxel"]
    rates = kernel["mvoxel_s"]
    kernel |= {
        "cube": size, "copy_gb_s": gb_s, "roof_mvoxel_s": roof, "share_of_roof": rates["kernel"] / roof,
        "times_numpy": rates["kernel"] / rates["numpy"],
        "times_scipy_laplacian": rates["kernel"] / rates["scipy laplacian"],
    }
    tell("minutes")
    minutes = minutes_rows(case, plan, 64 if quick else 96, 120.0 if quick else 600.0, 1 if quick else 3)
    tell("preview")
    settings = PREVIEWED[-1:] if quick else PREVIEWED
    return {"kernel": kernel, "minutes": minutes, "preview": preview_rows(case, plan, settings, 2 if quick else 5),
            "threads": get_num_threads(), "cores": os.cpu_count()}  # fmt: skip


def tell(words: str) -> None:
    """Say how far it is."""
    print(f"bench_thermal: {words}", file=sys.stderr, flush=True)


def lines(found: Row) -> list[str]:
    """Lay the figures out for the terminal."""
    kernel, minutes, preview = found["kernel"], found["minutes"], found["preview"]
    rates, apart = kernel["mvoxel_s"], kernel["apart"]
    return [
        f"{found['cores']} cores, {found['threads']} threads",
        f"\nkernel, {kernel['cube']}^3 voxels, {kernel['warm_rows']:.0%} of the rows warm, "
        f"{kernel['boiling_rows']:.0%} boiling",
        f"  copying {kernel['copy_gb_s']:.1f} GB/s, {kernel['bytes_per_voxel']:.1f} bytes per voxel: roof "
        f"{kernel['roof_mvoxel_s']:.0f} Mvoxel/s",
        f"  this kernel       {rates['kernel']:8.0f} Mvoxel/s  {kernel['share_of_roof']:.0%} of the roof (asked 60 %)",
        f"  NumPy, same terms {rates['numpy']:8.0f} Mvoxel/s  {kernel['times_numpy']:.1f} times (asked 4)",
        f"  SciPy Laplacian   {rates['scipy laplacian']:8.0f} Mvoxel/s  {kernel['times_scipy_laplacian']:.1f} times "
        "(asked 10)",
        f"  apart from NumPy, relative: temperature {apart['temperature']:.1e}, damage {apart['omega']:.1e}, "
        f"dose {apart['cem43']:.1e}",
        f"\n{minutes['simulated_s'] / 60:g} minutes at 1 mm in a cube of {minutes['cube_mm']} mm "
        f"(ground laid in {minutes['ground_s']:.1f} s)",
        f"  all terms   {minutes['all_terms_s']:.2f} s (asked 6 for 10 minutes in 96 mm)",
        f"  one tissue  {minutes['one_tissue_s']:.2f} s (asked 2.5)",
        f"\npreview on {preview[0]['spacing_mm']:g} mm (asked 100 ms, and a volume within 8 % of that at 1 mm)",
        *(
            f"  {row['power_w']:3.0f} W {row['duration_s'] / 60:2.0f} min, {row['applicators']} applicator"
            f"{'s' if row['applicators'] > 1 else ' '} {row['voxels']:6} voxels  "
            + ", ".join(f"{ms:.0f}" for ms in row["milliseconds"])
            + f" ms  {row['preview_ml']:.1f} ml against {row['simulated_ml']:.1f} ml: "
            f"{row['volume_error_percent']:+.1f} %"
            for row in preview
        ),
    ]


def main() -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller cubes and shorter times: within 60 s")
    parser.add_argument("--json", action="store_true", help="one object of named figures on standard output")
    options = parser.parse_args()
    found = measure(options.quick)
    print(json.dumps(found, indent=1) if options.json else "\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
