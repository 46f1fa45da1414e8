"""All structures of a label map, in drawing order, their surfaces made in one pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.anatomy.surface.certificate import VoxelBoundary, certify
from anatomy_twin.anatomy.surface.complexes import (
    Complex,
    check_surface_memory,
    complex_of,
    decimated,
    structure_surface,
)
from anatomy_twin.anatomy.surface.regions import RegionMap, regions_of
from anatomy_twin.anatomy.surface.surfaces import voxels_of_islands, without_islands
from anatomy_twin.catalog import SLICES_ONLY
from anatomy_twin.core import (
    SILENT,
    Anatomy,
    LabelMap,
    Monitor,
    Segment,
    Structure,
    Volume,
    check_cancelled,
    part_of,
)
from anatomy_twin.errors import DataError

AROUND = ("body", "skin", "diaphragm", "lung_right", "lung_left", "pleural_recess")  # the organs beside shape these
LESIONS = ("tumour", "tumour_candidate", "lesion")
SMALLEST_DRAWN_ISLAND_ML = 0.05
LARGEST_SHARE_LEFT_OUT = 0.01  # thin vessels fall into pieces on a voxel grid: those are no specks
NOTHING_VOXELS = 1.0  # what faces wrongly and is smaller is no hollow: one of a voxel faces as it must
TOLERANCE_VOXELS = 0.1  # of the finest spacing: what decimation may add to the error of the grid
COARSE_TOLERANCE_VOXELS = 1.5
COARSE_SHARE = 0.2
SMALL_ENOUGH_TRIANGLES = 2_000  # drawn as they are while something moves
BYTES_PER_VOXEL = 8  # of the map of regions, of the flags of crossed edges, of labels put into another order
MOST_TRIANGLES = 400_000  # of all structures together: what a notebook turns without a stutter


def build_anatomy(
    volume: Volume, labels: LabelMap, monitor: Monitor = SILENT, *, memory_limit_bytes: int | None = None
) -> Anatomy:
    """Return every segment as a structure: volume from its voxels, and a certified surface where one is of use.

    All surfaces are made at once: structures that touch share their triangles, so that there is neither a gap nor an
    overlap between them, and every structure encloses the volume of its voxels. They do not depend on how the array is
    indexed. Where the patient is turned so far that another array axis runs along x, y or z, triangles are other ones:
    volumes of voxels are the same, surfaces lie within parts of a voxel of each other, certificates are as good.

    Parameters
    ----------
    volume : the scan that was segmented.
    labels : its segments on the same grid.
    monitor : told of progress; may cancel at any stage, between structures and rounds.
    memory_limit_bytes : what the surfaces may use; by default four fifths of what is free.

    Returns
    -------
    Anatomy : structures in drawing order (outermost first). A segment that was not found, or not visible, is a
        structure without surface that keeps its state and note. Space-filling tissues (fat, muscle, unknown tissue;
        skin where there is a body outline) have no surface and say so. ``volume_ml`` of a structure with parts
        includes them (liver: parenchyma, lesions and intrahepatic vessels), its surface is the outline of all.

    Raises
    ------
    DataError : scan and labels are not on the same grid.
    MeshError : the surfaces would need more memory than there is.
    Cancelled : the user stopped.
    """
    if not labels.geometry.is_close(volume.geometry, 0.01):
        raise DataError("scan and labels are not on the same grid", advice="segment this scan, or resample the labels")
    segments = sorted(labels.segments, key=_drawing_rank)
    check_cancelled(monitor)
    check_surface_memory(BYTES_PER_VOXEL * int(np.prod(labels.geometry.shape)), memory_limit_bytes)
    regions = regions_of(labels, [segment.name for segment in segments if _is_drawn(segment, labels)])
    voxels = dict(zip(regions.names, regions.structure_voxels.tolist(), strict=True))
    fine: Complex | None = None
    coarse: Complex | None = None
    if any(voxels.values()):
        fine, coarse = _complexes(regions, monitor, memory_limit_bytes)
    structures = {}
    for number, segment in enumerate(segments):
        check_cancelled(monitor)
        if not voxels.get(segment.name):
            structures[segment.name] = _bare(segment, labels)
        elif fine is not None and coarse is not None:
            structures[segment.name] = _drawn(segment, regions, fine, coarse)
        monitor.progress(0.7 + 0.3 * (number + 1) / len(segments))
    open_names = [s.name for s in structures.values() if s.certificate and not s.certificate.watertight]
    if open_names:
        monitor.warn(f"surfaces that are not closed: {', '.join(open_names)}")
    return Anatomy(structures, labels.notes)


def _complexes(regions: RegionMap, monitor: Monitor, memory_limit_bytes: int | None) -> tuple[Complex, Complex]:
    """Return the surfaces of all structures twice: for looking at and measuring, and coarser for moving."""
    with part_of(monitor, 0.0, 0.3) as own:
        whole = complex_of(regions, yielding=AROUND, memory_limit_bytes=memory_limit_bytes, exact=False, monitor=own)
    check_cancelled(monitor)
    finest_mm = min(regions.geometry.spacing_mm)
    with part_of(monitor, 0.3, 0.6) as own:
        fine = decimated(
            whole, TOLERANCE_VOXELS * finest_mm, 4, most_triangles=MOST_TRIANGLES, widest_mm=finest_mm, monitor=own
        )
    check_cancelled(monitor)
    with part_of(monitor, 0.6, 0.7) as own:
        coarse = decimated(
            fine, COARSE_TOLERANCE_VOXELS * finest_mm, int(COARSE_SHARE * len(fine.triangles)), monitor=own
        )
    monitor.progress(0.7)
    return fine, coarse


def _is_drawn(segment: Segment, labels: LabelMap) -> bool:
    return segment.name not in SLICES_ONLY and not (segment.name == "skin" and "body" in labels)


def _bare(segment: Segment, labels: LabelMap) -> Structure:
    """A structure without surface that says why it has none."""
    volume_ml = labels.volume_ml(segment.name)
    bare = Structure(
        segment.name, volume_ml, segment.state, segment.code, segment.colour, part_of=segment.part_of, note=segment.note
    )
    if volume_ml > 0:
        return _with_notes(bare, "no surface: shown on slices only")
    return bare if segment.absent else _with_notes(bare, "no voxels")


def _drawn(segment: Segment, regions: RegionMap, fine: Complex, coarse: Complex) -> Structure:
    number = regions.names.index(segment.name)
    voxels = int(regions.structure_voxels[number])
    volume_ml = voxels * regions.geometry.voxel_volume_ml
    smallest_ml = 0.0 if catalog.stem(segment.name) in LESIONS else SMALLEST_DRAWN_ISLAND_ML
    nothing_ml = NOTHING_VOXELS * regions.geometry.voxel_volume_ml
    surface, islands, parts = without_islands(
        structure_surface(fine, number), smallest_ml, LARGEST_SHARE_LEFT_OUT, nothing_ml
    )
    fewer = None
    if len(surface.triangles) > SMALL_ENOUGH_TRIANGLES:
        fewer = without_islands(
            structure_surface(coarse, number), smallest_ml, LARGEST_SHARE_LEFT_OUT, nothing_ml
        )[0]
    certificate = certify(
        surface, volume_ml, touches_border=bool(regions.structure_at_border[number]),
        boundary=VoxelBoundary(regions.array, regions.member[number], regions.geometry),
    )
    notes = []
    if voxels == 1:
        notes.append("one voxel only")
    if parts > 1:
        notes.append(f"consists of {parts} parts")
    if islands:
        lost_ml = voxels_of_islands(islands, regions, number) * regions.geometry.voxel_volume_ml
        notes.append(
            f"{len(islands)} {'island' if len(islands) == 1 else 'islands'} under {SMALLEST_DRAWN_ISLAND_ML:g} ml each "
            f"({_short_ml(lost_ml)} ml together) counted but not drawn"
        )
    return _with_notes(
        Structure(
            segment.name, volume_ml, segment.state, segment.code, segment.colour, surface, certificate,
            segment.part_of, segment.note, fewer,
        ),
        *notes,
    )


def _short_ml(volume_ml: float) -> str:
    """Return a volume with two digits that count, without an exponent."""
    return f"{volume_ml:.{max(1, 1 - int(np.floor(np.log10(volume_ml))))}f}" if volume_ml > 0 else "0"


def _with_notes(structure: Structure, *notes: str) -> Structure:
    return replace(structure, note="; ".join(note for note in (structure.note, *notes) if note))


def _drawing_rank(segment: Segment) -> tuple[int, int]:
    """Outermost first: the order of the catalog, what is part of another after it, lesions last."""
    order = list(catalog.load("terms")["segments"])
    stem = catalog.stem(segment.name)
    group = 3 if stem in LESIONS else 2 if segment.part_of else 1
    if segment.name in ("body", "unknown_tissue"):
        group = 0
    return group, order.index(stem) if stem in order else len(order)
