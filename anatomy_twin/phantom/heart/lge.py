"""The generated late-enhancement MR of the left atrium: the same heart, seen by another machine on another day.

What is modelled
----------------
A three-dimensional inversion-recovery image some twenty minutes after contrast medium: blood of all chambers bright,
healthy muscle near zero, fat suppressed, lungs and bone dark; wall of the left atrium of 2 to 3 mm with patches of
fibrosis brighter than blood, more of them behind than in front and none in the appendage (their share of the wall is
drawn between 4 and 36 %, as the four Utah stages span). The image is blurred, uneven by the coils, and its noise is
that of a magnitude image (Rician). The patient lies a little turned and elsewhere than in the CT of the same seed:
``mr_from_ct`` is the true transform.

Signals are in units of the image (blood 300), and with them the noise. All signals and the shape of the patches are
this project's choice (assumed).

Truth: as in the CT, and ``left_atrial_fibrosis`` (layer 2) as a part of ``left_atrium_wall``.

Not modelled: the navigator's stripe, flow, breathing, dark blood, fibrosis in between (interstitial).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.phantom.canvas import Box, Point3
from anatomy_twin.phantom.chest.form import PartCanvas
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.heart.chambers import make_chambers
from anatomy_twin.phantom.heart.form import ATRIUM, HeartForm, draw_heart_form
from anatomy_twin.phantom.heart.patient import heart_facts, heart_truth
from anatomy_twin.phantom.heart.scene import EXCLUSIVE, before_lungs, lung_scene, settle
from anatomy_twin.phantom.patient import SyntheticPatient
from anatomy_twin.phantom.shapes import Field, rotation, smooth_step
from anatomy_twin.phantom.texture import SmoothNoise
from anatomy_twin.phantom.uids import make_uid

FIELD_MM: Final = (-6.0, 96.0)
WIDTH_MM: Final = 210.0
MIDDLE_MM: Final = (10.0, -14.0)
BLOOD: Final = 300.0
MUSCLE: Final = 85.0
WALL: Final = 140.0  # healthy wall of the atrium
FIBROSIS: Final = 450.0
SHARE: Final = (0.04, 0.36)
PATCH_MM: Final = 17.0
PSF_MM: Final = (0.75, 0.55)  # across and in the slices
# signal of what has no name of its own, by the HU that it would read in an arterial CT
BY_HU: Final = ((-1000, -850, -500, -130, -70, 10, 60, 115, 165, 400, 600, 1500),
                (4, 12, 30, 55, 60, 90, 120, 125, 280, 300, 60, 20))
BLOOD_NAMES: Final = ("left_atrium", "right_atrium", "right_ventricle", "aorta", "pulmonary_artery",
                      "superior_vena_cava", "inferior_vena_cava")


class SignalCanvas(PartCanvas):
    """A canvas that draws what an arterial CT shows with the signal it has in late-enhancement MR."""

    def __init__(
        self, geometry: VolumeGeometry, shift_mm: Point3, warp: Sequence[SmoothNoise], warp_mm: float,
        names: Sequence[str], wall: Field | None = None,
    ) -> None:
        super().__init__(geometry, shift_mm, warp, warp_mm, names)
        self.wall = wall

    def place(
        self, name: str, distance: Field, box: Box, hu: Field | float, gap_mm: float = 1.0, clip: bool = True,
        part: int | Field = 0,
    ) -> Field:
        """Draw a shape with its signal where there is room."""
        if name in BLOOD_NAMES:
            signal: Field | float = BLOOD
        elif name == "left_ventricle":
            most = float(np.max(hu))
            signal = np.interp(hu, (105.0, most), (MUSCLE, BLOOD)).astype(np.float32)
        elif name == "left_ventricle_myocardium":
            signal = MUSCLE
        elif name == "bone":
            signal = np.interp(hu, (120, 260, 600), (115, 90, 20)).astype(np.float32)
        elif name == "left_atrium_wall" and self.wall is not None:
            signal = self.wall[box]
        else:
            signal = np.interp(hu, *BY_HU).astype(np.float32)
        return super().place(name, distance, box, signal, gap_mm, clip, part)


def make_heart_lge(
    seed: int, kind: str = "heart_lge", phase: str = "delayed", noise_hu: float = 12.0, matrix: int = 168,
    slice_mm: float = 1.25, table: bool = True, monitor: Monitor = SILENT, conditions: Conditions = USUAL,
) -> SyntheticPatient:
    """Return the late-enhancement MR of the heart of ``seed``; see ``make_patient`` for the parameters.

    The only phase is "delayed"; ``noise_hu`` is in units of the image (blood 300); ``table`` and ``conditions`` do not
    count. ``facts`` tell the share of the wall that is fibrosis and how the patient lies ("turn", "shift").
    """
    form = draw_heart_form(seed, "arterial")
    ways = settle(form)
    field, threshold, share = _substrate(form)
    monitor.progress(0.4)
    check_cancelled(monitor)
    pixel = round(WIDTH_MM / matrix, 4)
    count = max(1, round((FIELD_MM[1] - FIELD_MM[0]) / slice_mm))
    half = (matrix - 1) / 2 * pixel
    low = np.round((MIDDLE_MM[0] - half, MIDDLE_MM[1] - half, FIELD_MM[0]), 3)
    flat = VolumeGeometry.upright((count, matrix, matrix), (slice_mm, pixel, pixel), tuple(low))
    canvas = SignalCanvas(flat, (0.0, 0.0, 0.0), form.chest.warp, form.chest.warp_mm, EXCLUSIVE)
    bright = field.on(canvas.x, canvas.y, canvas.z) + _leaning(form, canvas, canvas.all)
    scarred = smooth_step(bright - np.float32(threshold), -0.06, 0.06)
    canvas.wall = np.asarray(WALL + (FIBROSIS - WALL) * scarred, np.float32)
    cage, middle, _ = before_lungs(form, canvas, ways)
    vessels = lung_scene(form, canvas, cage, middle, ways)
    monitor.progress(0.8)
    check_cancelled(monitor)
    fibrosis = (canvas.labels == canvas.value["left_atrium_wall"]) & (bright > threshold)
    image = _acquire(form, canvas, noise_hu)
    turn, shift = _lie(seed)
    geometry = VolumeGeometry(
        flat.shape, flat.spacing_mm, turn @ flat.direction, tuple(turn @ np.asarray(flat.origin_mm) + shift),
        make_uid("frame", kind, seed, phase),
    )
    truth = heart_truth(canvas, vessels, canvas.labels > 0, fibrosis)
    whole = float(np.count_nonzero(canvas.labels == canvas.value["left_atrium_wall"]))
    facts = {
        **heart_facts(form, kind), "phase": phase, "noise_hu": f"{noise_hu:g}",
        "fibrosis": f"{100 * np.count_nonzero(fibrosis) / max(whole, 1.0):.1f} % of the wall",
        "fibrosis drawn": f"{100 * share:.1f} %",
    }
    volume = Volume(image, geometry, "MR", "", ("synthetic patient: not a scan of a person",), facts, synthetic=True)
    return SyntheticPatient(volume, LabelMap(truth.array, geometry, truth.segments), {}, (), facts)


def mr_from_ct(seed: int) -> NDArray[np.float64]:
    """Return the 4 x 4 matrix from LPS mm of the CT of a seed (any phase) to those of its late-enhancement MR."""
    form = draw_heart_form(seed, "arterial")
    place = np.round(form.chest.rng("position").uniform((-6, -165, -420), (6, -145, -220)), 1)
    turn, shift = _lie(seed)
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = shift - turn @ place
    return matrix


def _lie(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How the patient lies in the MR: turned by some degrees, and where."""
    rng = np.random.default_rng([seed, *b"magnet"])
    turn = rotation(tuple(rng.uniform(-4, 4, 3)))
    return turn, np.round(rng.uniform((-15, -30, -60), (15, 10, 40)), 1)


