"""Labels become tetrahedra for physics: several touching structures in one mesh, fine at a target, coarse far away.

Isosurface stuffing of a graded body-centred-cubic lattice (Labelle and Shewchuk, SIGGRAPH 2007) with interfaces between
several regions (after Bronson, Levine and Whitaker, IEEE TVCG 2014), then guarded smoothing (Freitag and
Ollivier-Gooch, 1997). Interfaces are those of smooth fields of the labels (``kernels.tet_field``), shifted as a whole
until regions have the volume of their voxels. All is computed in the frame of the array with its axes in canonical
order. So the mesh does not depend on how the array is indexed, and turns with the geometry as long as no other array
axis comes to run along x, y or z: by any angle below 45 degrees about one of them. A quarter turn changes the canonical
order, and the mesh is then as good but not the same: its lattice is cut, and its points are smoothed, in another order.
Points near boundaries then differ by parts of a voxel, volumes by some hundredths of a percent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.tetra.report import TetReport, lost_and_gained_percent, tetrahedra_report
from anatomy_twin.anatomy.tetra.size import (
    Field,
    Floats,
    Near,
    RegionBlock,
    cut_out,
    emit,
    level_sizes,
    make_field,
    solve_bias,
)
from anatomy_twin.anatomy.tetra.thin import MOST_TETRAHEDRA, Plan, plan_cells
from anatomy_twin.core import SILENT, LabelMap, Monitor, TetMesh, check_cancelled
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels import tet_field, tet_improve, tet_lattice, tet_quality, tet_stuff

__all__ = ["TetReport", "build_tetrahedra", "tetrahedra_report"]

SMOOTHING_PASSES = 3
SMOOTHING_SHARE = 0.7
VOLUME_PASSES = 4
UNPINCHING_PASSES = 8
KEPT_ANGLE_DEG = 25.0  # smoothing may use up angles above this
SMALLEST_ANGLE_DEG = 5.0
LARGEST_BIAS = 1.3  # the logarithm of a gain that shifts an interface by half a voxel
# wanted angle, how far (in edges) points may leave their interface for it, passes: first they only slide along it
LIFTING = ((20.0, 0.0, 6), (15.0, 0.1, 4), (12.0, 0.2, 4), (8.0, 0.5, 6))
LOST_WORTH_TELLING_PERCENT = 5.0

Cells = NDArray[np.int64]


def build_tetrahedra(
    labels: LabelMap,
    names: Sequence[str],
    *,
    size_mm: float,
    fine_mm: float | None = None,
    near: Near | None = None,
    most_tetrahedra: int = MOST_TETRAHEDRA,
    monitor: Monitor = SILENT,
) -> TetMesh:
    """Return one mesh of several structures whose regions share the points and faces where they touch.

    Parameters
    ----------
    labels : the label map.
    names : structures in the order of the regions; a later one ("tumour_1", "portal_vein") is carved out of an earlier
        one that holds it ("liver").
    size_mm : length of the longer edges of a tetrahedron (the shorter ones are 0.87 of it) where structures are
        thicker than that; where they are thinner (vessels, sheets) edges are halved as often as it takes.
    fine_mm, near : edges of at most this length at a structure, or at ``((x, y, z), radius)`` in LPS mm: ``size_mm``
        halved as often as it takes (5 and 1.5 give 5, 2.5 and 1.25; the monitor is told); they double with distance.
    most_tetrahedra : edges are halved at thin structures only as far as the mesh has about so many; 0: nowhere.
    monitor : is told of progress and of what the mesh cannot show: shares of thin structures that are lost, and what
        size would hold them; gaps that closed, boundaries that are not one simple sheet (not manifold), structures cut
        off by the border of the scan, angles below 5 degrees.

    Raises
    ------
    UsageError : no name, a name given twice, sizes that do not fit each other.
    DataError : an unknown name, a size that is not a positive number.
    MeshError : a structure is absent, empty, covered by later ones or vanishes at this size; the target does not reach
        the structures; memory would not suffice (estimated before it is taken).
    """
    block = cut_out(labels, names, monitor)
    monitor.progress(0.02)
    check_cancelled(monitor)
    plan = plan_cells(block, labels, size_mm, fine_mm, near, most_tetrahedra, monitor)
    finest_mm = size_mm / 2 ** (level_sizes(size_mm, fine_mm, near)[1] - 1)
    if fine_mm is not None and finest_mm < 0.999 * fine_mm:
        monitor.warn(
            f"edges near the target are {finest_mm:.3g} mm, not {fine_mm:g}: sizes are halves of {size_mm:g} mm"
        )
    monitor.progress(0.1)
    field, response = make_field(block)
    monitor.progress(0.15)
    check_cancelled(monitor)
    points, pieces, regions, pinched = _stuffed(field, *emit(plan.cells, monitor), monitor)
    monitor.progress(0.4)
    check_cancelled(monitor)
    held = tet_stuff.touching(pieces, regions, len(points))
    kept = regions > 0
    used, pieces = tet_lattice.numbered(pieces[kept].astype(np.int64))
    regions, points, held = regions[kept], points[used], held[used]
    _refuse_vanished(block, regions, plan)
    points = _improved(points, pieces, regions, held, field, response, block, monitor)
    _warn(points, pieces, regions, block, plan, pinched, monitor)
    monitor.progress(1.0)
    return _in_world(points, pieces, regions, block)


def _stuffed(
    field: Field, points: Floats, corners: NDArray[np.int32], monitor: Monitor
) -> tuple[Floats, NDArray[np.int32], Cells, Cells]:
    """Return the points (N, 3), pieces (P, 4) and their regions (P,) after cutting the lattice at the interfaces.

    The last are the pinches of regions that are left (N,), a bit for each region.
    """
    found = tet_field.fields_at(field, points)[0]
    check_cancelled(monitor)
    keys, edges = tet_lattice.numbered(tet_stuff.cut_edge_keys(corners, found))
    ends = np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)
    fractions = tet_field.crossings(field, points, ends, found)
    check_cancelled(monitor)
    near = tet_stuff.needs(points, ends, fractions)
    turns = np.argsort(near, kind="stable")[: int(np.count_nonzero(near < 1.0))]
    kept = np.zeros(len(points), bool)
    for turn in range(UNPINCHING_PASSES):
        states = found.copy()
        drawn, cut = tet_stuff.draw_points(points, states, ends, fractions, corners, edges, turns, kept)
        every, numbers, stems = tet_stuff.place_crossings(points, drawn, ends, fractions, cut)
        pieces, regions = tet_stuff.divide(every, states, corners, edges, numbers, stems, field)
        check_cancelled(monitor)
        held = tet_stuff.touching(pieces, regions, len(every))
        bits = tet_stuff.pinches(pieces, regions, held, *tet_quality.around(pieces, len(every)))
        pinched = bits[: len(points)] != 0
        if turn == UNPINCHING_PASSES - 1 or not (pinched & ~kept).any():
            break
        # two sheets that were drawn onto one point: left where it was it keeps them apart
        kept |= pinched
        check_cancelled(monitor)
    return every, pieces, regions, bits


def _refuse_vanished(block: RegionBlock, regions: Cells, plan: Plan) -> None:
    counts = np.bincount(regions, minlength=len(block.names) + 1)[1:]
    gone = [number for number, count in enumerate(counts) if count == 0]
    if gone:
        raise MeshError(
            f"tetrahedra of {plan.cells.finest_mm:.3g} mm cannot hold {', '.join(block.names[n] for n in gone)}: "
            f"too thin{plan.advice(gone[0])}",
            advice="a smaller size_mm, fine_mm near it, or more tetrahedra",
        )


def _improved(
    points: Floats, pieces: NDArray[np.int32], regions: Cells, held: Cells, field: Field, response: Floats,
    block: RegionBlock, monitor: Monitor,
) -> Floats:
    """Return the points after smoothing, fitting of volumes and lifting of the worst angles."""
    starts, rings = tet_quality.around(pieces, len(points))
    colour = tet_quality.colours(pieces, starts, rings)
    mesh = (np.ascontiguousarray(points), pieces, starts, rings, held)
    # far inside nothing moves: only points of tetrahedra that the lattice does not have, and their neighbours
    order = _by_colour(np.arange(len(points)), colour)
    keep = float(np.cos(np.radians(KEPT_ANGLE_DEG)))
    for turn in range(SMOOTHING_PASSES):
        tet_improve.sweep(mesh, *order, field, False, keep, SMOOTHING_SHARE)
        monitor.progress(0.4 + 0.3 * (turn + 1) / SMOOTHING_PASSES)
        check_cancelled(monitor)
    surface = _by_colour(np.flatnonzero(held & (held - 1)), colour)
    wanted = block.volumes_mm3
    edge_voxels = _edge_mm(points, pieces) / float(np.mean(block.geometry.spacing_mm))
    for _ in range(VOLUME_PASSES):
        missing = wanted - tet_quality.region_volumes(points, pieces, regions, wanted.size)
        # chords of a curved surface cut off some hundredths of an edge; more is lost only where a structure is thin
        bias = np.log(field[3])
        low = np.minimum(0.0, np.maximum(-0.2 * edge_voxels, -LARGEST_BIAS - bias))
        high = np.maximum(0.0, np.minimum(0.2 * edge_voxels, LARGEST_BIAS - bias))
        field = (*field[:3], np.exp(bias + solve_bias(response, missing, low, high)))
        tet_improve.sweep(mesh, *surface, field, False, keep, 0.0)
        check_cancelled(monitor)
    for stage, (angle_deg, off_share, passes) in enumerate(LIFTING):
        limit = float(np.cos(np.radians(angle_deg)))
        for _ in range(passes):
            bad = tet_quality.all_badness(points, pieces) >= limit
            if not bad.any():
                break
            chosen = _by_colour(np.unique(pieces[bad]).astype(np.int64), colour)
            tet_improve.sweep(mesh, *chosen, field, True, limit, off_share)
            check_cancelled(monitor)
        monitor.progress(0.75 + 0.2 * (stage + 1) / len(LIFTING))
        check_cancelled(monitor)
    return mesh[0]


def _by_colour(which: Cells, colour: NDArray[np.int32]) -> tuple[Cells, Cells]:
    """Return points sorted by colour and where each colour begins; points without a colour are left out."""
    which = which[colour[which] >= 0]
    which = which[np.argsort(colour[which], kind="stable")]
    return which, np.searchsorted(colour[which], np.arange(int(colour.max(initial=0)) + 2))


def _edge_mm(points: Floats, pieces: NDArray[np.int32]) -> float:
    """Return the mean length of one edge of each tetrahedron."""
    return float(np.linalg.norm(points[pieces[:, 0]] - points[pieces[:, 1]], axis=1).mean())


def _warn(
    points: Floats, pieces: NDArray[np.int32], regions: Cells, block: RegionBlock, plan: Plan, pinched: Cells,
    monitor: Monitor,
) -> None:
    """Tell the monitor what the mesh cannot show."""
    shares = zip(*lost_and_gained_percent(points, pieces, regions, block), strict=True)
    for number, (name, (lost, gained), cut_off) in enumerate(zip(block.names, shares, block.border, strict=True)):
        if lost >= LOST_WORTH_TELLING_PERCENT:
            monitor.warn(f"{name}: {lost:.0f} % of its voxels lost at this size of tetrahedra{plan.advice(number)}")
        if places := int(np.count_nonzero(pinched >> (number + 1) & 1)):
            monitor.warn(f"{name}: not manifold, its boundary meets itself at {places} point{'s' * (places > 1)}")
        if gained >= LOST_WORTH_TELLING_PERCENT:
            monitor.warn(f"{name}: grew over other voxels, {gained:.0f} % of its own; thin gaps may have closed")
        if cut_off:
            monitor.warn(f"{name}: ends at the border of the scan, closed there by a flat face")
    worst = tet_quality.all_badness(points, pieces)
    if (worst >= 2.0).any():
        raise MeshError("tetrahedra stay inverted", advice="a smaller size_mm")
    flat = int((worst > np.cos(np.radians(SMALLEST_ANGLE_DEG))).sum())
    if flat:
        monitor.warn(f"{flat} tetrahedra have an angle within {SMALLEST_ANGLE_DEG:g} degrees of flat")


def _in_world(points: Floats, pieces: NDArray[np.int32], regions: Cells, block: RegionBlock) -> TetMesh:
    """Return the mesh in LPS mm, positively oriented there."""
    world = block.geometry.to_world(points / np.asarray(block.geometry.spacing_mm))
    corners = pieces.astype(np.int64)
    if np.linalg.det(block.geometry.direction) < 0:
        corners = corners[:, [0, 1, 3, 2]]
    return TetMesh(world, corners, regions - 1, block.names)
