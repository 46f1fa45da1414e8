"""Which bone of a head belongs to the skull, which to the mandible and which to the neck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, dilate_mm, volume_ml
from anatomy_twin.segmentation.head.cavity import HeadFrame, near_brain

ENAMEL_HU: Final = 1500.0
SKULL, MANDIBLE, NECK = 1, 2, 3
MANDIBLE_ML: Final = (25.0, 140.0)
LEAST_ML: Final = 1.0
SKULL_ML: Final = (250.0, 1300.0)


@dataclass(frozen=True, eq=False)
class Jaws:
    """The plane between the teeth in the head's directions: height = a + b front + c left (mm); how it was found."""

    a: float
    b: float
    c: float
    bone_ratio: float

    def height(self, front: Image, left: Image) -> Image:
        """Return the height of the plane over the frame's origin."""
        return np.asarray(self.a + self.b * front + self.c * left, np.float32)


def bite_plane(hu: Image, bone: Mask, frame: HeadFrame, spacing_mm: float) -> Jaws | None:
    """Return the plane between upper and lower teeth; None where no two rows of teeth are in view.

    Crowns are widest in their middle and touch on little more than a cusp, so among the planes through the enamel the
    one that meets least dense bone parts the rows. ``bone_ratio`` is what it meets, compared with the crowns beside.
    """
    z, front, left = frame.coordinates(hu.shape, spacing_mm)
    enamel = bone & (hu > ENAMEL_HU) & _teeth_zone(z, front, left)
    if volume_ml(enamel, spacing_mm) < 0.8:
        return None
    k, j, i = np.nonzero(enamel)
    heights = k * spacing_mm - frame.origin[0]
    centre = float(np.median(heights))
    near = np.abs(heights - centre) < 18
    fronts, lefts = front[0, j, i][near], left[0, j, i][near]
    heights, weights = heights[near], hu[k, j, i][near]
    if float(np.ptp(heights)) < 7.0:
        return None  # one row only
    best: tuple[float, Jaws] | None = None
    middle = float(np.mean(fronts))
    edges = np.arange(-20.0, 20.0 + 1e-6, spacing_mm)
    for slope in np.linspace(-0.45, 0.45, 13):
        for lean in np.linspace(-0.25, 0.25, 7):
            rest = heights - slope * (fronts - middle) - lean * lefts - centre
            profile = np.histogram(rest, edges, weights=weights)[0]
            profile = ndimage.gaussian_filter1d(profile, 0.6)
            total = np.cumsum(profile)
            for n in range(2, len(profile) - 2):
                below, above = total[n - 1], total[-1] - total[n]
                if min(below, above) < 0.22 * total[-1]:
                    continue
                peak = min(float(profile[:n].max()), float(profile[n + 1:].max()))
                ratio = float(profile[n]) / max(peak, 1e-6)
                if best is None or ratio < best[0]:
                    at = centre + float(edges[n] + edges[n + 1]) / 2
                    best = ratio, Jaws(at - slope * middle, float(slope), float(lean), ratio)
    return best[1] if best is not None and best[0] < 0.85 else None