def _leaning(form: HeartForm, canvas: PartCanvas, box: Box) -> Field:
    """Return how much more likely fibrosis is by place: more behind, none in the appendage."""
    x, y, _ = form.design(canvas, box)
    behind = smooth_step(y, ATRIUM[1] - 14, ATRIUM[1] + 14)
    far = smooth_step(x, 34, 40) * smooth_step(-y, 2, 10)
    return np.asarray(0.9 * behind - 6.0 * far, np.float32)


def _substrate(form: HeartForm) -> tuple[SmoothNoise, float, float]:
    """Return the field of patches, the level above which the wall is fibrosis, and the share of the wall wanted.

    The level is found on a grid of 2 mm that does not depend on the wanted one.
    """
    rng = np.random.default_rng([form.chest.seed, *b"fibrosis"])
    field = SmoothNoise.draw(rng, PATCH_MM, (-120.0, -130.0, -80.0), (130.0, 90.0, 130.0))
    share = float(rng.uniform(*SHARE))
    low = ATRIUM - (58.0, 50.0, 42.0)
    grid = VolumeGeometry.upright((44, 46, 62), (2.0, 2.0, 2.0), tuple(low))
    canvas = PartCanvas(grid, (0.0, 0.0, 0.0), form.chest.warp, form.chest.warp_mm, EXCLUSIVE)
    at = make_chambers(form, canvas, None)
    wall = (at["left_atrium"] > 0) & (at["left_atrium"] < form.wall_mm) & (at["left_ventricle_outer"] > 0)
    values = (field.on(canvas.x, canvas.y, canvas.z)[at.box] + _leaning(form, canvas, at.box))[wall]
    return field, float(np.quantile(values, 1.0 - share)), share


def _acquire(form: HeartForm, canvas: SignalCanvas, noise: float) -> NDArray[np.int16]:
    """Return the magnitude image: blurred, uneven by the coils, with Rician noise."""
    dz, dy, dx = canvas.geometry.spacing_mm
    image = ndimage.gaussian_filter(canvas.image, (PSF_MM[0] / dz, PSF_MM[1] / dy, PSF_MM[1] / dx), mode="nearest")
    swell = canvas.noise(form.chest.swell, canvas.all)
    lean = np.float32(0.0010) * (-canvas.y[None, :, None].astype(np.float32) - 20)  # nearer to the coil in front
    image = image * np.exp(0.035 * ndimage.gaussian_filter(swell, 6) + lean)
    rng = np.random.default_rng([form.chest.seed, *b"receiver"])
    real, other = (rng.standard_normal(image.shape, dtype=np.float32) * np.float32(noise) for _ in range(2))
    return np.rint(np.hypot(image + real, other)).astype(np.int16)

