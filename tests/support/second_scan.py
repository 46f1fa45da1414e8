"""A small synthetic patient before and after an ablation, breathing otherwise, on a couch of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from anatomy_twin.phantom import AblatedZone, Deformation, SyntheticPatient, breathing, make_patient, make_second_scan

SEED = 3
GRID = {"matrix": 128, "slice_mm": 4.0}


@cache
def before() -> SyntheticPatient:
    """The patient of before."""
    return make_patient(SEED, "liver_tumour", "portal", **GRID)


def moved() -> Deformation:
    """Breathed in by 12 mm, shifted and turned."""
    middle = before().volume.geometry.center_mm
    return replace(breathing(before(), 12.0), shift_mm=(6.0, -9.0, 14.0), rotation_deg=(3.0, -2.0, 5.0),
                   centre_mm=middle)  # fmt: skip


def zone(along_mm: float = 24.0, across_mm: float = 19.0) -> AblatedZone:
    """A zone over the first tumour, with a bright seam."""
    return AblatedZone(before().tumours[0].centre_mm, along_mm, across_mm, (1.0, 0.3, 0.0), rim=True)


@cache
def after() -> SyntheticPatient:
    """The patient after the ablation, moved."""
    return make_second_scan(SEED, "liver_tumour", "portal", **GRID, zones=(zone(),), deformation=moved())