def divide_bone(
    hu: Image, bone: Mask, brain: Mask, frame: HeadFrame, spacing_mm: float
) -> tuple[np.ndarray, Jaws | None]:
    """Return whose bone each voxel is (1 skull, 2 mandible, 3 neck, 0 none), and the plane between the teeth.

    Markers: the skull is what lies near the brain; the mandible and the neck are pieces that come loose at some
    density and lie where these bones lie. From there a watershed on density meets in the dips of the joints.
    """
    z, front, left = frame.coordinates(hu.shape, spacing_mm)
    jaws = bite_plane(hu, bone, frame, spacing_mm)
    parted = bone.copy()
    if jaws is not None:
        # only where teeth are: the plane also runs through the rami
        teeth = dilate_mm(bone & (hu > ENAMEL_HU) & _teeth_zone(z, front, left), 4.0, spacing_mm)
        teeth &= np.abs(z - jaws.height(front, left)) < 18
        parted &= ~(teeth & (np.abs(z - jaws.height(front, left)) < 0.8 * spacing_mm))
    markers = np.zeros(bone.shape, np.int32)
    skull_zone = near_brain(brain, 7.0, spacing_mm) & (z > 0.5)
    markers[parted & skull_zone & (hu > 300)] = SKULL
    zones = {MANDIBLE: _mandible_zone(z, front, left, jaws), NECK: _neck_zone(z, front, left)}
    for level in (250.0, 320.0, 420.0, 520.0, 650.0, 850.0, 1100.0):
        labels, count = ndimage.label(parted & (hu > level))
        if count == 0:
            continue
        sizes = _sizes_ml(labels.ravel(), count, spacing_mm)
        of_skull = _sizes_ml(labels[skull_zone], count, spacing_mm)
        for owner, zone in zones.items():
            within = _sizes_ml(labels[np.broadcast_to(zone, bone.shape)], count, spacing_mm)
            least = 0.35 if owner == MANDIBLE else 0.06
            chosen = (sizes > least) & (of_skull < 0.02 * sizes) & (within > 0.85 * sizes)
            chosen[0] = False
            markers[chosen[labels] & (markers == 0)] = owner
    free = markers == 0
    # farther in front lies the cheek bone too; the whole jaw is known by its teeth there
    ramus = (front > 14) & (front < 48) & (np.abs(left) > 26) & (np.abs(left) < 60) & (z < 3)
    markers[_sections(hu, parted, ramus, (45.0, 700.0), spacing_mm) & free] = MANDIBLE
    spine = (front > -65) & (front < 22) & (np.abs(left) < 46) & (z < -9)
    markers[_sections(hu, parted, spine, (30.0, 2500.0), spacing_mm) & free] = NECK
    if jaws is not None:
        # crowns of the upper row are the skull's even where they float free of it
        crowns = parted & teeth & (hu > ENAMEL_HU)
        markers[crowns & (z > jaws.height(front, left) + spacing_mm)] = SKULL
        markers[crowns & (z < jaws.height(front, left) - spacing_mm)] = MANDIBLE
        # nothing of the skull lies under the upper teeth but behind, where the neck is
        lower = (z < jaws.height(front, left) - 5.0) & (front > 26) & (hu > 300)
        markers[parted & lower & (markers == 0)] = MANDIBLE
    density = np.clip(ndimage.gaussian_filter(hu, 0.5), 0, 1400)
    owners = watershed(-density, markers, mask=parted)
    free = parted & (owners == 0)
    # what no marker reaches and lies far aside is a head rest, a tube or jewellery
    free &= np.broadcast_to(np.abs(left) < 78, bone.shape)
    owners[free & np.broadcast_to(z > -15, bone.shape)] = SKULL
    owners[free & np.broadcast_to(z <= -15, bone.shape)] = NECK
    _give_hyoid_to_neck(owners)
    rest = bone & ~parted
    if rest.any():
        owners[rest] = np.where(z > jaws.height(front, left), SKULL, MANDIBLE)[rest] if jaws is not None else SKULL
    return owners.astype(np.uint8), jaws


def _sections(hu: Image, bone: Mask, zone: Mask, area_mm2: tuple[float, float], spacing_mm: float) -> Mask:
    """Return pieces of single slices that lie in a zone and have an area within limits.

    In thick slices the head of the mandible melts into its socket and C1 into the occiput, so that in space no piece
    comes loose; a section some millimetres lower does. A ramus is 8 mm by 15 to 40 mm across, a styloid process 3 to
    6 mm.
    """
    zone = np.broadcast_to(zone, bone.shape)
    in_slice = np.zeros((3, 3, 3), dtype=bool)
    in_slice[1] = ndimage.generate_binary_structure(2, 1)
    result = np.zeros(bone.shape, bool)
    for level in (300.0, 600.0):
        labels, count = ndimage.label(bone & (hu > level), in_slice)
        areas = np.bincount(labels.ravel(), minlength=count + 1) * spacing_mm**2
        within = np.bincount(labels[zone], minlength=count + 1) * spacing_mm**2
        chosen = (areas > area_mm2[0]) & (areas < area_mm2[1]) & (within > 0.97 * areas)
        chosen[0] = False
        result |= chosen[labels]
    return result


def _sizes_ml(labels: np.ndarray, count: int, spacing_mm: float) -> np.ndarray:
    return np.bincount(labels, minlength=count + 1) * spacing_mm**3 / 1000.0


