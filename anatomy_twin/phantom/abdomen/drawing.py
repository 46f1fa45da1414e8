"""The order in which an abdomen is drawn, and the pass on a coarse grid that settles what all grids share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Monitor, VesselTree, VolumeGeometry
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.phantom.abdomen import gut, liver_lesions, organs, pelvis, trunk
from anatomy_twin.phantom.abdomen.build import Build, Frame, make_frame
from anatomy_twin.phantom.abdomen.kidney_lesions import KidneyLesion, place_kidney_lesions
from anatomy_twin.phantom.abdomen.lesions import Tumour, Ways, place_tumours
from anatomy_twin.phantom.abdomen.vessels import HEPATIC, PORTAL, LiverField, grow_tree, pruned
from anatomy_twin.phantom.canvas import PART, VALUE, Box, Canvas
from anatomy_twin.phantom.shapes import Field

VESSELS: Final = ("portal_branches", "hepatic_veins", "hepatic_artery")
VESSEL_HU: Final = {"portal_branches": "portal_vein", "hepatic_veins": "hepatic_vein", "hepatic_artery": "artery"}
REFERENCE_MM: Final = 4.0


@dataclass(frozen=True, eq=False)
class Inside:
    """What the reference pass settles for all grids: organ sizes, vessel trees and lesions (model frame)."""

    liver_mm: float
    spleen_mm: float
    trees: dict[str, VesselTree]
    tumours: tuple[Tumour, ...] = ()
    kidney_lesions: tuple[KidneyLesion, ...] = ()


def _before_liver(build: Build, canvas: Canvas, lesions: tuple[KidneyLesion, ...] = ()) -> Frame:
    frame = make_frame(build, canvas)
    trunk.draw_spine(build, canvas)
    trunk.draw_ribs(build, canvas)
    if build.pelvis:
        pelvis.draw_bones(build, canvas)
    organs.draw_great_vessels(build, canvas)
    trunk.draw_chest(build, frame, canvas)
    organs.draw_kidneys(build, canvas, lesions)
    trunk.draw_back(build, frame, canvas)
    if build.pelvis:
        pelvis.draw_organs(build, frame, canvas)
    organs.draw_gallbladder(build, frame, canvas)
    return frame


def _after_liver(build: Build, frame: Frame, canvas: Canvas, spleen: Field, box: Box, hilum: np.ndarray) -> None:
    organs.draw_portal_trunk(build, canvas, hilum)
    if "spleen" not in build.removed:
        canvas.place("spleen", spleen, box, organs.spleen_hu(build, canvas, box), 0.2)
    if build.detailed:
        organs.draw_bile_duct(build, canvas, hilum)
    organs.draw_pancreas(build, canvas)
    gut.draw_stomach(build, frame, canvas)
    gut.draw_duodenum(build, canvas)
    gut.draw_colon(build, frame, canvas)
    gut.draw_small_bowel(build, frame, canvas)
    gut.draw_mesentery(build, canvas)
    trunk.draw_wall(build, frame, canvas)


def settle(build: Build, kind: str, monitor: Monitor) -> Inside:
    """The reference pass on a coarse grid that does not depend on the wanted one."""
    low, size = np.array((-208.0, -150.0, -24.0)), (76, 76, 104)
    if build.half_width_mm > 185 or build.riedel_mm or build.liver_low_mm:  # other bodies do not fit into it
        low, size = np.array((-240.0, -180.0, -64.0)), (86, 88, 120)
    geometry = VolumeGeometry.upright(size, (REFERENCE_MM,) * 3, tuple(low))
    canvas = Canvas(geometry, (0.0, 0.0, 0.0), build.warp, build.warp_mm)
    kidney_lesions: tuple[KidneyLesion, ...] = ()
    if kind == "kidney_lesions":
        there = {one.name: (one.centre_mm, one.scale) for one in organs.kidneys(build) if one.name not in build.removed}
        kidney_lesions = place_kidney_lesions(build, there) if there else ()
    frame = _before_liver(build, canvas, kidney_lesions)
    box, spleen_box = canvas.box(*organs.liver_box(build)), canvas.box(*organs.spleen_box(build))
    liver_of = organs.liver_shape(build, frame, canvas, box)
    liver_mm, shown = _fitted(liver_of, canvas, box, build.liver_ml, 0.0, 18.0 if build.liver_low_mm else 25.0)
    canvas.place("liver", liver_of(liver_mm), box, 0.0, 0.0)
    spleen_of = organs.spleen_shape(build, frame, canvas, spleen_box)
    large = build.spleen_ml > organs.LARGE_SPLEEN_ML
    spleen_mm, spleen = _fitted(spleen_of, canvas, spleen_box, build.spleen_ml, 0.2, 32.0 if large else 25.0)
    monitor.progress(0.1)
    check_cancelled(monitor)
    start = low + REFERENCE_MM * np.array([box[2].start, box[1].start, box[0].start])
    # shapes are exact only near their surface: deep inside take the Euclidean distance
    depth = ndimage.distance_transform_edt(shown < 0, sampling=geometry.spacing_mm) - REFERENCE_MM / 2
    liver = LiverField(np.where(shown < 0, -depth, shown).astype(np.float64), start, REFERENCE_MM)
    trees: dict[str, VesselTree] = {}
    for name, skeleton, offset in zip(VESSELS, (PORTAL, HEPATIC, PORTAL), ((0, 0, 0), (0, 0, 0), (3, -7, 2)),
                                      strict=True):
        trees[name] = grow_tree(build, name, skeleton, liver, list(trees.values()), offset)
    monitor.progress(0.25)
    tumours: tuple[Tumour, ...] = ()
    if kind == "liver_tumour":
        _after_liver(build, frame, canvas, spleen, spleen_box, trees["portal_branches"].nodes_mm[0])
        tumours = place_tumours(build, liver, Ways.of(canvas.labels, geometry, low), trees)
    else:
        tumours = liver_lesions.place_lesions(build, liver_lesions.wanted_lesions(build, kind), liver, trees)
    for tumour in tumours:
        trees = {name: pruned(tree, np.array(tumour.centre_mm), tumour.radius_mm + 1) for name, tree in trees.items()}
    return Inside(liver_mm, spleen_mm, trees, tumours, kidney_lesions)


def _fitted(
    shape: Callable[[float], Field], canvas: Canvas, box: Box, target_ml: float, gap_mm: float, most_mm: float
) -> tuple[float, Field]:
    """Find by bisection the inflation up to ``most_mm`` that gives a volume; returns it and the distance field."""
    low, high = -25.0, most_mm
    voxel = canvas.geometry.voxel_volume_ml
    for _ in range(14):
        middle = (low + high) / 2
        shown = np.where(canvas.labels[box] == 0, canvas.keep_out(shape(middle), box, gap_mm), np.float32(1))
        too_small = np.count_nonzero(shown < 0) * voxel < target_ml
        low, high = (middle, high) if too_small else (low, middle)
    return (low + high) / 2, canvas.keep_out(shape((low + high) / 2), box, gap_mm)


def draw(build: Build, canvas: Canvas, inside: Inside, monitor: Monitor) -> None:
    """Draw everything on the canvas: image, exclusive labels, parts and lesions.

    Lesions of the liver have their number among ``inside.tumours`` (from 1), those of the kidneys follow.
    """
    frame = _before_liver(build, canvas, inside.kidney_lesions)
    monitor.progress(0.55)
    check_cancelled(monitor)
    in_kidneys = (canvas.labels == VALUE["kidney_right"]) | (canvas.labels == VALUE["kidney_left"])
    kidney_lesions = np.where(in_kidneys & (canvas.lesions > 0), canvas.lesions + len(inside.tumours), 0)
    canvas.lesions[:] = 0
    box, spleen_box = canvas.box(*organs.liver_box(build)), canvas.box(*organs.spleen_box(build))
    vessels = np.zeros(canvas.geometry.shape, np.uint8)
    hu = build.hu("liver") + build.liver_hu + 1.5 * canvas.noise(build.mottle, box)
    for name in reversed(VESSELS):
        start, stop, radius = inside.trees[name].pieces()
        at, distance, _, _ = canvas.tubes(start, stop, radius, radius, 3.0)
        # what is thinner than a pixel still counts with its share of it
        full = np.zeros(canvas.geometry.shape, np.float32)
        full[at] = np.clip(0.5 - distance / canvas.edge_mm, 0, 1)
        hu = hu * (1 - full[box]) + build.hu(VESSEL_HU[name]) * full[box]
        vessels[at][distance < 0] = PART[name]
    for number, tumour in enumerate(inside.tumours, start=1):
        at, distance = liver_lesions.lesion_distance(build, canvas, tumour)
        canvas.lesions[at][distance < 0] = number
        around = np.full(canvas.geometry.shape, np.float32(40))
        around[at] = distance
        hu = liver_lesions.with_lesion(build, canvas, hu, tumour, around[box])
    liver = organs.liver_shape(build, frame, canvas, box)(inside.liver_mm)
    canvas.place("liver", liver, box, hu, 0.0)
    in_liver = canvas.labels == VALUE["liver"]
    canvas.lesions *= in_liver
    vessels *= in_liver & (canvas.lesions == 0)
    canvas.parts[vessels > 0] = vessels[vessels > 0]
    canvas.lesions[:] = np.where(kidney_lesions > 0, kidney_lesions, canvas.lesions)
    spleen = organs.spleen_shape(build, frame, canvas, spleen_box)(inside.spleen_mm)
    _after_liver(build, frame, canvas, spleen, spleen_box, inside.trees["portal_branches"].nodes_mm[0])
    trunk.mark_fat(frame, canvas)
