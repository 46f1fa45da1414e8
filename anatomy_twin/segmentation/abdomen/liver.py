"""The liver: where its grey level is, what of it lies inside wall, diaphragm and neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.lungs import distance_within
from anatomy_twin.segmentation.ground.evenness import uneven_parts
from anatomy_twin.segmentation.ground.frame import SpineFrame, wall_weight
from anatomy_twin.segmentation.ground.landmarks import Landmarks
from anatomy_twin.segmentation.ground.lobes import keep_lobes
from anatomy_twin.segmentation.ground.posterior import expectation_maximisation, smooth_decision
from anatomy_twin.segmentation.ground.prior import prior_of, soft_weight
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    close_mm,
    components,
    dilate_mm,
    fill_slices,
    open_mm,
    touching,
    volume_ml,
)

OWN_LEVEL_HU = 85.0  # muscle has 50 to 65 HU
OWN_BAND_SD = 2.0
OWN_BAND_HU = 8.0
OWN_LEAST_ML = 2.0
OWN_AND_LEANS = (  # share of the inside at the liver's level, share of the surface that leans on it
    (0.9, 0.15), (0.7, 0.25),
)
OWN_LEFT_MM = 35.0


@dataclass(frozen=True, eq=False)
class Scene:
    """What is known before the organs are sought; all arrays on one equal grid [k, j, i].

    ``smooth`` is ``hu`` with the noise taken out; ``depth`` mm inside the trunk wall; ``under_dome`` mm below the
    diaphragm (1000 where nothing limits); ``marks`` the landmarks, ``use_prior`` whether the spatial prior counts.
    """

    hu: Image
    smooth: Image
    body: Mask
    bone: Mask
    lungs: Mask
    gas: Mask
    aorta: Mask
    depth: Image
    under_dome: Image
    frame: SpineFrame
    arms_in_field: bool = False
    marks: Landmarks | None = None
    use_prior: bool = True

    def hint(self, name: str, floor: float) -> Image:
        """Return the weight, from ``floor`` to 1, of how usual the organ is at each voxel; 1 where no prior is used."""
        if self.marks is None or not self.use_prior:
            return np.ones(self.hu.shape, dtype=np.float32)
        known = self.marks.top_mm is not None
        return soft_weight(prior_of(name, self.marks, self.marks.geometry), floor if known else 0.5 + 0.5 * floor)

    def rather(self, name: str, others: tuple[str, ...], floor: float) -> Image:
        """Return the weight, from ``floor`` to 1, of an organ against its neighbours by where they usually lie.

        Without a landmark that gives a height it says nothing: what lies above what decides.
        """
        if self.marks is None or not self.use_prior or self.marks.top_mm is None:
            return np.ones(self.hu.shape, dtype=np.float32)
        own = prior_of(name, self.marks, self.marks.geometry)
        rest = np.sum([prior_of(other, self.marks, self.marks.geometry) for other in others], axis=0)
        return (floor + (1.0 - floor) * np.minimum(1.0, 2.0 * (own + 0.02) / (own + rest + 0.04))).astype(np.float32)

    @property
    def spacing_mm(self) -> float:
        """Spacing of the grid."""
        return self.frame.spacing_mm


@dataclass(frozen=True, slots=True)
class Level:
    """Grey level of an organ: mean and standard deviation in HU."""

    mean_hu: float
    sd_hu: float


def denoise(hu: Image, body: Mask) -> Image:
    """Return HU within [-300, 500], median of 3 x 3 x 3, then curvature anisotropic diffusion, around the body."""
    box = box_of(body, 2)
    result = np.clip(hu, -300.0, 500.0).astype(np.float32)
    image = SimpleITK.Median(SimpleITK.GetImageFromArray(result[box]), (1, 1, 1))
    image = SimpleITK.CurvatureAnisotropicDiffusion(
        image, timeStep=0.0625, conductanceParameter=2.0, conductanceScalingUpdateInterval=1, numberOfIterations=5
    )
    result[box] = SimpleITK.GetArrayFromImage(image)
    return result


def find_liver(scene: Scene) -> tuple[Found, Level | None]:
    """Return the liver (with lesions and vessels inside it) and the grey level of its parenchyma."""
    step = scene.spacing_mm
    core = find_core(scene)
    if core is None:
        return Found.nothing("no large even region right of the spine below the lung"), None
    prior = _prior(scene)
    allowed = scene.body & (prior > 0.02)
    start = Level(float(np.median(scene.smooth[core])), max(4.0, float(np.std(scene.smooth[core]))))
    posterior = expectation_maximisation(
        scene.smooth, allowed, prior, start.mean_hu, start.sd_hu, shaded=scene.arms_in_field, core=core,
        spacing_mm=step,
    )
    level = Level(posterior.mean_hu, posterior.sd_hu)
    mask = smooth_decision(posterior, step) & allowed
    mask = _clean(mask, core, scene, level)
    size = volume_ml(mask, step)
    if size < 60.0:
        return Found.nothing("no region large enough for a liver"), None
    return Found(mask), level


def find_core(scene: Scene) -> Mask | None:
    """Return the largest even region at one grey level in the right upper belly."""
    step = scene.spacing_mm
    left = np.broadcast_to(scene.frame.left_mm, scene.hu.shape)
    region = (scene.depth > 0.0) & (left < -15.0) & (scene.under_dome > 0.0) & scene.body
    region &= ~distance_within(scene.lungs, 5.0, step) & ~distance_within(scene.bone, 4.0, step)
    region &= ~distance_within(scene.gas, 5.0, step)
    if volume_ml(region, step) < 50.0:
        return None
    clipped = np.clip(scene.hu, -200.0, 400.0)
    size = max(3, 2 * round(6.0 / step) + 1)
    mean = ndimage.uniform_filter(clipped, size)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(clipped * clipped, size) - mean * mean, 0.0))
    even = region & (spread <= np.percentile(spread[region], 35.0)) & (mean > 0.0) & (mean < 250.0)
    counts, edges = np.histogram(mean[even], bins=np.arange(-20.0, 252.0, 2.0))
    line = ndimage.gaussian_filter1d(counts.astype(float), 2.0)
    tops = np.flatnonzero((line[1:-1] >= line[:-2]) & (line[1:-1] > line[2:]) & (line[1:-1] > 0.04 * line.max())) + 1
    best: tuple[float, Mask] | None = None
    for top in tops:
        peak = float(edges[top]) + 1.0
        alike = region & (np.abs(scene.smooth - peak) < 14.0)
        opened = open_mm(alike, 4.5, step)
        parts = components(opened, 10)
        if parts:
            part = keep_lobes(parts[0], parts[0], step, image=scene.hu)
            # the liver is even: fat-streaked muscle and bowel of the same mean are not
            score = volume_ml(part, step) * (0.3 + 0.7 * float(np.mean(even[part])))
            if best is None or score > best[0]:
                best = (score, part)
    if best is None or volume_ml(best[1], step) < 40.0:
        return None
    return best[1]


def _prior(scene: Scene) -> Image:
    """Return how likely liver is at each place before its grey value is looked at, 0 to 1."""
    step = scene.spacing_mm
    left = np.broadcast_to(scene.frame.left_mm, scene.hu.shape)
    front = np.broadcast_to(scene.frame.front_mm, scene.hu.shape)
    limit = np.where(front > 25.0, 70.0, np.where(front > 0.0, 0.0, -20.0))
    prior = wall_weight(scene.depth) / (1.0 + np.exp(np.clip((left - limit) / 12.0, -30.0, 30.0)))
    prior /= 1.0 + np.exp(np.clip(-scene.under_dome / 3.0, -30.0, 30.0))
    prior = np.where((np.abs(left) < 38.0) & (front < 32.0), 0.05 * prior, prior)
    contrast = (scene.hu > 220.0) & ~scene.bone & scene.body & (scene.depth > 5.0)
    prior = np.where(distance_within(open_mm(contrast, step, step), 4.5, step), 0.3 * prior, prior)
    prior = np.where(distance_within(scene.gas, 4.5, step), 0.4 * prior, prior)
    prior *= scene.rather("liver", ("kidney_right", "stomach", "inferior_vena_cava", "spleen"), 0.15)
    prior *= scene.hint("liver", 0.3)
    prior[scene.lungs | scene.bone | scene.gas | ~scene.body] = 0.0
    prior[distance_within(scene.aorta, 3.0, step)] = 0.0
    return prior.astype(np.float32)


def _clean(mask: Mask, core: Mask, scene: Scene, level: Level) -> Mask:
    """Cut off what hangs on by necks, fill vessels and lesions inside."""
    step = scene.spacing_mm
    left = np.broadcast_to(scene.frame.left_mm, mask.shape)
    # the left lobe is thin: a gentler opening beyond the midline
    opened = open_mm(mask, 4.5, step) | (open_mm(mask, 3.0, step) & (left > -10.0))
    together = touching(opened, core)
    opened = keep_lobes(together, core, step, image=scene.hu)
    opened |= _own_level(together & ~opened, opened, scene, level)
    cut_off = together & ~opened
    grown = dilate_mm(opened, 3.0, step) & mask & ~cut_off
    soft = (scene.smooth > -10.0) & (scene.smooth < level.mean_hu + 120.0) & ~scene.lungs & ~scene.bone & ~scene.gas
    closed = close_mm(grown, 6.0, step) & soft & (scene.depth > -2.0)
    filled = fill_slices((closed & ~cut_off) | grown) & ~scene.lungs & ~scene.gas
    # a rim of heart or stomach along the diaphragm is thin
    thick = open_mm(filled, 4.5, step)
    filled = np.where(scene.under_dome < 45.0, thick, filled)
    if not scene.arms_in_field:
        # where arms shade the picture an even organ is not even
        uneven = uneven_parts(filled, core, scene.smooth, level.mean_hu, step, left > -10.0)
        filled = filled & ~(uneven & ~_own_level(uneven, filled & ~uneven, scene, level))
    return touching(open_mm(filled, 2.0 * step / 3.0, step), opened & filled)


def _own_level(parts: Mask, rest: Mask, scene: Scene, level: Level) -> Mask:
    """Return the pieces of ``parts`` that are liver by their grey value, whatever their shape and what lies in them.

    Full of contrast medium the liver is far brighter than muscle and its level is its own: a piece beside or right of
    the midline whose inside is at that level in seven voxels of ten (the others are vessels and lesions) and that
    leans on ``rest`` with a quarter of its surface belongs to it; one that is at that level throughout needs less.
    Bowel of the same mean hangs on by less; the spleen lies farther left.
    """
    result = np.zeros_like(parts)
    step = scene.spacing_mm
    if level.mean_hu < OWN_LEVEL_HU:
        return result
    band = max(OWN_BAND_SD * level.sd_hu, OWN_BAND_HU)
    left = np.broadcast_to(scene.frame.left_mm, parts.shape)
    labels, _ = ndimage.label(parts)
    for n, place in enumerate(ndimage.find_objects(labels), start=1):
        block = tuple(slice(max(0, s.start - 2), s.stop + 2) for s in place)
        piece = labels[block] == n
        inner = ndimage.binary_erosion(piece)
        if volume_ml(piece, step) < OWN_LEAST_ML or np.count_nonzero(inner) < 20:
            continue
        shell = ndimage.binary_dilation(piece) & ~piece
        leans = np.count_nonzero(shell & rest[block]) / max(1, np.count_nonzero(shell))
        own = float(np.mean(np.abs(scene.smooth[block][inner] - level.mean_hu) < band))
        sure = any(own >= share and leans >= least for share, least in OWN_AND_LEANS)
        if sure and float(np.median(left[block][piece])) < OWN_LEFT_MM:
            result[block] |= piece
    return result


def without_vein(liver: Mask, vein: Mask, scene: Scene, level: Level) -> Mask:
    """Return the liver less the vena cava, and less what is as bright as blood around and above the vein's upper end.

    There the vein enters the heart, which the diaphragm does not part from the liver in the picture.
    """
    rest, step = liver & ~vein, scene.spacing_mm
    if not vein.any():
        return rest
    last = int(np.nonzero(vein.any(axis=(1, 2)))[0][-1])
    end = np.zeros_like(vein)
    end[last] = vein[last]
    zone = distance_within(end, 30.0, step) & rest
    zone[:last - 1] = False
    bright = open_mm(zone & (scene.smooth > level.mean_hu + max(3.0 * level.sd_hu, 15.0)), step, step)
    heart = dilate_mm(bright, 1.5 * step, step) & zone
    if not heart.any():
        return rest
    parted = rest & ~heart
    # the blurred rim of what went is thin
    parted &= ~(zone & ~dilate_mm(open_mm(parted, 6.0, step), 1.1 * step, step))
    return touching(parted, open_mm(parted, 9.0, step))
