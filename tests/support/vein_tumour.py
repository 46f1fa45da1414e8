"""A generated patient whose tumour lies against a large hepatic vein."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anatomy_twin.core import SILENT
from anatomy_twin.phantom.abdomen.drawing import draw, settle
from anatomy_twin.phantom.abdomen.lesions import Tumour
from anatomy_twin.phantom.abdomen.variants import build_of
from anatomy_twin.phantom.abdomen.vessels import pruned
from anatomy_twin.phantom.canvas import Canvas
from anatomy_twin.phantom.conditions import USUAL
from anatomy_twin.phantom.patient import Drawn, SyntheticPatient, _grid, finish


def patient_with_tumour(seed, centre_mm, radius_mm, matrix=256, slice_mm=2.5) -> SyntheticPatient:
    """The patient of ``seed`` with one tumour elsewhere: at ``centre_mm`` in the body's own millimetres."""
    build = build_of(seed, "portal", "liver_tumour", USUAL)
    shift = np.round(build.rng("position").uniform((-6, -165, -780), (6, -145, -480)), 1)
    inside = settle(build, "liver_tumour", SILENT)
    tumour = Tumour("tumour_1", tuple(centre_mm), radius_mm, 0.0)
    trees = {name: pruned(tree, np.asarray(centre_mm), radius_mm + 0.5) for name, tree in inside.trees.items()}
    inside = replace(inside, trees=trees, tumours=(tumour,))
    canvas = Canvas(_grid(build, "liver_tumour", USUAL, matrix, slice_mm, shift), tuple(shift), build.warp,
                    build.warp_mm)  # fmt: skip
    draw(build, canvas, inside, SILENT)
    return finish(Drawn(build, "liver_tumour", canvas, inside, shift, USUAL), 11.0, True, seed)
