#!/usr/bin/env python3
"""Measure how fast straight paths are measured against hard rules and soft costs, against other libraries.

    python3 scripts/bench_paths.py [--quick] [--json] [--case CASE.twin --target NAME]

All in one run, on a generated patient (seed 101, true labels), or on a case of your own. Paths run from every voxel
of the skin to places in and around the target until there are 100 000 of them:

prepare   what is laid out once per map: the skin, the tissues, and the distance to each group of structures.
paths     what is done per path: the voxels it crosses, its least distance to each group, costs, rules, Pareto set.
numpy     the least distances by scipy.ndimage.map_coordinates at the same samples, vectorised over paths.
vtk       whether the paths meet bone: VTK's static cell locator, and its tree of oriented boxes, on the surface of
          the bone; held against walking the voxels, which tells it of all structures at once.

Times are the best of several by the wall clock; "cpu" is the processor time of all threads, which another load on the
machine disturbs less. --quick takes a small patient and fewer paths, within 60 s.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numba import get_num_threads

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SEED = 101
Row = dict[str, Any]


def best(work: Callable[[], Any], times: int) -> tuple[Any, Row]:
    """Return what the work gives, and its shortest wall-clock and processor time in s of so many."""
    walls, cpus, found = [], [], None
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return found, {"s": min(walls), "cpu_s": min(cpus)}


def patient_case(quick: bool) -> Any:
    """Return a generated patient with true labels."""
    import anatomy_twin as at
    from anatomy_twin.phantom import make_patient

    made = make_patient(SEED, "liver_tumour", "portal", matrix=128 if quick else 384, slice_mm=4.0 if quick else 2.5)
    return at.Case.new(volume=made.volume, labels=made.truth)


def paths_of(labels: Any, target: str, count: int) -> tuple[Any, Any, Any]:
    """Return entries and tips (count, 3) in mm, and how many voxels the skin has within reach.

    The skin is gone through again and again, with the heat's centre moved by up to 15 mm each time.
    """
    from anatomy_twin.plan.check import target_center_mm
    from anatomy_twin.plan.device import load_device
    from anatomy_twin.plan.entries import skin_entries

    device = load_device("mwa-generic")
    offset = float(device["active_offset_mm"])
    centre = target_center_mm(labels, target)
    skin, _ = skin_entries(labels, centre, float(device["shaft_length_mm"]) - offset, 10**7)
    rng = np.random.default_rng(SEED)
    rounds = -(-count // len(skin))
    entries = np.vstack([skin] * rounds)[:count]
    moved = centre + np.repeat(np.vstack([np.zeros(3), rng.uniform(-9, 9, (rounds - 1, 3))]), len(skin), axis=0)[:count]
    away = moved - entries
    return entries, moved + offset * away / np.linalg.norm(away, axis=1)[:, None], skin


def measure(case: Any, target: str, count: int, times: int) -> Row:
    """Measure preparation, paths and peers."""
    from anatomy_twin.plan import ground, tissues
    from anatomy_twin.plan.entries import skin_entries
    from anatomy_twin.plan.skin_map import entry_map, reweighted

    labels = tissues.canonical_labels(case.label_map)
    entries, tips, skin = paths_of(labels, target, count)
    tell(f"{len(skin)} voxels of the skin, {count} paths")
    middle = entries[:1] * 0.0 + np.mean(tips, axis=0)
    _, on_skin = best(lambda: skin_entries(labels, middle[0], 184.0, 10**7), times)
    ends, pad = np.vstack([entries, tips]), ground.limit("risk_distance_cap_mm")
    tissue, sorted_out = best(lambda: tissues.build_tissues(labels, target, ends, pad), times)
    depth, deep = best(lambda: ground.depth_in_organ_mm(labels, target), times)
    laid, capsule = best(lambda: ground.lay_ground(tissue, depth, skin=False), times)
    _, fields = best(lambda: [None for _ in ground.fields_of(tissue, laid)], times)
    tell("paths")
    rows = path_rows(tissue, laid, entries, tips, times)
    tell("whole map")
    entry_map(case, target)
    found, whole = best(lambda: entry_map(case, target), times)
    _, again = best(lambda: reweighted(found, {"path length": 2.0}), times)
    return {
        "grid": list(labels.geometry.shape), "block": list(tissue.geometry.shape), "groups": len(tissue.groups),
        "skin_voxels": len(skin), "paths": count, "threads": get_num_threads(), "cores": os.cpu_count(),
        "prepare": {"skin": on_skin, "tissues": sorted_out, "depth": deep, "capsule": capsule, "distances": fields},
        "measured": rows,
        "map": {"entries": len(found.entries_mm), "feasible": int(found.feasible.sum()), "pareto": len(found.pareto),
                "whole": whole, "reweighted": again},
        "peers": peer_rows(tissue, laid, entries, tips, rows),
    }  # fmt: skip


def path_rows(tissue: Any, laid: Any, entries: Any, tips: Any, times: int) -> Row:
    """Return the time of each part of measuring paths, and of all; the fields are made anew outside of the clock."""
    from anatomy_twin.kernels.ray_fields import least_distance_along
    from anatomy_twin.kernels.rays import walk_to_goal
    from anatomy_twin.plan import ground
    from anatomy_twin.plan.measure import measure_paths
    from anatomy_twin.plan.rules import broken_by_rule
    from anatomy_twin.plan.skin_map import pareto_entries

    starts, ends = tissue.to_index(entries), tissue.to_index(tips)
    spacing, cap = tissue.geometry.spacing_mm, ground.limit("risk_distance_cap_mm")
    walked, walk = best(lambda: walk_to_goal(
        tissue.classes, starts, ends, len(tissue.names), tissue.organ_classes, tissue.target_class), times)  # fmt: skip
    met = ~np.isnan(walked[1])
    least: Row = {"s": 0.0, "cpu_s": 0.0}
    for classes, field in zip([*(g.classes for g in tissue.groups), ()], ground.fields_of(tissue, laid), strict=True):
        hit = met[:, list(classes)].any(axis=1)
        ends_here = starts - field.corner, ends - field.corner
        _, took = best(lambda field=field, at=ends_here, hit=hit: least_distance_along(
            field.values, field.blocks, *at, spacing, cap, hit), times)  # fmt: skip
        least = {name: least[name] + took[name] for name in least}
    totals = []
    for _ in range(times):
        clock: Row = {"s": 0.0, "cpu_s": 0.0}
        measures, both = best(lambda clock=clock: measure_paths(
            tissue, laid, entries, tips, fields=clocked(ground.fields_of(tissue, laid), clock)), 1)  # fmt: skip
        totals.append({name: both[name] - clock[name] for name in clock})
    broken, rules = best(lambda: broken_by_rule(tissue, laid, measures, 200.0), times)
    feasible = ~np.any(list(broken.values()), axis=0)
    _, front = best(lambda: pareto_entries(measures.costs, feasible), times)
    parts = {"voxels": walk, "least": least, "rules": rules, "front": front}
    # all that is done per path: also costs and first hits, but not making the fields
    total = {name: min(one[name] for one in totals) + rules[name] + front[name] for name in ("s", "cpu_s")}
    return {**parts, "all": total, "feasible_percent": 100.0 * float(feasible.mean())}


def clocked(items: Iterable[Any], clock: Row) -> Iterator[Any]:
    """Give the items, and add up in ``clock`` how long each was waited for."""
    source = iter(items)
    while True:
        wall, cpu = time.perf_counter(), time.process_time()
        item = next(source, None)
        clock["s"] += time.perf_counter() - wall
        clock["cpu_s"] += time.process_time() - cpu
        if item is None:
            return
        yield item


def peer_rows(tissue: Any, laid: Any, entries: Any, tips: Any, rows: Row) -> Row:
    """Return the times of the peers on some of the paths, scaled to all, and how far they agree."""
    from anatomy_twin.kernels.ray_fields import least_distance_along
    from anatomy_twin.plan import ground

    count = len(entries)
    chosen = np.linspace(0, count - 1, min(count, 4000)).astype(int)
    starts, ends = tissue.to_index(entries[chosen]), tissue.to_index(tips[chosen])
    spacing, cap = tissue.geometry.spacing_mm, ground.limit("risk_distance_cap_mm")
    apart, seconds = 0.0, 0.0
    tell("numpy")
    for number, field in zip(range(len(tissue.groups)), ground.fields_of(tissue, laid), strict=False):
        if not field.values.size:
            continue
        tell(f"  {tissue.groups[number].name}")
        own, _ = least_distance_along(
            field.values, field.blocks, starts - field.corner, ends - field.corner, spacing, cap
        )
        other, took = best(lambda field=field: sampled(field, starts, ends), 1)
        seconds += took["s"]
        apart = max(apart, float(np.abs(own - np.minimum(other, cap)).max()))
    scale = count / len(chosen)
    return {
        "numpy": {"s": seconds * scale, "times": seconds * scale / rows["least"]["s"], "apart_mm": apart,
                  "paths": len(chosen)},
        **meeting_rows(tissue, entries, tips, rows),
    }  # fmt: skip


def sampled(field: Any, starts: Any, ends: Any) -> Any:
    """Return the least value of a field along paths, read at every sample by SciPy."""
    from scipy import ndimage

    counts = np.ceil(2.0 * np.abs(ends - starts).max(axis=1)).astype(int) + 1
    steps = np.minimum(np.arange(counts.max() + 1), counts[:, None]) / counts[:, None]
    points = starts[:, None] - field.corner + steps[..., None] * (ends - starts)[:, None]
    values = ndimage.map_coordinates(field.values, points.reshape(-1, 3).T, order=1, mode="nearest")
    return values.reshape(steps.shape).min(axis=1)


def meeting_rows(tissue: Any, entries: Any, tips: Any, rows: Row) -> Row:
    """Return how long VTK takes to tell which paths meet the surface of the bone, and how far they agree."""
    from anatomy_twin.anatomy import surface_of
    from anatomy_twin.kernels.rays import walk_paths

    bone = next(group for group in tissue.groups if group.name == "bone")
    mask = tissue.is_any(bone.classes)
    if not mask.any():
        return {}
    tell("surface of the bone")
    surface = surface_of(mask, tissue.geometry)
    found: Row = {}
    for name, ask, most in (("vtk cells", cells_meet, 20_000), ("vtk boxes", boxes_meet, 20_000)):
        tell(name)
        chosen = np.linspace(0, len(entries) - 1, min(len(entries), most)).astype(int)
        start, end = entries[chosen], tips[chosen]
        meets, took = ask(surface, start, end)
        length, _, _ = walk_paths(tissue.classes, tissue.to_index(start), tissue.to_index(end), len(tissue.names))
        walked = length[:, list(bone.classes)].sum(axis=1) > 0
        seconds = took * len(entries) / len(chosen)
        found[name] = {"s": seconds, "times": seconds / rows["voxels"]["s"], "paths": len(chosen),
                       "same_percent": 100.0 * float((meets == walked).mean())}  # fmt: skip
    return found


def cells_meet(surface: Any, starts: Any, ends: Any) -> tuple[Any, float]:
    """Return which segments meet a surface by VTK's static cell locator, and the seconds it took."""
    from vtkmodules.vtkCommonCore import mutable
    from vtkmodules.vtkCommonDataModel import vtkStaticCellLocator

    locator = vtkStaticCellLocator()
    t, x, pcoords, sub, cell = mutable(0.0), [0.0] * 3, [0.0] * 3, mutable(0), mutable(0)
    return asked(locator, surface, starts, ends,
                 lambda start, end: locator.IntersectWithLine(start, end, 1e-6, t, x, pcoords, sub, cell))  # fmt: skip


