"""The generated head: skull, mandible, brain, face and upper neck of an adult in an unenhanced CT.

What is modelled
----------------
- scalp, face with nose and ears, skin of 2 mm, fat, muscles as one tissue;
- skull: vault of two tables with diploe between, base with foramen magnum, petrous bones, air cells of the mastoids,
  ear canals, orbits, cheek bones and arches, upper jaw with teeth, palate, pterygoid plates; sinuses and nose with air;
- mandible with teeth, rami, coronoid processes and heads that sit a millimetre or two under the skull; lower and upper
  teeth touch in half of the patients;
- brain: cortex, white matter, deep nuclei, ventricles, fluid in sulci and around, falx, calcified plexus in some;
- eyes, optic nerves, orbital fat, throat, C1 to C3, hyoid bone.

The head lies a little turned and nodded, drawn by the seed (the grid is never aligned with it). Slices thicker than
2 mm are averages of thinner ones, as a scanner makes them; their truth is that of their middle. In the kind
"head_fillings" some teeth are metal, with their streaks.

Truth: ``brain`` is all inside the dura, with ventricles and fluid. ``skull`` is bone without the air cells, with the
upper teeth; ``mandible`` has the lower ones. Vertebrae of the neck are parts of ``bone`` (layer 1). Air in the head is
unknown tissue.

Not modelled: sutures, vessels, pituitary, inner ear, lips, tongue apart from other muscle, lesions, contrast medium.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.errors import UsageError
from anatomy_twin.phantom.chest.form import Form, PartCanvas, draw_form
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.head import bones, soft
from anatomy_twin.phantom.head.metal import streaks
from anatomy_twin.phantom.labels import truth_segment
from anatomy_twin.phantom.patient import SyntheticPatient
from anatomy_twin.phantom.scanner import acquire
from anatomy_twin.phantom.shapes import rotation, smooth_step
from anatomy_twin.phantom.uids import make_uid

EXCLUSIVE: Final = ("unknown_tissue", "skin", "fat", "muscle", "bone", "skull", "mandible", "brain")
PARTS: Final = (*(name for name, _ in soft.NECK_LEVELS), "subcutaneous_fat")
PART: Final = {name: number for number, name in enumerate(PARTS, start=1)}
FIELD_MM: Final = (-104.0, 138.0)
WIDTH_MM: Final = 236.0
THIN_MM: Final = 2.0
METAL_HU: Final = 9000.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """A head on its own grid: image before blur, labels, parts, body and metal, each [k, j, i]."""

    image: NDArray[np.float32]
    labels: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    body: NDArray[np.bool_]
    metal: NDArray[np.float32]


def make_head(
    seed: int, kind: str = "head", phase: str = "native", noise_hu: float = 6.0, matrix: int = 256,
    slice_mm: float = 1.0, table: bool = True, monitor: Monitor = SILENT, conditions: Conditions = USUAL,
) -> SyntheticPatient:
    """Return the synthetic head of ``seed``; see ``make_patient`` for the parameters and the module for what it holds.

    Only native; ``table`` puts a head holder under it; of ``conditions`` only ``field_of_view`` counts (0 the neck, 1
    above the vertex). Raises ``UsageError`` for another phase.
    """
    if phase != "native":
        raise UsageError("a synthetic head is made without contrast medium", advice="take the phase native")
    form = _head_form(seed)
    rng = form.rng("position")
    shift = np.round(rng.uniform((-6, -20, -60), (6, 10, 80)), 1)
    pixel = round(WIDTH_MM / matrix, 4)
    low_z, high_z = (FIELD_MM[0] + share * (FIELD_MM[1] - FIELD_MM[0]) for share in conditions.field_of_view)
    count = max(1, round((high_z - low_z) / slice_mm))
    half = (matrix - 1) / 2 * pixel
    low = np.round(np.add(shift, (-half, -6 - half, low_z)), 3)
    geometry = VolumeGeometry.upright(
        (count, matrix, matrix), (slice_mm, pixel, pixel), tuple(low), make_uid("frame", kind, seed, phase)
    )
    drawn = _draw(form, kind, geometry, shift, monitor)
    check_cancelled(monitor)
    image = drawn.image
    if table:
        image = image + _holder(geometry, shift, drawn.body)
    if drawn.metal.any():
        image = image.copy()
        for k in np.flatnonzero(drawn.metal.any(axis=(1, 2))):
            image[k] += streaks(drawn.metal[k], (pixel, pixel), seed * 1000 + int(k))
    array = acquire(image, drawn.body, geometry.spacing_mm, noise_hu, seed)
    return _finish(form, kind, geometry, drawn, array, noise_hu)


def _head_form(seed: int) -> Form:
    form = draw_form(seed, "native")
    rng = np.random.default_rng([seed, 12])
    wide, deep, fat = (float(np.clip(rng.normal(), -2, 2)) for _ in range(3))
    return Form(seed, "native", 1 + 0.03 * wide, 1 + 0.03 * deep, 5.0 + 1.2 * fat, 0.0, form.warp, form.swell,
                form.lumps, form.ripple, form.grain, warp_mm=1.4)


def _draw(form: Form, kind: str, geometry: VolumeGeometry, shift: NDArray[np.float64], monitor: Monitor) -> Drawn:
    """Draw on a fine grid of the head's own, turn it onto the scan's and average slices."""
    slice_mm, pixel, _ = geometry.spacing_mm
    each = max(1, int(np.ceil(slice_mm / THIN_MM)))
    each += 1 - each % 2  # an odd number, so that one lies in the middle
    thin = slice_mm / each
    rng = form.rng("pose")
    turn = tuple(float(np.clip(rng.normal(0, spread), -2 * spread, 2 * spread)) for spread in (6.0, 3.0, 4.0))
    matrix = rotation((turn[0], turn[1], turn[2]))
    # the head's own grid covers what of it any nod may bring into the field
    low_z = geometry.to_world((0, 0, 0))[2] - shift[2]
    count = geometry.shape[0] * each
    spare = int(np.ceil(26.0 / thin))
    origin = np.array(geometry.to_world((0, 0, 0)), float)
    origin[2] = shift[2] + low_z - (slice_mm - thin) / 2 - spare * thin
    own = VolumeGeometry.upright(
        (count + 2 * spare, *geometry.shape[1:]), (thin, pixel, pixel), tuple(np.round(origin, 6)), "1.2.3"
    )
    canvas = PartCanvas(own, tuple(shift), form.warp, form.warp_mm, EXCLUSIVE)
    canvas.warped = (canvas.warped[0] / np.float32(form.wide), canvas.warped[1] / np.float32(form.deep),
                     canvas.warped[2])
    metal = _draw_parts(form, kind, canvas)
    monitor.progress(0.6)
    canvas.image += canvas.free * np.float32(-1000)
    centre = np.array([shift[2] + 10.0, shift[1], shift[0]])
    steps = np.array([thin, pixel, pixel])
    start = np.array([origin[2], origin[1], origin[0]])
    wanted = np.array([origin[2] + spare * thin, origin[1], origin[0]])
    flipped = matrix[::-1, ::-1].T  # axes in the order z, y, x; from the scan back to the head
    linear = (flipped * steps[None, :]) / steps[:, None]
    offset = (flipped @ (wanted - centre) + centre - start) / steps
    shape = (count, *geometry.shape[1:])

    def turned(array: NDArray, order: int, fill: float) -> NDArray:
        return ndimage.affine_transform(array, linear, offset, shape, order=order, mode="constant", cval=fill)

    def averaged(array: NDArray) -> NDArray:
        return array.reshape(geometry.shape[0], each, *array.shape[1:]).mean(axis=1, dtype=np.float32)

    labels = turned(canvas.labels, 0, 0)[each // 2 :: each]
    parts = turned(canvas.parts, 0, 0)[each // 2 :: each]
    image = averaged(turned(canvas.image, 1, -1000.0))
    share = averaged(turned(metal, 1, 0.0)) if metal.any() else np.zeros(geometry.shape, np.float32)
    return Drawn(image, labels, parts, labels > 0, share)


def _jaw(form: Form) -> tuple[float, float, float, np.random.Generator]:
    """The scale of the brain's room, the gap of the jaw joint and how far the teeth are apart in mm; the generator."""
    rng = form.rng("jaw")
    size = float(np.clip(rng.normal(0.985, 0.02), 0.94, 1.03))
    gap = float(rng.uniform(1.0, 2.4))
    return size, gap, float(rng.uniform(0.8, 4.0)) if rng.uniform() < 0.5 else 0.0, rng


