"""Which voxels belong to an organ, from its grey level, its surroundings and where it may lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import Image, Mask

ROUNDS = 5
BIN_HU = 4.0
LOW_HU, HIGH_HU = -300.0, 500.0


@dataclass(frozen=True, eq=False)
class Posterior:
    """Log-odds of organ against the rest (float32 [k, j, i]) and the organ's grey level."""

    log_odds: Image
    mean_hu: float
    sd_hu: float


def expectation_maximisation(
    smooth: Image, allowed: Mask, prior: Image, mean_hu: float, sd_hu: float, *, shaded: bool, core: Mask,
    spacing_mm: float,
) -> Posterior:
    """Fit an organ's Gaussian against the histogram of everything else in ``allowed``.

    The organ's standard deviation may grow to 1.35 times that of its core only, else the model leaks into everything
    of similar grey. Where ``shaded`` (arms beside the trunk harden the beam) the mean is a field: the blurred grey
    value of what belongs to the organ so far, within -40 and +20 HU, spread outwards from round to round.
    """
    values = smooth[allowed]
    before = np.clip(prior[allowed], 1e-3, 1.0 - 1e-3)
    largest_sd, smallest_sd = max(1.35 * sd_hu, 6.0), 4.0
    top_mean = mean_hu
    field: Image | float = mean_hu
    share = core[allowed].astype(np.float32)
    odds = np.zeros(values.shape, np.float32)
    for turn in range(ROUNDS):
        if shaded:
            field = _field(smooth, allowed, share, top_mean, spacing_mm)
        elif turn > 0:
            field = float(np.sum(share * values) / max(np.sum(share), 1.0))
            field = float(np.clip(field, top_mean - 10.0, top_mean + 10.0))
        apart = values - field
        if turn > 0:
            weight = share * (np.abs(apart) < 3.0 * sd_hu)
            sd_hu = float(np.sqrt(np.sum(weight * apart**2) / max(float(np.sum(weight)), 1.0)))
            sd_hu = float(np.clip(sd_hu, smallest_sd, largest_sd))
        organ = np.exp(-0.5 * (apart / sd_hu) ** 2) / (sd_hu * np.sqrt(2.0 * np.pi))
        rest = _histogram_density(values, 1.0 - share)
        odds = np.log(organ + 1e-12) - np.log(rest + 1e-7) + np.log(before / (1.0 - before))
        odds = np.clip(odds, -12.0, 12.0).astype(np.float32)
        share = (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)
    result = np.full(smooth.shape, -12.0, dtype=np.float32)
    result[allowed] = odds
    mean = float(np.mean(field[share > 0.5])) if isinstance(field, np.ndarray) else float(field)
    return Posterior(result, mean, sd_hu)


def _histogram_density(values: Image, weight: Image) -> Image:
    """Return the density (per HU) of the weighted smooth histogram at each value."""
    count = int((HIGH_HU - LOW_HU) / BIN_HU)
    place = np.clip(((values - LOW_HU) / BIN_HU).astype(np.int64), 0, count - 1)
    line = np.bincount(place, weights=weight, minlength=count)
    line = ndimage.gaussian_filter1d(line, 2.0, mode="nearest")
    line = line / max(float(line.sum()), 1.0) / BIN_HU
    return line[place]


def _field(smooth: Image, allowed: Mask, share: Image, mean_hu: float, spacing_mm: float) -> Image:
    weight = np.zeros(smooth.shape, dtype=np.float32)
    weight[allowed] = share
    sigma = 25.0 / spacing_mm
    total = ndimage.gaussian_filter(weight * np.clip(smooth, mean_hu - 60, mean_hu + 60), sigma, mode="nearest")
    amount = ndimage.gaussian_filter(weight, sigma, mode="nearest")
    level = (total + 0.002 * mean_hu) / (amount + 0.002)
    return np.clip(level[allowed], mean_hu - 40.0, mean_hu + 20.0)


def smooth_decision(posterior: Posterior, spacing_mm: float) -> Mask:
    """Return where the log-odds, averaged over about 2.5 mm, favour the organ."""
    return ndimage.gaussian_filter(posterior.log_odds, 2.5 / spacing_mm, mode="nearest") > 0.0
