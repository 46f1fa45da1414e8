"""Lesions of the liver in the later kinds, by number, size and place; and how each sort is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VesselTree
from anatomy_twin.phantom.abdomen.build import Build
from anatomy_twin.phantom.abdomen.lesions import Tumour, distance_to_pieces
from anatomy_twin.phantom.abdomen.organs import HILUM, liver_box
from anatomy_twin.phantom.abdomen.vessels import LiverField
from anatomy_twin.phantom.canvas import Box, Canvas
from anatomy_twin.phantom.shapes import Field, smooth_step

LARGE_RADIUS_MM = 2.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be placed: tissue, radius in mm and site ("deep", "surface" or "dome")."""

    tissue: str
    radius_mm: float
    site: str


def wanted_lesions(build: Build, kind: str) -> tuple[Wanted, ...]:
    """Draw what a patient of this kind has: metastases and cysts of 8 to 40 mm, carcinomas of 10 to 40 mm."""
    rng = build.rng("liver lesions")

    def radius(low_mm: float, high_mm: float) -> float:  # small ones are the more frequent
        return float(np.exp(rng.uniform(np.log(low_mm / 2), np.log(high_mm / 2))))

    def site(outside: float) -> str:
        return "surface" if rng.uniform() < outside else "deep"

    wanted: list[Wanted] = []
    if kind == "liver_metastases":
        wanted.append(Wanted("tumour", radius(22, 40), "dome" if rng.uniform() < 0.5 else "surface"))
        wanted += [Wanted("tumour", radius(8, 30), site(0.25)) for _ in range(int(rng.integers(2, 6)))]
        wanted += [Wanted("cyst", radius(8, 18), "deep")] if rng.uniform() < 0.4 else []
    elif kind == "liver_carcinoma":
        wanted.append(Wanted("carcinoma", radius(20, 40), site(0.4)))
        wanted += [Wanted("carcinoma", radius(10, 16), "deep")] if rng.uniform() < 0.6 else []
    elif kind == "liver_cysts":
        wanted += [Wanted("cyst", radius(8, 40), site(0.3)) for _ in range(int(rng.integers(2, 6)))]
    return tuple(sorted(wanted, key=lambda one: -one.radius_mm))  # the large ones need the most room


def place_lesions(
    build: Build, wanted: tuple[Wanted, ...], liver: LiverField, trees: dict[str, VesselTree]
) -> tuple[Tumour, ...]:
    """Place lesions off the large vessels and off each other; one that finds no room is made smaller, then left out.

    Tumours are called tumour_1 and so on, cysts lesion_1. A lesion at the surface is cut by it: its middle lies
    nearer to it than its radius.
    """
    rng = build.rng("lesion places")
    vessels = []
    for name in ("hepatic_veins", "portal_branches"):
        start, stop, radius = trees[name].pieces()
        vessels.append((start[radius > LARGE_RADIUS_MM], stop[radius > LARGE_RADIUS_MM],
                        radius[radius > LARGE_RADIUS_MM]))
    placed: list[Tumour] = []
    for one in wanted:
        centre, radius_mm = _place(build, rng, one, liver, vessels, placed)
        if centre is None:
            continue
        stem = "lesion" if one.tissue == "cyst" else "tumour"
        number = sum(tumour.name.startswith(stem) for tumour in placed) + 1
        gap = float(distance_to_pieces(centre, vessels[0]).min() - radius_mm)
        point = (float(centre[0]), float(centre[1]), float(centre[2]))
        contrast = lesion_hu(build, one.tissue) - build.hu("liver") - build.liver_hu
        placed.append(Tumour(f"{stem}_{number}", point, radius_mm, gap, None, one.tissue, round(contrast, 1)))
    return tuple(placed)


