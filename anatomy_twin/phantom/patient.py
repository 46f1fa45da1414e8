"""A seed makes a patient: the body is drawn, its organs calibrated and its vessels grown once, then sampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, Code, FrozenMapping, LabelMap, Monitor, Segment, Volume, VolumeGeometry
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import gut, organs, trunk
from anatomy_twin.phantom.build import Build, Frame, draw_build, make_frame
from anatomy_twin.phantom.canvas import EXCLUSIVE, VALUE, Box, Canvas
from anatomy_twin.phantom.intensity import PHASES, hounsfield
from anatomy_twin.phantom.lesions import Tumour, Ways, place_tumours
from anatomy_twin.phantom.scanner import acquire, table_mask
from anatomy_twin.phantom.shapes import Field, smooth_step
from anatomy_twin.phantom.uids import make_uid
from anatomy_twin.phantom.vessels import HEPATIC, PORTAL, LiverField, VesselTree, grow_tree, moved, pruned
from anatomy_twin.units import check_point

KINDS: Final = ("liver_tumour", "healthy_abdomen")
VESSELS: Final = ("portal_branches", "hepatic_veins", "hepatic_artery")
REFERENCE_MM: Final = 4.0


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


@dataclass(frozen=True, eq=False)
class Inside:
    """What the reference pass settles for all grids: organ sizes, vessel trees and tumours (model frame)."""

    liver_mm: float
    spleen_mm: float
    trees: dict[str, VesselTree]
    tumours: tuple[Tumour, ...] = ()


def make_patient(
    seed: int, kind: str = "liver_tumour", phase: str = "portal", noise_hu: float = 11.0, matrix: int = 288,
    slice_mm: float = 2.5, table: bool = True, monitor: Monitor = SILENT,
) -> SyntheticPatient:
    """Return the synthetic patient of ``seed``.

    ``kind`` is one of ``KINDS`` and ``phase`` one of ``PHASES`` (contrast); ``noise_hu`` is the standard deviation at
    the centre of the body; ``matrix`` pixels per row over about 390 mm and ``slice_mm`` set the grid only: the
    anatomy is the same on every grid. Raises ``UsageError`` for a value that is not offered.
    """
    if kind not in KINDS or phase not in PHASES:
        raise UsageError(f"no synthetic patient of kind {kind!r} in phase {phase!r}",
                         advice=f"kinds are {', '.join(KINDS)}; phases are {', '.join(PHASES)}")
    if not 32 <= matrix <= 1024 or not 0.3 <= slice_mm <= 20 or not 0 <= noise_hu <= 100 or seed < 0:
        raise UsageError("matrix, slice_mm, noise_hu or seed is out of range",
                         advice="matrix 32 to 1024, slices 0.3 to 20 mm, noise 0 to 100 HU, seed 0 or more")
    build = draw_build(seed, phase)
    rng = build.rng("position")
    shift = np.round(rng.uniform((-6, -165, -780), (6, -145, -480)), 1)
    inside = _settle(build, kind, monitor)
    monitor.progress(0.35)
    width = 2 * build.half_width_mm + 54
    pixel = round(width / matrix, 4)
    count = round((build.dome_mm + 62) / slice_mm)
    half = (matrix - 1) / 2 * pixel
    low = np.add(shift, (-half, 12 - half, 0.0))
    geometry = VolumeGeometry.upright(
        (count, matrix, matrix), (slice_mm, pixel, pixel), tuple(np.round(low, 3)), make_uid("frame", kind, seed, phase)
    )
    canvas = Canvas(geometry, tuple(shift), build.warp, build.warp_mm)
    layers = _draw(build, canvas, inside, monitor)
    monitor.progress(0.8)
    return _finish(build, kind, canvas, inside, layers, noise_hu, table, shift)


def _before_liver(build: Build, canvas: Canvas) -> Frame:
    frame = make_frame(build, canvas)
    trunk.draw_spine(build, canvas)
    trunk.draw_ribs(build, canvas)
    organs.draw_great_vessels(build, canvas)
    trunk.draw_chest(build, frame, canvas)
    organs.draw_kidneys(build, canvas)
    trunk.draw_back(build, frame, canvas)
    organs.draw_gallbladder(build, frame, canvas)
    return frame


def _after_liver(build: Build, frame: Frame, canvas: Canvas, spleen: Field, box: Box, hilum: np.ndarray) -> None:
    organs.draw_portal_trunk(build, canvas, hilum)
    canvas.place("spleen", spleen, box, organs.spleen_hu(build, canvas, box), 0.2)
    organs.draw_pancreas(build, canvas)
    gut.draw_stomach(build, frame, canvas)
    gut.draw_duodenum(build, canvas)
    gut.draw_colon(build, frame, canvas)
    gut.draw_small_bowel(build, frame, canvas)
    gut.draw_mesentery(build, canvas)
    trunk.draw_wall(build, frame, canvas)


def _settle(build: Build, kind: str, monitor: Monitor) -> Inside:
    """The reference pass on a coarse grid that does not depend on the wanted one."""
    low, size = np.array((-208.0, -150.0, -24.0)), (76, 76, 104)
    geometry = VolumeGeometry.upright(size, (REFERENCE_MM,) * 3, tuple(low))
    canvas = Canvas(geometry, (0.0, 0.0, 0.0), build.warp, build.warp_mm)
    frame = _before_liver(build, canvas)
    box, spleen_box = canvas.box(*organs.LIVER_BOX), canvas.box(*organs.SPLEEN_BOX)
    liver_of = organs.liver_shape(build, frame, canvas, box)
    liver_mm, shown = _fitted(liver_of, canvas, box, build.liver_ml, 0.0)
    canvas.place("liver", liver_of(liver_mm), box, 0.0, 0.0)
    spleen_of = organs.spleen_shape(build, frame, canvas, spleen_box)
    spleen_mm, spleen = _fitted(spleen_of, canvas, spleen_box, build.spleen_ml, 0.2)
    monitor.progress(0.1)
    check_cancelled(monitor)
    start = low + REFERENCE_MM * np.array([box[2].start, box[1].start, box[0].start])
    # shapes are exact only near their surface: deep inside take the Euclidean distance
    depth = ndimage.distance_transform_edt(shown < 0, sampling=geometry.spacing_mm) - REFERENCE_MM / 2
    liver = LiverField(np.where(shown < 0, -depth, shown).astype(np.float64), start, REFERENCE_MM)
    trees: dict[str, VesselTree] = {}
    for name, skeleton, offset in zip(VESSELS, (PORTAL, HEPATIC, PORTAL), ((0, 0, 0), (0, 0, 0), (3, -7, 2)),
                                      strict=True):
        trees[name] = grow_tree(build, name, skeleton, liver, list(trees.values()), offset)
    monitor.progress(0.25)
    tumours: tuple[Tumour, ...] = ()
    if kind == "liver_tumour":
        _after_liver(build, frame, canvas, spleen, spleen_box, trees["portal_branches"].nodes_mm[0])
        tumours = place_tumours(build, liver, Ways.of(canvas.labels, geometry, low), trees)
        for tumour in tumours:
            trees = {
                name: pruned(tree, np.array(tumour.centre_mm), tumour.radius_mm + 1) for name, tree in trees.items()
            }
    return Inside(liver_mm, spleen_mm, trees, tumours)


def _fitted(
    shape: Callable[[float], Field], canvas: Canvas, box: Box, target_ml: float, gap_mm: float
) -> tuple[float, Field]:
    """Find by bisection the inflation in mm that gives a volume; returns it and the distance field."""
    low, high = -25.0, 25.0
    voxel = canvas.geometry.voxel_volume_ml
    for _ in range(14):
        middle = (low + high) / 2
        shown = np.where(canvas.labels[box] == 0, canvas.keep_out(shape(middle), box, gap_mm), np.float32(1))
        too_small = np.count_nonzero(shown < 0) * voxel < target_ml
        low, high = (middle, high) if too_small else (low, middle)
    return (low + high) / 2, canvas.keep_out(shape((low + high) / 2), box, gap_mm)


def _draw(build: Build, canvas: Canvas, inside: Inside, monitor: Monitor) -> NDArray[np.uint8]:
    """Draw everything; returns the vessel and tumour layers [2, k, j, i]."""
    frame = _before_liver(build, canvas)
    monitor.progress(0.55)
    check_cancelled(monitor)
    box, spleen_box = canvas.box(*organs.LIVER_BOX), canvas.box(*organs.SPLEEN_BOX)
    layers = np.zeros((2, *canvas.geometry.shape), np.uint8)
    hu = hounsfield("liver", build.phase) + 1.5 * canvas.noise(build.mottle, box)
    vessel_hu = {"portal_branches": "portal_vein", "hepatic_veins": "hepatic_vein", "hepatic_artery": "artery"}
    for number, name in reversed(list(enumerate(VESSELS, start=1))):
        start, stop, radius = inside.trees[name].pieces()
        at, distance, _, _ = canvas.tubes(start, stop, radius, radius, 3.0)
        cover = np.clip(0.5 - distance / canvas.edge_mm, 0, 1)
        # what is thinner than a pixel still counts with its share of it
        full = np.zeros(canvas.geometry.shape, np.float32)
        full[at] = cover
        hu = hu * (1 - full[box]) + hounsfield(vessel_hu[name], build.phase) * full[box]
        layers[0][at][distance < 0] = number
    for number, tumour in enumerate(inside.tumours, start=1):
        at, distance = _tumour(build, canvas, tumour)
        layers[1][at][distance < 0] = number
        hu = _with_tumour(build, canvas, hu, box, at, distance)
    liver = organs.liver_shape(build, frame, canvas, box)(inside.liver_mm)
    canvas.place("liver", liver, box, hu, 0.0)
    in_liver = canvas.labels == VALUE["liver"]
    layers[1] *= in_liver
    layers[0] *= in_liver & (layers[1] == 0)
    spleen = organs.spleen_shape(build, frame, canvas, spleen_box)(inside.spleen_mm)
    _after_liver(build, frame, canvas, spleen, spleen_box, inside.trees["portal_branches"].nodes_mm[0])
    return layers


def _tumour(build: Build, canvas: Canvas, tumour: Tumour) -> tuple[Box, Field]:
    reach = tumour.radius_mm + 12
    box = canvas.box(tuple(np.subtract(tumour.centre_mm, reach)), tuple(np.add(tumour.centre_mm, reach)))
    z, y, x = np.meshgrid(canvas.z[box[0]], canvas.y[box[1]], canvas.x[box[2]], indexing="ij")
    away = np.sqrt(sum((axis - c) ** 2 for axis, c in zip((x, y, z), tumour.centre_mm, strict=True)))
    bumps = 0.7 * canvas.noise(build.mottle, box) + 0.35 * canvas.noise(build.ripple, box)
    return box, (away - tumour.radius_mm + np.clip(bumps, -1.5, 1.5)).astype(np.float32)


def _with_tumour(build: Build, canvas: Canvas, hu: Field, box: Box, at: Box, distance: Field) -> Field:
    full = np.full(canvas.geometry.shape, np.float32(40))
    full[at] = distance
    away = full[box]
    rim, core = hounsfield("tumour_rim", build.phase), hounsfield("tumour_core", build.phase)
    inside = hounsfield("tumour", build.phase) + 4 * canvas.noise(build.ripple, box)
    inside = inside + (rim - inside) * smooth_step(away, -2.5, -0.5) * 0.7
    inside = inside + (core - inside) * smooth_step(-away, 5, 9)
    cover = smooth_step(-away, -1.0, 1.0)  # the border of a metastasis is a little blurred
    return hu * (1 - cover) + inside * cover


def _finish(
    build: Build, kind: str, canvas: Canvas, inside: Inside, layers: NDArray[np.uint8], noise_hu: float, table: bool,
    shift: NDArray[np.float64],
) -> SyntheticPatient:
    body = canvas.labels > 0
    canvas.image += canvas.free * np.float32(-1000)
    if table:
        back = float(canvas.y[np.flatnonzero(body.any(axis=(0, 2)))[-1]])
        couch = table_mask(canvas.x, canvas.y, -shift[0], back + 3.0)
        canvas.image += np.where(body, 0, np.array([0, 720, 90], np.float32)[couch])
    array = acquire(canvas.image, body, canvas.geometry.spacing_mm, noise_hu, build.seed)
    stack = np.concatenate([canvas.labels[None], layers, body[None].astype(np.uint8)])
    segments = [_segment(name, 0, VALUE[name], stack) for name in EXCLUSIVE]
    segments += [_segment(name, 1, n, stack) for n, name in enumerate(VESSELS, start=1)]
    segments += [_segment(tumour.name, 2, n, stack) for n, tumour in enumerate(inside.tumours, start=1)]
    segments.append(_segment("body", 3, 1, stack))
    facts = {
        "source": "synthetic patient, generated from a seed", "kind": kind, "seed": str(build.seed),
        "phase": build.phase, "noise_hu": f"{noise_hu:g}",
    }
    volume = Volume(array, canvas.geometry, warnings=("synthetic patient: not a scan of a person",), facts=facts,
                    synthetic=True)
    tumours = tuple(
        Tumour(t.name, check_point("centre_mm", np.add(t.centre_mm, shift)), t.radius_mm, t.vein_gap_mm,
               None if t.entry_mm is None else check_point("entry_mm", np.add(t.entry_mm, shift)))
        for t in inside.tumours
    )
    return SyntheticPatient(
        volume, LabelMap(stack, canvas.geometry, tuple(s for s in segments if s)),
        {name: moved(tree, shift) for name, tree in inside.trees.items()}, tumours, facts,
    )


def _segment(name: str, layer: int, value: int, stack: NDArray[np.uint8]) -> Segment | None:
    if not (stack[layer] == value).any():
        return None
    term = catalog.term(name)
    return Segment(name, layer, value, Code(term["scheme"], term["code"], term["meaning"]), tuple(term["colour"]),
                   "truth", term["part_of"])