def _draw_parts(form: Form, kind: str, canvas: PartCanvas) -> NDArray[np.float32]:
    """Draw all of the head; returns the share of metal in each voxel."""
    size, gap, opened, rng = _jaw(form)
    missing = tuple(int(n) for n in rng.choice(14, int(rng.integers(0, 4)), replace=False))
    hollows = bones.make_cavities(form, canvas, size)
    crowns = bones.draw_teeth(form, canvas, opened, missing)
    metal = np.zeros(canvas.geometry.shape, np.float32)
    if kind == "head_fillings":
        for n in rng.choice(len(crowns), 3, replace=False):
            z, y, x = np.meshgrid(canvas.z, canvas.y, canvas.x, indexing="ij", sparse=True)
            away = np.sqrt(sum((a - c) ** 2 for a, c in zip((x, y, z), crowns[int(n)], strict=True)))
            metal = np.maximum(metal, smooth_step(3.4 - away, -0.5, 0.5).astype(np.float32))
    bone = np.minimum(bones.draw_skull(form, canvas, hollows), bones.draw_mandible(form, canvas, gap, opened))
    soft.draw_neck_bones(form, canvas, PART["vertebra_c4"])
    soft.draw_brain(form, canvas, hollows)
    soft.draw_hollow_parts(form, canvas, hollows)
    soft.draw_cover(form, canvas, hollows, bone, PART["subcutaneous_fat"])
    canvas.image = canvas.image * (1 - metal) + np.float32(METAL_HU) * metal
    return metal


