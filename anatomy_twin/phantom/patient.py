"""A seed makes a patient: the body is drawn, its organs calibrated and its vessels grown once, then sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, FrozenMapping, LabelMap, Monitor, VesselTree, Volume, VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.phantom.abdomen import limbs, metal, shading
from anatomy_twin.phantom.abdomen.build import Build
from anatomy_twin.phantom.abdomen.drawing import Inside, draw, settle
from anatomy_twin.phantom.abdomen.labelling import label_map, mirror, turned
from anatomy_twin.phantom.abdomen.lesions import Tumour
from anatomy_twin.phantom.abdomen.liver_lesions import in_world
from anatomy_twin.phantom.abdomen.variants import build_of, traits_of
from anatomy_twin.phantom.abdomen.vessels import moved, pruned
from anatomy_twin.phantom.canvas import Canvas
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.intensity import PHASES
from anatomy_twin.phantom.kinds import KINDS, TABLE, maker_of
from anatomy_twin.phantom.scanner import acquire, table_mask
from anatomy_twin.phantom.uids import make_uid


@dataclass(frozen=True, eq=False)
class SyntheticPatient:
    """A generated patient: image, exact labels, vessel trees and tumours in LPS mm, and named facts."""

    volume: Volume
    truth: LabelMap
    trees: Mapping[str, VesselTree]
    tumours: tuple[Tumour, ...]
    facts: Mapping[str, str] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trees", FrozenMapping(self.trees))
        object.__setattr__(self, "facts", FrozenMapping(self.facts))


def make_patient(
    seed: int, kind: str = "liver_tumour", phase: str = "portal", noise_hu: float = 11.0, matrix: int = 288,
    slice_mm: float = 2.5, table: bool = True, monitor: Monitor = SILENT, conditions: Conditions = USUAL,
) -> SyntheticPatient:
    """Return the synthetic patient of ``seed``.

    ``kind`` is one of ``KINDS`` and ``phase`` one of ``PHASES`` (contrast); ``noise_hu`` is the standard deviation at
    the centre of the body; ``matrix`` pixels per row over about 390 mm and ``slice_mm`` set the grid only: the
    anatomy is the same on every grid. ``conditions`` say what makes the scan harder. Raises ``UsageError`` for a value
    that is not offered.
    """
    phases = TABLE[kind].phases if kind in KINDS else PHASES
    if kind not in KINDS or phase not in phases:
        raise UsageError(f"no synthetic patient of kind {kind!r} in phase {phase!r}",
                         advice=f"kinds are {', '.join(KINDS)}; phases are {', '.join(phases)}")
    if not 32 <= matrix <= 1024 or not 0.3 <= slice_mm <= 20 or not 0 <= noise_hu <= 100 or seed < 0:
        raise UsageError("matrix, slice_mm, noise_hu or seed is out of range",
                         advice="matrix 32 to 1024, slices 0.3 to 20 mm, noise 0 to 100 HU, seed 0 or more")
    maker = maker_of(kind)
    if maker is not None:
        patient: SyntheticPatient = maker(seed, kind, phase, noise_hu, matrix, slice_mm, table, monitor, conditions)
        return patient
    drawn = draw_patient(seed, kind, phase, matrix, slice_mm, monitor, conditions)
    return finish(drawn, noise_hu, table, seed)


def make_patient_with(
    seed: int, tumours: Sequence[Tumour], phase: str = "portal", noise_hu: float = 11.0, matrix: int = 288,
    slice_mm: float = 2.5, monitor: Monitor = SILENT,
) -> SyntheticPatient:
    """Return the patient of ``seed`` with other tumours in its liver than those that the seed draws.

    Their places are in the body's own millimetres, in which the scan lies shifted by what the seed draws.
    """
    drawn = draw_patient(seed, "liver_tumour", phase, matrix, slice_mm, monitor, USUAL, tuple(tumours))
    return finish(drawn, noise_hu, True, seed)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A patient drawn on a grid, before the scanner: the canvas may still be changed."""

    build: Build
    kind: str
    canvas: Canvas
    inside: Inside
    shift_mm: NDArray[np.float64]
    conditions: Conditions


