"""The segmenter "ct-head": skull, mandible, bones of the neck, brain and skin of a head in CT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry, check_cancelled
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.kernels.seg_near import near_distance_mm
from anatomy_twin.segmentation.clicks.target import add_target
from anatomy_twin.segmentation.ground.compose import compose
from anatomy_twin.segmentation.ground.plausibility import check_ct
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    WorkingGrid,
    box_of,
    box_start_shape,
    close_mm,
    close_slices_mm,
    depth_mm,
    dilate_mm,
    fill_slices,
    largest_component,
    make_working_grid,
    open_mm,
    paste,
    volume_ml,
)
from anatomy_twin.segmentation.head.cavity import HeadFrame, find_brain
from anatomy_twin.segmentation.head.jaw import (
    MANDIBLE,
    NECK,
    SKULL,
    divide_bone,
    grown_owners,
    judge_mandible,
    judge_skull,
)

GRID_MM: Final = 1.5
MIN_EXTENT_MM: Final = (24.0, 100.0, 90.0)
SKIN_MM: Final = 2.0  # assumed: skin of face and scalp is 1 to 3 mm thick
AIR_HU: Final = -450.0
BONE_HU: Final = (190.0, 900.0)
METAL_HU: Final = 2950.0  # enamel stays below
LUNG_HU: Final = (-950.0, -600.0)
SECTION_CM2: Final = (40.0, 420.0)  # a head measures 150 to 300 cm2 across, a trunk 450 and more
ORDER: Final = ("unknown_tissue", "skin", "brain", "bone", "skull", "mandible", "body")


def segment_ct_head(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Segment a CT of the head and outline the seeds; see ``anatomy_twin.segmentation.segment``.

    Finds ``skull``, ``mandible``, ``bone`` (vertebrae of the neck and the hyoid), ``brain`` (all inside the skull, with
    its fluid spaces), ``skin`` (assumed 2 mm thick) and ``body``. Raises ``SegmentationError`` for another modality
    and for a scan that shows no head.
    """
    if labels is not None and not seeds:
        raise UsageError("labels were given and no seeds, so there is nothing to do", advice="give seeds as well")
    result = labels if labels is not None else _segment_all(volume, monitor)
    for name, seed in (seeds or {}).items():
        result = add_target(volume, result, seed, name=name)
    return result


def _segment_all(volume: Volume, monitor: Monitor) -> LabelMap:
    check_ct(volume, "ct-head", MIN_EXTENT_MM, 4, "the head")
    monitor.stage("body")
    grid = make_working_grid(volume, GRID_MM)
    hu = np.clip(grid.hu, -1024.0, 3071.0)
    body = find_head(hu, GRID_MM)
    _check_head(hu, body)
    check_cancelled(monitor)
    monitor.stage("brain")
    # no bone lies in the skin: what is dense there is the head rest or a tube
    bone = find_dense(hu, body) & (depth_mm(body, GRID_MM, 4.0) > 1.6)
    brain, frame = find_brain(hu, body, bone, GRID_MM)
    if frame is None or brain.absent or brain.mask is None:
        raise SegmentationError(
            "the scan shows no head: no soft tissue lies in a shell of bone as a brain does",
            where=brain.note, advice="give a CT of the head, or ct-abdomen or ct-thorax for the trunk",
        )
    check_cancelled(monitor)
    monitor.stage("skull and mandible")
    bone &= ~ndimage.binary_erosion(brain.mask, iterations=3)
    owners, jaws = divide_bone(hu, bone, brain.mask, frame, GRID_MM)
    monitor.progress(0.7)
    check_cancelled(monitor)
    metal = metal_ml(volume, grid, owners)
    found = {
        "skull": judge_skull(owners == SKULL, brain, metal, GRID_MM),
        "mandible": judge_mandible(owners == MANDIBLE, jaws, metal, GRID_MM),
        "bone": _neck(owners == NECK), "brain": brain, "body": Found(body),
    }
    notes = _notes(frame, metal)
    monitor.stage("voxels of the scan")
    return _assemble(volume, grid, found, owners, notes)


def _check_head(hu: Image, body: Mask) -> None:
    """Refuse what is as wide as a trunk, or holds lungs."""
    areas = body.sum(axis=(1, 2)) * GRID_MM**2 / 100.0
    middle = float(np.median(areas[areas > 0])) if body.any() else 0.0
    if not SECTION_CM2[0] <= middle <= SECTION_CM2[1]:
        raise SegmentationError(
            f"the scan shows no head: the body measures {middle:.0f} cm2 across", advice="give a CT of the head"
        )
    lung = body & (hu > LUNG_HU[0]) & (hu < LUNG_HU[1])
    volume = volume_ml(open_mm(lung, 4.5, GRID_MM), GRID_MM)
    if volume > 150.0:
        raise SegmentationError(
            f"the scan shows a chest: {volume:.0f} ml of lung lie in the field", advice="give a CT of the head alone"
        )


def find_head(hu: Image, spacing_mm: float) -> Mask:
    """Return the head without its rest: what an opening of 3.5 mm leaves, its air spaces filled slice by slice."""
    tissue = hu > AIR_HU
    core = largest_component(open_mm(fill_slices(tissue), 3.5, spacing_mm))
    near = largest_component(tissue & dilate_mm(core, 2.5, spacing_mm))
    return fill_slices(close_slices_mm(near | core, 7.0, spacing_mm))