def _holder(geometry: VolumeGeometry, shift: NDArray[np.float64], body: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The head rest: a thin shell behind the head, drawn up at both sides; HU above air on the grid of ``body``."""
    y = geometry.origin_mm[1] + geometry.spacing_mm[1] * np.arange(geometry.shape[1]) - shift[1]
    x = geometry.origin_mm[0] + geometry.spacing_mm[2] * np.arange(geometry.shape[2]) - shift[0]
    rows = np.flatnonzero(body.any(axis=(0, 2)))
    back = float(y[rows[-1]]) if len(rows) else 100.0
    away = np.sqrt(x[None, :] ** 2 + ((y[:, None] - (back - 104)) / 1.02) ** 2) - 108
    shell = (np.abs(away) < 1.4) & (y[:, None] > back - 95)
    return np.where(body, 0, np.where(shell, np.float32(520), np.float32(0)))


def _finish(
    form: Form, kind: str, geometry: VolumeGeometry, drawn: Drawn, array: NDArray[np.int16], noise_hu: float
) -> SyntheticPatient:
    opened = _jaw(form)[2]
    stack = np.stack([drawn.labels, drawn.parts, np.zeros_like(drawn.labels), drawn.body.astype(np.uint8)])
    found = [truth_segment(name, 0, number, stack) for number, name in enumerate(EXCLUSIVE, start=1)]
    found += [truth_segment(name, 1, PART[name], stack) for name in PARTS]
    found.append(truth_segment("body", 3, 1, stack))
    facts = {
        "source": "synthetic patient, generated from a seed", "kind": kind, "seed": str(form.seed), "phase": form.phase,
        "noise_hu": f"{noise_hu:g}", "metal": "fillings in three teeth" if drawn.metal.any() else "none",
        "teeth": f"{opened:.1f} mm apart" if opened else "closed",
    }
    volume = Volume(array, geometry, warnings=("synthetic patient: not a scan of a person",), facts=facts,
                    synthetic=True)
    return SyntheticPatient(volume, LabelMap(stack, geometry, tuple(s for s in found if s)), {}, (), facts)