def _place(
    build: Build, rng: np.random.Generator, one: Wanted, liver: LiverField, vessels: list, placed: list[Tumour]
) -> tuple[NDArray[np.float64] | None, float]:
    radius = one.radius_mm
    for attempt in range(4):
        for centre in liver.points(rng, 500, 0.25 * radius if one.site != "deep" else radius + 3):
            deep = -liver.at(centre)
            if one.site != "deep" and not 0.25 * radius < deep < 0.75 * radius:
                continue
            if one.site == "dome" and centre[2] < build.dome_mm - 45:
                continue
            if np.linalg.norm(centre - HILUM) < radius + 18:
                continue
            if any(np.linalg.norm(centre - other.centre_mm) < radius + other.radius_mm + 6 for other in placed):
                continue
            if min(distance_to_pieces(centre, pieces).min() for pieces in vessels) > radius + 1.5 - 0.5 * attempt:
                return centre, radius
        radius *= 0.85
    return None, radius


def lesion_hu(build: Build, tissue: str) -> float:
    """Mean HU of a lesion; what is solid follows the patient's own level of the liver, but not a fatty liver."""
    return build.hu(tissue) + (0.0 if tissue == "cyst" else float(np.clip(build.liver_hu, -6, 6)))


def lesion_distance(build: Build, canvas: Canvas, tumour: Tumour) -> tuple[Box, Field]:
    """The box of a lesion and the distance in mm to its uneven surface, negative inside."""
    reach = tumour.radius_mm + 12
    box = canvas.box(tuple(np.subtract(tumour.centre_mm, reach)), tuple(np.add(tumour.centre_mm, reach)))
    z, y, x = np.meshgrid(canvas.z[box[0]], canvas.y[box[1]], canvas.x[box[2]], indexing="ij")
    away = np.sqrt(sum((axis - c) ** 2 for axis, c in zip((x, y, z), tumour.centre_mm, strict=True)))
    uneven = 0.35 if tumour.tissue == "cyst" else 1.0
    bumps = uneven * (0.7 * canvas.noise(build.mottle, box) + 0.35 * canvas.noise(build.ripple, box))
    return box, (away - tumour.radius_mm + np.clip(bumps, -1.5, 1.5)).astype(np.float32)


def with_lesion(build: Build, canvas: Canvas, hu: Field, tumour: Tumour, around: Field) -> Field:
    """Return the liver's HU with one lesion drawn in; ``around`` is the distance to it on the same box as ``hu``."""
    if tumour.tissue == "cyst":
        cover = smooth_step(-around, -0.6, 0.6)
        return hu * (1 - cover) + build.hu("cyst") * cover
    box = canvas.box(*liver_box(build))
    inside = lesion_hu(build, tumour.tissue) + 4 * canvas.noise(build.ripple, box)
    if tumour.tissue == "carcinoma":
        inside = inside + 4 * canvas.noise(build.mottle, box)  # nodules in the nodule
        cover = smooth_step(-around, -0.8, 0.8)
        shown = hu * (1 - cover) + inside * cover
        if build.phase == "delayed":  # the capsule keeps the contrast medium
            shown = shown + 22 * smooth_step(-np.abs(around), -1.8, -0.6)
        return shown
    rim, core = build.hu("tumour_rim"), build.hu("tumour_core")
    inside = inside + (rim - inside) * smooth_step(around, -2.5, -0.5) * 0.7
    inside = inside + (core - inside) * smooth_step(-around, 5, 9)
    cover = smooth_step(-around, -1.0, 1.0)  # the border of a metastasis is a little blurred
    return hu * (1 - cover) + inside * cover


def in_world(tumour: Tumour, shift_mm: NDArray[np.float64], mirrored: bool) -> Tumour:
    """Return a lesion in LPS mm: shifted, and turned about the midline where the patient is."""

    def placed(point: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = (float(a + b) for a, b in zip(point, shift_mm, strict=True))
        return (float(2 * shift_mm[0]) - x if mirrored else x), y, z

    return replace(tumour, centre_mm=placed(tumour.centre_mm),
                   entry_mm=None if tumour.entry_mm is None else placed(tumour.entry_mm))
