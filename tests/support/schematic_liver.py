"""A liver drawn from a textbook: an ellipsoid with vena cava, three hepatic veins and a portal tree of seven limbs."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import Code, LabelMap, Segment, VesselTree, VolumeGeometry

CAVA = (-20.0, 42.0)
# (name, parent, azimuth around the cava in degrees, distance from it and height in mm)
PORTAL = (
    ("root", "", 5.0, 34.0, -45.0), ("fork", "root", 15.0, 36.0, 0.0), ("right", "fork", 60.0, 42.0, 0.0),
    ("anterior", "right", 66.0, 62.0, 2.0), ("VIII", "anterior", 66.0, 78.0, 42.0),
    ("V", "anterior", 60.0, 88.0, -38.0),
    ("posterior", "right", 118.0, 48.0, -2.0), ("VI", "posterior", 116.0, 78.0, -36.0),
    ("VII", "posterior", 118.0, 72.0, 34.0), ("left", "fork", -14.0, 46.0, 5.0),
    ("umbilical", "left", -16.0, 72.0, 5.0),
    ("II", "left", -62.0, 66.0, 22.0), ("III", "umbilical", -38.0, 75.0, -6.0), ("IV", "umbilical", 12.0, 86.0, 2.0),
)  # fmt: skip
VEINS = {"right": (95.0, -30.0), "middle": (38.0, -35.0), "left": (-48.0, 5.0)}  # azimuth, height of the tip
SEGMENTS = ("II", "III", "IV", "V", "VI", "VII", "VIII")


def place(azimuth_deg: float, away_mm: float, height_mm: float, side: int = 1) -> tuple[float, float, float]:
    """A place in LPS mm from its azimuth around the cava (0 to the front, positive to the right lobe)."""
    angle = np.radians(azimuth_deg)
    return side * (CAVA[0] - away_mm * np.sin(angle)), CAVA[1] - away_mm * np.cos(angle), height_mm


def portal_tree(side: int = 1, leave_out: tuple[str, ...] = (), names: bool = False) -> VesselTree:
    """The portal tree; what hangs on a limb that is left out hangs on that limb's parent instead."""
    parent_of = {name: up for name, up, *_ in PORTAL}
    kept = [entry for entry in PORTAL if entry[0] not in leave_out]
    order = [entry[0] for entry in kept]
    up = []
    for name in order:
        above = parent_of[name]
        while above in leave_out:
            above = parent_of[above]
        up.append(order.index(above) if above else -1)
    nodes = np.array([place(*entry[2:], side) for entry in kept])
    return VesselTree("portal", nodes, np.array(up), np.full(len(up), 3.0),
                      branch_names={n: name for n, name in enumerate(order) if names and name in SEGMENTS})  # fmt: skip


def tip(tree: VesselTree, name: str, side: int = 1) -> int:
    """The node that is the end of a limb."""
    entry = next(entry for entry in PORTAL if entry[0] == name)
    return int(np.argmin(np.linalg.norm(tree.nodes_mm - place(*entry[2:], side), axis=1)))


def hepatic_tree(side: int = 1) -> VesselTree:
    """Three straight veins from the cava's front at 58 mm."""
    nodes, up = [], []
    for azimuth, low in VEINS.values():
        for n, share in enumerate(np.linspace(0.0, 1.0, 9)):
            nodes.append(place(azimuth, 10.0 + 80.0 * share, 58.0 + (low - 58.0) * share**2, side))
            up.append(len(up) - 1 if n else -1)
    return VesselTree("hepatic", np.array(nodes), np.array(up), np.full(len(up), 3.0))


def schematic_labels(side: int = 1, without: tuple[str, ...] = (), spacing: float = 4.0) -> LabelMap:
    """Liver, vena cava, aorta, spleen and gallbladder on a grid of ``spacing`` mm."""
    counts = tuple(round(size / spacing) for size in (200, 212, 300))
    low = (side * -15.0 - 150.0, -95.0, -100.0)
    geometry = VolumeGeometry.upright(counts, (spacing,) * 3, low)
    points = geometry.to_world(np.moveaxis(np.indices(counts), 0, -1))
    x, y, z = side * points[..., 0], points[..., 1], points[..., 2]
    shapes = {
        "liver": ((x + 45) / 95) ** 2 + ((y - 20) / 85) ** 2 + (z / 72) ** 2 < 1,
        "inferior_vena_cava": np.hypot(x - CAVA[0], y - CAVA[1]) < 11, "aorta": np.hypot(x - 12, y - 62) < 10,
        "spleen": ((x - 100) / 30) ** 2 + ((y - 45) / 35) ** 2 + (z / 45) ** 2 < 1,
        "gallbladder": ((x + 55) / 12) ** 2 + ((y + 20) / 14) ** 2 + ((z + 62) / 16) ** 2 < 1,
    }
    array = np.zeros((1, *counts), np.uint8)
    segments = []
    for value, (name, mask) in enumerate(shapes.items(), start=1):
        if name not in without:
            array[0][mask] = value
            segments.append(Segment(name, 0, value, Code("SCT", str(value), name), (9, 9, 9)))
    return LabelMap(array, geometry, tuple(segments))
