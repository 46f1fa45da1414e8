"""The body that a kind and its conditions ask for: what ``draw_build`` drew, changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anatomy_twin.phantom.abdomen.build import Build, draw_build
from anatomy_twin.phantom.conditions import TRAITS, Conditions
from anatomy_twin.phantom.kinds import TABLE

# which name an organ has when everything is mirrored: organs in pairs are called by the side they lie on
MIRRORED = {
    "kidney_right": "kidney_left", "kidney_left": "kidney_right", "lung_right": "lung_left", "lung_left": "lung_right",
}


def traits_of(seed: int, conditions: Conditions) -> tuple[str, ...]:
    """Return the unusual traits of a patient: those named, or two that the seed draws and that go together."""
    if not conditions.unusual or conditions.traits:
        return conditions.traits
    order = [TRAITS[n] for n in np.random.default_rng([seed, *b"unusual"]).permutation(len(TRAITS))]
    first = order[0]
    apart = [{"slim", "heavy"}, {"riedel lobe", "large liver"}]
    second = next(name for name in order[1:] if not any({first, name} == pair for pair in apart))
    return tuple(sorted((first, second)))


def build_of(seed: int, phase: str, kind: str, conditions: Conditions) -> Build:
    """Draw the body of ``seed`` as the kind and the conditions want it."""
    build = draw_build(seed, phase)
    rng = build.rng("variant")
    iodine, level, steps = rng.uniform(0.85, 1.15), rng.normal(0, 3), rng.uniform(size=6)
    if TABLE[kind].detailed:
        build = replace(build, detailed=True, iodine=float(iodine), liver_hu=float(np.clip(level, -6, 6)))
    if conditions.oral_contrast is not None:
        build = replace(build, oral_contrast=False, oral=conditions.oral_contrast)
    removed = conditions.removed
    if conditions.situs_inversus:  # the picture is turned at the end
        removed = tuple(MIRRORED.get(name, name) for name in removed)
    build = replace(build, removed=removed, pelvis=conditions.field_of_view[0] < 0)
    if any(name.startswith("kidney") for name in removed):  # the other one does the work of two
        build = replace(build, kidney_ml=build.kidney_ml * 1.25)
    for trait in traits_of(seed, conditions):
        build = _with_trait(build, trait, steps)
    return build


def _with_trait(build: Build, trait: str, steps: np.ndarray) -> Build:
    """Change one thing to a value that adults have, yet rarely; ``steps`` are six uniform numbers."""
    a, b = float(steps[0]), float(steps[1])
    if trait == "riedel lobe":
        return replace(build, riedel_mm=30 + 20 * a)
    if trait == "large liver":
        return replace(build, liver_ml=2050 + 450 * a, liver_low_mm=48 + 24 * a)
    if trait == "large spleen":
        return replace(build, spleen_ml=420 + 320 * a)
    if trait == "low kidney":
        drop = 34 + 22 * a
        return replace(build, kidney_drop_mm=(drop, 0.0) if b < 0.6 else (0.0, drop))
    if trait == "slim":
        return replace(build, fat_mm=4.0 + 2.5 * a, half_width_mm=148 + 6 * b, half_depth_mm=105 + 2 * b)
    if trait == "heavy":
        return replace(build, fat_mm=34.0 + 10 * a, half_width_mm=196 + 8 * b, half_depth_mm=140 + 8 * b,
                       iodine=build.iodine * 0.85)
    if trait == "steatosis":
        return replace(build, liver_hu=-30.0 - 14 * a)
    return replace(build, duct_mm=4.6 + 2.2 * a)