def draw_patient(
    seed: int, kind: str, phase: str, matrix: int, slice_mm: float, monitor: Monitor, conditions: Conditions,
    tumours: tuple[Tumour, ...] = (),
) -> Drawn:
    """Draw an abdomen on a grid (see ``make_patient``), with ``tumours`` instead of its own where some are given."""
    build = build_of(seed, phase, kind, conditions)
    rng = build.rng("position")
    shift = np.round(rng.uniform((-6, -165, -780), (6, -145, -480)), 1)
    inside = settle(build, kind, monitor)
    if tumours:
        trees = inside.trees
        for one in tumours:
            centre = np.asarray(one.centre_mm)
            trees = {name: pruned(tree, centre, one.radius_mm + 0.5) for name, tree in trees.items()}
        inside = replace(inside, trees=trees, tumours=tumours)
    monitor.progress(0.35)
    canvas = Canvas(_grid(build, kind, conditions, matrix, slice_mm, shift), tuple(shift), build.warp, build.warp_mm)
    draw(build, canvas, inside, monitor)
    monitor.progress(0.8)
    return Drawn(build, kind, canvas, inside, shift, conditions)


def _grid(
    build: Build, kind: str, conditions: Conditions, matrix: int, slice_mm: float, shift: NDArray[np.float64]
) -> VolumeGeometry:
    width = 2 * build.half_width_mm + 54 + (2 * limbs.ROOM_MM if conditions.arms else 0)
    pixel = round(width / matrix, 4)
    height_mm = build.dome_mm + 62
    low_share, high_share = conditions.field_of_view
    count = max(1, round(height_mm * (high_share - low_share) / slice_mm))
    half = (matrix - 1) / 2 * pixel
    low = np.add(shift, (-half, 12 - half, height_mm * low_share))
    words = (conditions.described(),) if conditions != USUAL else ()
    return VolumeGeometry.upright(
        (count, matrix, matrix), (slice_mm, pixel, pixel), tuple(np.round(low, 3)),
        make_uid("frame", kind, build.seed, build.phase, *words),
    )


def finish(drawn: Drawn, noise_hu: float, table: bool, noise_seed: int) -> SyntheticPatient:
    """Let the scanner see a drawn patient: couch, arms, metal, noise of ``noise_seed``; return it with its truth."""
    build, canvas, inside, shift, conditions = (
        drawn.build, drawn.canvas, drawn.inside, drawn.shift_mm, drawn.conditions
    )
    body = canvas.labels > 0
    dense = limbs.draw_arms(build, canvas) if conditions.arms else body
    canvas.image += canvas.free * np.float32(-1000)
    if table:
        back = float(canvas.y[np.flatnonzero(body.any(axis=(0, 2)))[-1]])
        couch = table_mask(canvas.x, canvas.y, -shift[0], back + 3.0)
        canvas.image += np.where(dense, 0, np.array([0, 720, 90], np.float32)[couch])
    along = None
    if conditions.arms:
        band = shading.arm_band(canvas.image, dense, body, canvas.geometry.spacing_mm)
        canvas.image += band * np.float32(shading.strength_hu(build.seed)) * dense
        along = np.float32(1.2 * noise_hu) * np.clip(-band, 0, 1.2)
    metal.draw_metal(build, canvas, conditions, dense)
    mirrored = conditions.situs_inversus
    if mirrored:
        mirror(canvas)
        dense, along = dense[:, :, ::-1], None if along is None else along[:, :, ::-1]
    array = acquire(canvas.image, dense, canvas.geometry.spacing_mm, noise_hu, noise_seed, along)
    facts = {
        "source": "synthetic patient, generated from a seed", "kind": drawn.kind, "seed": str(build.seed),
        "phase": build.phase, "noise_hu": f"{noise_hu:g}",
    }
    if conditions != USUAL:
        facts["conditions"] = conditions.described()
    if conditions.unusual:
        facts["unusual"] = ", ".join(traits_of(build.seed, conditions))
    volume = Volume(array, canvas.geometry, warnings=("synthetic patient: not a scan of a person",), facts=facts,
                    synthetic=True)
    trees = {name: turned(moved(tree, shift), float(2 * shift[0]), mirrored) for name, tree in inside.trees.items()}
    tumours = tuple(in_world(tumour, shift, mirrored) for tumour in inside.tumours)
    return SyntheticPatient(volume, label_map(canvas, inside, mirrored), trees, tumours, facts)
