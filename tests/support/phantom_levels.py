"""Generated patients, made once, and the levels in their structures."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage

from anatomy_twin.phantom import Conditions, make_patient

SEED = 2


@cache
def made(kind="abdomen", phase="portal", noise_hu=0.0, seed=SEED, matrix=80, slice_mm=7.0, **conditions):
    return make_patient(seed, kind, phase, noise_hu, matrix, slice_mm, conditions=Conditions(**conditions))


def centre(patient, name):
    return patient.volume.geometry.to_world(np.argwhere(patient.truth.mask(name)).mean(0))


def levels_in(patient, name):
    mask = patient.truth.mask(name)
    core = ndimage.binary_erosion(mask, np.ones((1, 3, 3)))
    return patient.volume.array[core if core.sum() > 4 else mask]