def find_dense(hu: Image, body: Mask) -> Mask:
    """Return bone and teeth with their spongy inside.

    The border lies half-way between soft tissue (40 HU) and the densest voxel near by, at 190 to 900 HU; inside, one
    voxel from everything below 190 HU, the lower limit holds, since marrow between dense tables is less dense.
    """
    peak = ndimage.maximum_filter(hu, size=3)
    above = hu > np.clip(0.5 * (peak + 40.0), *BONE_HU)
    ring = np.zeros((3, 3, 3), bool)
    ring[1] = ndimage.generate_binary_structure(2, 1)
    spongy = ndimage.binary_erosion(hu > BONE_HU[0], ring, border_value=1)
    return np.asarray(body & (above | spongy))


def metal_ml(volume: Volume, grid: WorkingGrid, owners: np.ndarray) -> float:
    """Return how much is denser than any tooth near the bones, counted on the scan's own voxels, in ml."""
    array = np.asarray(volume.canonical().array)
    dense = array >= METAL_HU
    if not dense.any():
        return 0.0
    near = dilate_mm(owners > 0, 6.0, GRID_MM)
    inside = paste(near, grid.geometry, volume.canonical().geometry)
    return float(np.count_nonzero(dense & inside)) * volume.geometry.voxel_volume_ml


def _neck(mask: Mask) -> Found:
    if volume_ml(mask, GRID_MM) < 0.5:
        return Found.nothing("no bone of the neck in the scan")
    return Found(mask, "ok", "vertebrae of the neck and hyoid bone, not told apart")


def _notes(frame: HeadFrame, metal: float) -> list[str]:
    notes = []
    if not frame.whole_base:
        notes.append("the base of the skull is not whole in view: jaw and neck were told apart by what is there")
    if abs(frame.turn_rad) > np.deg2rad(8):
        notes.append(f"the head is turned by {abs(np.rad2deg(frame.turn_rad)):.0f} degrees")
    if metal > 0.02:
        notes.append(f"metal in the teeth ({metal:.1f} ml): its streaks make the jaws unsure")
    return notes


def _assemble(
    volume: Volume, grid: WorkingGrid, found: Mapping[str, Found], owners: np.ndarray, notes: list[str]
) -> LabelMap:
    """Carry everything onto the scan's own voxels; bone is drawn anew there by its density."""
    upright = volume.canonical()
    coarse = grid.geometry
    body = paste(dilate_mm(found["body"].mask, 1.5, GRID_MM), coarse, upright.geometry)  # type: ignore[arg-type]
    box = box_of(body)
    block = upright.geometry.cropped(*box_start_shape(box))
    image = np.asarray(upright.array[box], np.float32)
    inner = paste(depth_mm(found["body"].mask, GRID_MM, 4.0) > 3.0, coarse, block)  # type: ignore[arg-type]
    body = body[box] & (inner | (image > AIR_HU))
    native: dict[str, Found] = {"body": Found(body)}
    dense = find_dense(image, body)
    spread = grown_owners(owners, 3.0, GRID_MM)
    for name, owner in (("skull", SKULL), ("mandible", MANDIBLE), ("bone", NECK)):
        entry = found[name]
        if entry.absent:
            native[name] = entry
            continue
        own = paste(spread == owner, coarse, block)
        mask = dense & own
        # marrow between the tables, and what the grid of the scan is too coarse to show
        mask |= paste(_filled(owners == owner, grid.hu, name), coarse, block) & own & (image > 90.0)
        native[name] = Found(mask, entry.state, entry.note, entry.rules)
    solid = native["skull"].mask if native["skull"].mask is not None else np.zeros(block.shape, bool)
    brain = paste(found["brain"].mask, coarse, block)  # type: ignore[arg-type]
    reach = paste(dilate_mm(found["brain"].mask, 2.0, GRID_MM), coarse, block)  # type: ignore[arg-type]
    brain = (brain | (reach & (image > -30.0) & (image < 130.0))) & ~solid
    entry = found["brain"]
    native["brain"] = Found(brain, entry.state, entry.note, entry.rules)
    native["skin"] = Found(
        _skin(body, block), "check", f"outer {SKIN_MM:g} mm of the head (assumed thickness)", ("estimated",)
    )
    native["unknown_tissue"] = Found(body, "ok", "no other structure was recognised here")
    return compose(volume, upright.geometry, box, native, ORDER, notes)


def _filled(mask: Mask, hu: Image, name: str) -> Mask:
    """Fill the marrow of a bone: holes of slices where it is a ring of its own, else narrow gaps."""
    closed = close_mm(mask, 4.5 if name == "mandible" else 2.5, GRID_MM)
    return np.asarray(mask | (closed & (hu > 90.0)))


def _skin(body: Mask, block: VolumeGeometry) -> Mask:
    """The outer millimetres of the body, measured on equal voxels of the in-plane size."""
    # thick slices count no thicker than a few millimetres: at the border of a slice there is skin beside, not above
    spacing = (max(block.spacing_mm[0], SKIN_MM), *block.spacing_mm[1:])
    depth = near_distance_mm(~body, spacing, SKIN_MM + 2 * max(spacing))
    return np.asarray(body & (depth - 0.5 * block.spacing_mm[1] <= SKIN_MM))
