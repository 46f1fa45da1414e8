"""The generated heart: a contrast CT of the heart region with the left atrium as an ablation is planned on it.

What is modelled
----------------
- the chest of ``anatomy_twin.phantom.chest`` around it (lungs with vessels, airways, bones, gullet, upper abdomen);
- left atrium flat between arteries and gullet, with its appendage in three shapes, four veins with antra (or a common
  left trunk, or an extra right middle vein), a wall of 2 to 3 mm, the mitral opening with its leaflets;
- left ventricle with papillary muscles, rough inside, muscle that thins at the apex; outflow tract, aortic root with
  three sinuses, ascending aorta, arch, descending aorta; first stretches of the coronary arteries;
- right atrium with appendage, right ventricle with outflow, pulmonary artery to the hila, caval veins, coronary sinus;
- fat in the grooves of the heart under a pericardium; contrast medium that is brighter in some patients, mixes in the
  right atrium, and is densest in the upper caval vein, with its streaks.

Truth: ``left_atrium`` is its blood with appendage and the first 12 mm of the veins, up to the plane of the mitral
valve; appendage and stumps are parts of it (layer 1), as ``aortic_root`` (valve to sinotubular junction, where the
coronary arteries come off) is of ``aorta``. Papillary muscles and leaflets count as ``left_ventricle``, ``heart`` is
the rest inside the pericardium (walls of the right heart, coronary arteries, fat).

Not modelled: movement, calcium, stents and leads, thrombus, valves but the mitral, veins of the heart but the coronary
sinus, pectinate muscles of the right atrium.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.phantom.abdomen.vessels import moved
from anatomy_twin.phantom.chest.form import PartCanvas
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.heart.form import HeartForm, draw_heart_form
from anatomy_twin.phantom.heart.scene import EXCLUSIVE, PART, PARTS, before_lungs, blood_hu, lung_scene, settle
from anatomy_twin.phantom.labels import truth_segment
from anatomy_twin.phantom.patient import SyntheticPatient
from anatomy_twin.phantom.scanner import acquire
from anatomy_twin.phantom.uids import make_uid

FIELD_MM: Final = (-34.0, 112.0)
WIDTH_MM: Final = 232.0
MIDDLE_MM: Final = (14.0, -14.0)  # x and y about which the field of view is centred
STREAK_HU: Final = 26.0


def make_heart(
    seed: int, kind: str = "heart", phase: str = "arterial", noise_hu: float = 16.0, matrix: int = 288,
    slice_mm: float = 1.0, table: bool = True, monitor: Monitor = SILENT, conditions: Conditions = USUAL,
) -> SyntheticPatient:
    """Return the synthetic heart of ``seed``; see ``make_patient`` for the parameters and the module for what it holds.

    The field of view is that of a scan of the heart (232 mm wide, from below the apex to the arch); ``table`` lies
    outside it. Of ``conditions`` only ``field_of_view`` counts. ``facts`` name the variant of the veins and the shape
    of the appendage; ``trees`` are the vessels of the lungs.
    """
    form = draw_heart_form(seed, phase)
    ways = settle(form)
    monitor.progress(0.35)
    check_cancelled(monitor)
    shift = np.round(form.chest.rng("position").uniform((-6, -165, -420), (6, -145, -220)), 1)
    pixel = round(WIDTH_MM / matrix, 4)
    low_z, high_z = (FIELD_MM[0] + share * (FIELD_MM[1] - FIELD_MM[0]) for share in conditions.field_of_view)
    count = max(1, round((high_z - low_z) / slice_mm))
    half = (matrix - 1) / 2 * pixel
    low = np.round(np.add(shift, (MIDDLE_MM[0] - half, MIDDLE_MM[1] - half, low_z)), 3)
    geometry = VolumeGeometry.upright(
        (count, matrix, matrix), (slice_mm, pixel, pixel), tuple(low), make_uid("frame", kind, seed, phase)
    )
    canvas = PartCanvas(geometry, tuple(shift), form.chest.warp, form.chest.warp_mm, EXCLUSIVE)
    cage, middle, _ = before_lungs(form, canvas, ways)
    vessels = lung_scene(form, canvas, cage, middle, ways)
    monitor.progress(0.8)
    check_cancelled(monitor)
    body = canvas.labels > 0
    canvas.image += canvas.free * np.float32(-1000)
    if phase != "native":
        _streaks(form, canvas)
    array = acquire(canvas.image, body, geometry.spacing_mm, noise_hu, seed)
    facts = {**heart_facts(form, kind), "noise_hu": f"{noise_hu:g}"}
    volume = Volume(array, geometry, warnings=("synthetic patient: not a scan of a person",), facts=facts,
                    synthetic=True)
    trees = {name: moved(tree, shift) for name, tree in ways.trees.items()}
    return SyntheticPatient(volume, heart_truth(canvas, vessels, body), trees, (), facts)


def heart_facts(form: HeartForm, kind: str) -> dict[str, str]:
    """Return what is told of a generated heart by name."""
    return {
        "source": "synthetic patient, generated from a seed", "kind": kind, "seed": str(form.chest.seed),
        "phase": form.chest.phase, "pulmonary veins": form.variant, "appendage": form.appendage,
        "atrial wall": f"{form.wall_mm:.2f} mm",
    }


def heart_truth(
    canvas: PartCanvas, vessels: NDArray[np.bool_], body: NDArray[np.bool_], fibrosis: NDArray[np.bool_] | None = None
) -> LabelMap:
    """Return the labels of a drawn heart in four layers: organs, parts, vessels of the lungs and fibrosis, body."""
    inner = vessels.astype(np.uint8)
    if fibrosis is not None:
        inner[fibrosis] = 2
    stack = np.stack([canvas.labels, canvas.parts, inner, body.astype(np.uint8)])
    found = [truth_segment(name, 0, canvas.value[name], stack) for name in EXCLUSIVE]
    found += [truth_segment(name, 1, PART[name], stack) for name in PARTS]
    found += [truth_segment("pulmonary_vessels", 2, 1, stack), truth_segment("left_atrial_fibrosis", 2, 2, stack),
              truth_segment("body", 3, 1, stack)]
    return LabelMap(stack, canvas.geometry, tuple(s for s in found if s))


def _streaks(form: HeartForm, canvas: PartCanvas) -> None:
    """Add the rays that dense contrast medium in the upper caval vein casts, weaker the farther from it."""
    value = canvas.value["superior_vena_cava"]
    strength = STREAK_HU * (blood_hu(form, "superior_vena_cava") / 400.0) ** 2
    rng = form.chest.rng("streaks")
    for k in np.flatnonzero((canvas.labels == value).any(axis=(1, 2))):
        j, i = np.nonzero(canvas.labels[k] == value)
        dx, dy = canvas.x - canvas.x[i].mean(), canvas.y - canvas.y[j].mean()
        angle, away = np.arctan2(dy[:, None], dx[None, :]), np.hypot(dy[:, None], dx[None, :])
        rays = sum(np.cos(count * angle + start) for count, start in zip((3, 7, 11), rng.uniform(0, 6.28, 3),
                                                                        strict=True))
        fall = np.clip((away - 8) / 6, 0, 1) * np.exp(-away / 35)
        canvas.image[k] += np.float32(strength) * (rays * fall).astype(np.float32)
