"""A small analytic patient: few ellipsoids and one cylinder, asymmetric, with volumes that are known exactly.

Not a phantom for segmentation: it gives every other room a labelled case in a fraction of a second.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, Volume, VolumeGeometry

# name: (centre in LPS mm, semi-axes in mm); the patient's right is at negative x, the back at positive y
ELLIPSOIDS = {
    "body": ((0, 0, 0), (150, 105, 1000)),
    "liver": ((-55, -10, 20), (75, 60, 55)),
    "spleen": ((85, 35, 30), (25, 35, 40)),
    "kidney_right": ((-55, 62, -45), (22, 22, 45)),
    "kidney_left": ((55, 62, -40), (22, 22, 45)),
    "lung_right": ((-65, 10, 130), (55, 70, 75)),
    "lung_left": ((65, 10, 130), (50, 70, 75)),
    "bone": ((0, 72, 0), (20, 18, 1000)),
    "aorta": ((18, 45, 0), (9, 9, 1000)),
    "inferior_vena_cava": ((-18, 45, 0), (10, 10, 1000)),
    "tumour_1": ((-70, -15, 25), (12, 12, 12)),
    "tumour_2": ((-30, -30, 5), (8, 8, 8)),
}
HU = {
    "body": 40, "liver": 105, "spleen": 115, "kidney_right": 180, "kidney_left": 180, "lung_right": -820,
    "lung_left": -820, "bone": 500, "aorta": 150, "inferior_vena_cava": 140, "tumour_1": 60, "tumour_2": 60,
    "hepatic_veins": 150, "skin": 20, "muscle": 50, "unknown_tissue": 20,
}
LAYERS = {"tumour_1": 2, "tumour_2": 2, "hepatic_veins": 1, "body": 3}


def toy_geometry(spacing_mm: float = 4.0) -> VolumeGeometry:
    """An upright grid around the toy patient."""
    shape = (int(260 / spacing_mm), int(240 / spacing_mm), int(330 / spacing_mm))
    return VolumeGeometry.upright(shape, (spacing_mm,) * 3, (-164.0, -119.0, -100.0), "1.2.826.0.1.3680043.8.498.1")


def ellipsoid_mask(geometry: VolumeGeometry, centre, axes) -> np.ndarray:
    """Voxels whose centre lies in an ellipsoid."""
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return (((points - np.asarray(centre)) / np.asarray(axes)) ** 2).sum(-1) <= 1.0


def make_segment(name: str, layer: int, value: int, state: str = "ok") -> Segment:
    """A segment with the term of the catalog."""
    term = catalog.term(name)
    return Segment(
        name, layer, value, Code(term["scheme"], term["code"], term["meaning"]), tuple(term["colour"]), state,
        term["part_of"],
    )


@cache
def toy_patient(spacing_mm: float = 4.0, seed: int = 0) -> tuple[Volume, LabelMap]:
    """A volume (HU with a little noise) and its exact labels; a 7 mm hepatic vein runs 14 mm beside tumour_1."""
    geometry = toy_geometry(spacing_mm)
    masks = {name: ellipsoid_mask(geometry, *shape) for name, shape in ELLIPSOIDS.items()}
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    masks["hepatic_veins"] = (np.hypot(points[..., 0] + 50, points[..., 1] + 15) < 3.5) & masks["liver"]
    radius = np.sqrt(((points / np.array([150, 105, 1000])) ** 2).sum(-1))
    masks["skin"] = masks["body"] & (radius > 0.975)
    masks["muscle"] = masks["body"] & (radius <= 0.975) & (radius > 0.88)
    masks["unknown_tissue"] = masks["body"] & (radius <= 0.88)
    order = [
        "unknown_tissue", "skin", "muscle", "lung_right", "lung_left", "liver", "spleen", "kidney_right",
        "kidney_left", "bone", "aorta", "inferior_vena_cava", "hepatic_veins", "tumour_1", "tumour_2", "body",
    ]
    array = np.zeros((4, *geometry.shape), np.uint8)
    image = np.full(geometry.shape, -1000.0)
    segments = []
    image[masks["body"]] = HU["body"]
    for value, name in enumerate(order, start=1):
        layer = LAYERS.get(name, 0)
        mask = masks[name] & masks["body"]
        array[layer][mask] = value
        if name != "body":
            image[mask] = HU[name]
        segments.append(make_segment(name, layer, value))
    image += np.random.default_rng(seed).normal(0, 6, image.shape)
    volume = Volume(np.rint(image).astype(np.int16), geometry, synthetic=True)
    return volume, LabelMap(array, geometry, tuple(segments))
