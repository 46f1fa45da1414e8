"""Small label maps for the editing verbs: two organs, a vessel and two tumours in one, and a body around them."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, VolumeGeometry

SPACING_MM = (2.0, 1.0, 1.5)


def segment(name: str, layer: int, value: int, state: str = "ok", note: str = "") -> Segment:
    term = catalog.term(name)
    code = Code(term["scheme"], term["code"], term["meaning"])
    return Segment(name, layer, value, code, tuple(term["colour"]), state, term["part_of"], note)


def points_of(geometry: VolumeGeometry) -> np.ndarray:
    return geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))


def grid(shape=(24, 40, 36), spacing_mm=SPACING_MM) -> VolumeGeometry:
    return VolumeGeometry.upright(shape, spacing_mm, (-20.0, 5.0, 100.0))


def middle(geometry: VolumeGeometry) -> np.ndarray:
    return np.asarray(geometry.center_mm)


def organ_map(rest: bool = False, state: str = "ok") -> LabelMap:
    """Liver (a ball of 14 mm) beside a spleen (a slab), a vessel through the liver, two tumours in it, the body.

    With ``rest`` what is left of the body is unknown tissue, as segmenters leave it.
    """
    geometry = grid()
    points, centre = points_of(geometry), middle(geometry)
    array = np.zeros((4, *geometry.shape), np.uint8)
    body = np.hypot(*(points - centre)[..., :2].transpose(3, 0, 1, 2)) < 24
    array[3][body] = 7
    if rest:
        array[0][body] = 9
    liver = np.linalg.norm(points - centre, axis=-1) < 14
    spleen = (np.abs(points - centre)[..., 0] < 24) & (points[..., 0] > centre[0] + 15) & body
    array[0][liver] = 1
    array[0][spleen] = 2
    array[1][liver & (np.hypot(points[..., 0] - centre[0], points[..., 1] - centre[1]) < 1.6)] = 3
    array[2][np.linalg.norm(points - centre - (-5, 3, 0), axis=-1) < 4] = 4
    array[2][np.linalg.norm(points - centre - (5, -4, 2), axis=-1) < 3] = 5
    names = [("liver", 0, 1), ("spleen", 0, 2), ("hepatic_veins", 1, 3), ("tumour_1", 2, 4), ("tumour_2", 2, 5),
             ("body", 3, 7)]  # fmt: skip
    if rest:
        names.append(("unknown_tissue", 0, 9))
    segments = [segment(*one, state) for one in names]
    segments.append(segment("gallbladder", 0, 0, "not found", "not seen"))
    return LabelMap(array, geometry, tuple(segments), ("portal venous",))


def one_segment(mask: np.ndarray, geometry: VolumeGeometry, name: str = "liver") -> LabelMap:
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0][mask] = 1
    return LabelMap(array, geometry, (segment(name, 0, 1),))


def ball(radius_mm: float, spacing_mm=(1.0, 1.0, 1.0), reach_mm: float = 8.0) -> tuple[np.ndarray, VolumeGeometry]:
    shape = tuple(int(2 * (radius_mm + reach_mm) / step) + 1 for step in spacing_mm)
    geometry = grid(shape, spacing_mm)
    return np.linalg.norm(points_of(geometry) - middle(geometry), axis=-1) <= radius_mm, geometry


CENTRE = tuple(middle(grid()))


def off_centre(x=0.0, y=0.0, z=0.0):
    return CENTRE[0] + x, CENTRE[1] + y, CENTRE[2] + z


def lines(labels, name):
    """Voxels of a segment in its own layer."""
    one = labels.segment(name)
    return labels.array[one.layer] == one.value if not one.absent else np.zeros(labels.geometry.shape, bool)


def check_rules(before, after):
    """What no edit may break: parts stay on the ground that they stood on, absent ones have no voxels, no strangers."""
    for layer in range(after.array.shape[0]):
        known = {s.value for s in after.segments if s.layer == layer and not s.absent}
        assert set(np.unique(after.array[layer])) - {0} <= known
    for one in after.segments:
        if one.absent:
            continue
        assert lines(after, one.name).any(), one
        parent = one.part_of
        if parent and parent in after:
            outside = lines(after, one.name) & ~after.mask(parent)
            assert not outside.any()
            own = lines(after, one.name) & ~lines(after, parent)
            assert not (own & ~(lines(before, one.name) & ~lines(before, parent))).any()


def sitk_distance(mask, spacing_mm):
    """Distance in mm from each voxel to the nearest one of a mask, by SimpleITK (0 inside)."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(step) for step in spacing_mm[::-1]])
    signed = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.maximum(sitk.GetArrayFromImage(signed), 0.0)
