"""The room of the brain: soft tissue that bone surrounds on nearly all sides; and the directions of the head."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    depth_in_slices_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    fill_slices,
    largest_component,
    touching,
    volume_ml,
)

COARSE_MM: Final = 4.0
REACH_MM: Final = 150.0  # a skull is at most about 200 mm long: from anywhere inside bone is nearer than this
SURROUNDED: Final = 0.86
SOFT_HU: Final = (-25.0, 130.0)
BRAIN_ML: Final = (900.0, 1700.0)
LEAST_ML: Final = 60.0
BRAIN_HU: Final = (10.0, 75.0)


@dataclass(frozen=True, eq=False)
class HeadFrame:
    """Directions of the head in mm on a grid of equal spacing: where the brain leaves the skull, and the turn.

    ``origin`` (z, y, x in mm from the first voxel) is the lower end of the brain, ``turn_rad`` the angle of the head's
    front to the grid's (about the long axis, positive to the patient's left). ``whole_base`` is False where the scan
    does not show the base of the brain, so that the origin is only the lowest part in view.
    """

    origin: tuple[float, float, float]
    turn_rad: float
    whole_base: bool

    def coordinates(self, shape: tuple[int, ...], spacing_mm: float) -> tuple[Image, Image, Image]:
        """Return height over the origin [k, 1, 1], and to the front and left of it, each [1, j, i], in mm."""
        z = (np.arange(shape[0], dtype=np.float32) * spacing_mm - self.origin[0])[:, None, None]
        y = (np.arange(shape[1], dtype=np.float32) * spacing_mm - self.origin[1])[None, :, None]
        x = (np.arange(shape[2], dtype=np.float32) * spacing_mm - self.origin[2])[None, None, :]
        cosine, sine = np.float32(np.cos(self.turn_rad)), np.float32(np.sin(self.turn_rad))
        return z, x * sine - y * cosine, x * cosine + y * sine


def surrounded(bone: Mask, spacing_mm: float) -> Image:
    """Return the share of 26 directions in which bone lies ahead, on the grid of ``bone``.

    Directions that leave the scan before they meet bone do not count: what lies there is not known. Computed on a
    grid of about 4 mm, in which a voxel is bone where any of its parts is (thin walls stay closed).
    """
    step = max(1, round(COARSE_MM / spacing_mm))
    pads = [(0, -size % step) for size in bone.shape]
    padded = np.pad(bone, pads, mode="edge")
    shape = [size // step for size in padded.shape]
    small = padded.reshape(shape[0], step, shape[1], step, shape[2], step).any(axis=(1, 3, 5))
    hits = np.zeros(small.shape, np.float32)
    known = np.zeros(small.shape, np.float32)
    for direction in product((-1, 0, 1), repeat=3):
        if any(direction):
            length = float(np.linalg.norm(direction))
            met, left = _look(small, direction, int(REACH_MM / (step * spacing_mm * length)))
            hits += met
            known += met | ~left
    share = np.where(known >= 8, hits / np.maximum(known, 1), 0)
    full = ndimage.zoom(share, step, order=1, mode="nearest", grid_mode=True)
    return np.asarray(full[: bone.shape[0], : bone.shape[1], : bone.shape[2]], np.float32)


def _look(bone: Mask, direction: tuple[int, ...], count: int) -> tuple[Mask, Mask]:
    """Tell for each voxel whether bone lies ahead within ``count`` steps, and whether the scan ends before."""
    met = np.zeros(bone.shape, bool)
    left = np.zeros(bone.shape, bool)
    for n in range(1, count + 1):
        pairs = [(n * d, size) for d, size in zip(direction, bone.shape, strict=True)]
        source = tuple(slice(max(0, move), min(size, size + move)) for move, size in pairs)
        target = tuple(slice(max(0, -move), min(size, size - move)) for move, size in pairs)
        inside = np.zeros(bone.shape, bool)
        ahead = np.zeros(bone.shape, bool)
        if all(part.stop > part.start for part in source):
            inside[target] = True
            ahead[target] = bone[source]
        left |= ~inside & ~met
        met |= ahead & ~left
    return met, left


def find_brain(hu: Image, body: Mask, bone: Mask, spacing_mm: float) -> tuple[Found, HeadFrame | None]:
    """Return the brain with its fluid spaces (all inside the dura), and the directions of the head.

    Soft tissue that bone surrounds, opened by 11 mm so that the orbits fall off and grown back by 12 mm through what
    hangs together, down to where it becomes as narrow as the foramen magnum.
    """
    share = surrounded(bone, spacing_mm)
    smooth = ndimage.gaussian_filter(hu, 1.2 / spacing_mm)
    soft = body & ~bone & (smooth > SOFT_HU[0]) & (smooth < SOFT_HU[1])
    inside = soft & (share > SURROUNDED)
    core = largest_component(erode_mm(inside, 11.0, spacing_mm))
    if not core.any():
        return Found.nothing("no soft tissue that bone surrounds like a skull"), None
    opened = dilate_mm(core, 11.0, spacing_mm) & inside
    low = _foramen_level(opened, spacing_mm)
    room = dilate_mm(opened, 12.0, spacing_mm) & soft & (share > SURROUNDED - 0.02)
    room[:low] = False
    # what hangs on by less than 7 mm (an orbit through its fissure) is not the brain's
    kept = touching(erode_mm(room, 3.4, spacing_mm), erode_mm(opened, 3.4, spacing_mm))
    mask = largest_component(dilate_mm(kept, 5.0, spacing_mm) & room)
    # plexus calcification and falx are inside, bone is not: holes that nothing but brain surrounds
    mask = fill_slices(mask) & ~_thick_bone(bone, spacing_mm)
    if not mask.any():
        return Found.nothing("no soft tissue that bone surrounds like a skull"), None
    frame = _frame(mask, low > 0, spacing_mm)
    return _judged(hu, mask, spacing_mm), frame


def _foramen_level(inside: Mask, spacing_mm: float) -> int:
    """Return the slice in which the brain leaves the skull (0 where that lies below the scan).

    The foramen magnum is at most about 37 mm across, the rear fossa some millimetres higher is much wider: the lowest
    slice that holds a disc of 36 mm, less 6 mm.
    """
    wide = (depth_in_slices_mm(inside, spacing_mm, 20.0) > 18.0).any(axis=(1, 2))
    levels = np.flatnonzero(wide)
    if not levels.size:
        return int(np.flatnonzero(inside.any(axis=(1, 2)))[0])
    return max(0, int(levels[0]) - round(6.0 / spacing_mm))


def _thick_bone(bone: Mask, spacing_mm: float) -> Mask:
    """Bone apart from specks inside the brain."""
    labels, count = ndimage.label(bone)
    if count == 0:
        return bone
    sizes = np.bincount(labels.ravel())
    large = sizes * spacing_mm**3 > 3000.0
    large[0] = False
    return np.asarray(large[labels])


def _frame(mask: Mask, whole: bool, spacing_mm: float) -> HeadFrame:
    """Directions from the brain: its lower end, and its long axis in the axial plane."""
    levels = np.flatnonzero(mask.any(axis=(1, 2)))
    low, high = int(levels[0]), int(levels[-1])
    k, j, i = np.nonzero(mask)
    upper = k > low + (high - low) // 3
    cov = np.cov(np.stack([j[upper], i[upper]]).astype(float)) if upper.sum() > 100 else np.eye(2)
    values, vectors = np.linalg.eigh(cov)
    front = vectors[:, int(np.argmax(values))]
    front = -front if front[0] > 0 else front  # to the front is towards lower j
    turn = float(np.arctan2(front[1], -front[0]))
    turn = turn if values.max() > 1.12 * values.min() and abs(turn) < np.deg2rad(40) else 0.0
    near = k <= low + max(1, int(6.0 / spacing_mm))
    y = float(np.mean(j[near])) * spacing_mm
    x = float(np.mean(i[near])) * spacing_mm
    return HeadFrame((low * spacing_mm, y, x), turn, whole)


def _judged(hu: Image, mask: Mask, spacing_mm: float) -> Found:
    volume = volume_ml(mask, spacing_mm)
    inner = erode_mm(mask, 4.0, spacing_mm)
    mean = float(np.mean(hu[inner])) if inner.any() else float("nan")
    if volume < LEAST_ML:
        return Found.nothing(f"only {volume:.0f} ml of soft tissue are surrounded by bone")
    if not BRAIN_HU[0] <= mean <= BRAIN_HU[1]:
        return Found.nothing(f"what bone surrounds has {mean:.0f} HU, no brain has")
    rules, notes = [], []
    cut = [name for name, plane in (("below", mask[0]), ("above", mask[-1])) if plane.any()]
    if cut:
        rules.append("cut by the border")
        notes.append(f"goes on {' and '.join(cut)} the scan")
    if volume > BRAIN_ML[1] or (volume < BRAIN_ML[0] and not cut):
        rules.append("volume")
        notes.append(f"{volume:.0f} ml, an adult's is {BRAIN_ML[0]:.0f} to {BRAIN_ML[1]:.0f} ml")
    note = "; ".join(["all inside the skull, with the fluid spaces", *notes])
    return Found(mask, "check" if rules else "ok", note, tuple(rules))


def near_brain(brain: Mask, within_mm: float, spacing_mm: float) -> Mask:
    """Return the voxels within a distance of the brain."""
    return distance_mm(brain, spacing_mm, within_mm + spacing_mm) <= within_mm