def _give_hyoid_to_neck(owners: np.ndarray) -> None:
    """A small piece of its own under the mandible is the hyoid bone (changed in place)."""
    labels, count = ndimage.label(owners == MANDIBLE)
    if count < 2:
        return
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    main = int(np.argmax(sizes))
    floor = float(np.percentile(np.nonzero(labels == main)[0], 15))
    for n in np.flatnonzero((sizes > 0) & (sizes < 0.12 * sizes[main])):
        piece = labels == n
        if float(np.mean(np.nonzero(piece)[0])) < floor:
            owners[piece] = NECK


def _teeth_zone(z: Image, front: Image, left: Image) -> Mask:
    return np.asarray((front > 40) & (front < 150) & (np.abs(left) < 45) & (z < 20) & (z > -110))


def _mandible_zone(z: Image, front: Image, left: Image, jaws: Jaws | None) -> Mask:
    """Where a mandible lies: from under the ear to the chin, the rami beside the throat, the body in front."""
    rami = (front > 14) & (front < 75) & (np.abs(left) > 24) & (np.abs(left) < 68) & (z < 32) & (z > -80)
    top = jaws.height(front, left) if jaws is not None else np.float32(-12)
    body = (front > 35) & (front < 150) & (np.abs(left) < 60) & (z < top) & (z > -115)
    return np.asarray(rami | body)


def _neck_zone(z: Image, front: Image, left: Image) -> Mask:
    spine = (front > -65) & (front < 34) & (np.abs(left) < 46) & (z < -9)
    hyoid = (front > 20) & (front < 85) & (np.abs(left) < 32) & (z < -45)
    return np.asarray(spine | hyoid)


def judge_mandible(mask: Mask, jaws: Jaws | None, metal_ml: float, spacing_mm: float) -> Found:
    """Return the mandible with what speaks against it."""
    volume = volume_ml(mask, spacing_mm)
    if volume < LEAST_ML:
        return Found.nothing("no bone that lies like a lower jaw; it may be outside the scan")
    rules, notes = [], []
    if mask[0].any():
        rules.append("cut by the border")
        notes.append("goes on below the scan")
    if volume > MANDIBLE_ML[1] or (volume < MANDIBLE_ML[0] and not mask[0].any()):
        rules.append("volume")
        notes.append(f"{volume:.0f} ml, an adult's is {MANDIBLE_ML[0]:.0f} to {MANDIBLE_ML[1]:.0f} ml")
    if jaws is not None and jaws.bone_ratio > 0.3:
        rules.append("estimated")
        notes.append("the teeth touch: parted along the plane with the least bone")
    if metal_ml > 0.02:
        rules.append("metal")
        notes.append(f"{metal_ml:.1f} ml of metal in the teeth blur its border")
    return Found(mask, "check" if rules else "ok", "; ".join(notes), tuple(rules))


def judge_skull(mask: Mask, brain: Found, metal_ml: float, spacing_mm: float) -> Found:
    """Return the skull with what speaks against it."""
    volume = volume_ml(mask, spacing_mm)
    if volume < 15.0:
        return Found.nothing(f"only {volume:.0f} ml of bone around the brain")
    rules, notes = [], []
    cut = "cut by the border" in brain.rules
    if cut:
        rules.append("cut by the border")
        notes.append("only a part of the skull is in the scan")
    if volume > SKULL_ML[1] or (volume < SKULL_ML[0] and not cut):
        rules.append("volume")
        notes.append(f"{volume:.0f} ml, an adult's is {SKULL_ML[0]:.0f} to {SKULL_ML[1]:.0f} ml")
    if metal_ml > 0.02:
        rules.append("metal")
        notes.append(f"{metal_ml:.1f} ml of metal in the teeth blur the upper jaw")
    return Found(mask, "check" if rules else "ok", "; ".join(notes), tuple(rules))


def grown_owners(owners: np.ndarray, within_mm: float, spacing_mm: float) -> np.ndarray:
    """Return the owners spread to all voxels within a distance, each to the nearest (0 beyond)."""
    if not owners.any():
        return owners
    near = dilate_mm(owners > 0, within_mm, spacing_mm)
    index = ndimage.distance_transform_edt(owners == 0, return_distances=False, return_indices=True)
    return np.where(near, owners[tuple(index)], 0).astype(np.uint8)