def boxes_meet(surface: Any, starts: Any, ends: Any) -> tuple[Any, float]:
    """Return the same by VTK's tree of oriented boxes."""
    from vtkmodules.vtkFiltersGeneral import vtkOBBTree

    tree = vtkOBBTree()
    return asked(tree, surface, starts, ends, lambda start, end: tree.IntersectWithLine(start, end, None, None) != 0)


def asked(
    locator: Any, surface: Any, starts: Any, ends: Any, ask: Callable[[Any, Any], object]
) -> tuple[Any, float]:
    """Return the answers of a locator for all segments, and the seconds without building it."""
    import pyvista

    mesh = pyvista.PolyData.from_regular_faces(np.asarray(surface.points_mm, np.float32), surface.triangles)
    locator.SetDataSet(mesh)
    locator.BuildLocator()
    begun = time.perf_counter()
    meets = [bool(ask(start, end)) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return np.array(meets), time.perf_counter() - begun


def tell(words: str) -> None:
    """Say how far it is."""
    print(f"bench_paths: {words}", file=sys.stderr, flush=True)


def lines(found: Row) -> list[str]:
    """Lay the figures out for the terminal."""
    prepare, parts, peers, whole = found["prepare"], found["measured"], found["peers"], found["map"]

    def row(name: str, took: Row) -> str:
        return f"  {name:<12}{took['s']:8.3f} s   cpu {took['cpu_s']:.3f} s"

    told = [
        f"{found['cores']} cores, {found['threads']} threads; scan {found['grid']}, block {found['block']}, "
        f"{found['skin_voxels']} voxels of the skin within reach",
        "\nprepare, once per map", *(row(name, took) for name, took in prepare.items()),
        f"\n{found['paths']} paths, {found['groups']} groups of structures",
        *(row(name, parts[name]) for name in ("voxels", "least", "rules", "front", "all")),
        "  (asked: all under 1 s on two cores)",
        f"\nthe whole map: {whole['entries']} entries, {whole['feasible']} feasible, "
        f"{whole['pareto']} in the Pareto set",
        row("whole", whole["whole"]), row("other weights", whole["reweighted"]),
        "\npeers, scaled to all paths",
    ]
    for name, peer in peers.items():
        apart = peer.get("apart_mm")
        agree = f"at most {apart:.1e} mm apart" if apart is not None else f"{peer['same_percent']:.2f} % the same"
        times = f"{peer['times']:.0f} times as long"
        told.append(f"  {name:<9}{peer['s']:8.1f} s   {times}; {agree} ({peer['paths']} paths asked)")
    return told


def main() -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small patient and fewer paths: within 60 s")
    parser.add_argument("--json", action="store_true", help="one object of named figures on standard output")
    parser.add_argument("--case", metavar="CASE.twin", help="a case of your own instead of the generated patient")
    parser.add_argument("--target", default="tumour_1", metavar="NAME")
    options = parser.parse_args()
    from anatomy_twin import plan

    plan.warm_up()
    if options.case:
        from anatomy_twin.store import load_case

        case = load_case(options.case)
    else:
        case = patient_case(options.quick)
    found = measure(case, options.target, 20_000 if options.quick else 100_000, 1 if options.quick else 4)
    print(json.dumps(found, indent=1) if options.json else "\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
