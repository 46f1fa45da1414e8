"""The toy patient scanned again after an ablation of its first tumour: another place of the couch, noise of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.store.nrrd import encode_nrrd
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd
from tests.support.toy_patient import ELLIPSOIDS, ellipsoid_mask, make_segment, toy_patient

SHIFT: Final = (6.0, -9.0, 12.0)  # a point x of the first scan lies at x + SHIFT in the second
RADIUS: Final = 17.0
CENTRE: Final = tuple(float(a + b) for a, b in zip(ELLIPSOIDS["tumour_1"][0], (4.0, 0.0, 0.0), strict=True))
DEAD_HU: Final = 60
MARGIN: Final = RADIUS - 12.0 - 4.0  # of a ball of 12 mm in one of 17 mm whose middles are 4 mm apart


def write_toy_after(folder: Path) -> tuple[Path, Path]:
    """Write the second scan and its outlines (liver, ablation zone); return both files."""
    volume, labels = toy_patient()
    liver = labels.mask("liver") | labels.mask("tumour_1") | labels.mask("tumour_2")
    zone = ellipsoid_mask(volume.geometry, CENTRE, (RADIUS,) * 3) & liver
    noise = np.random.default_rng(1).normal(0.0, 6.0, zone.shape)
    array = (np.where(zone, DEAD_HU, volume.array) + noise).astype(np.int16)
    first = volume.geometry
    origin = tuple(float(a + b) for a, b in zip(first.origin_mm, SHIFT, strict=True))
    grid = VolumeGeometry(first.shape, first.spacing_mm, first.direction, origin)
    outlines = LabelMap(np.stack([liver, zone]).astype(np.uint8), grid,
                        (make_segment("liver", 0, 1), make_segment("ablation_zone", 1, 1)))  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    scan, file = folder / "after.nrrd", folder / "zone.seg.nrrd"
    scan.write_bytes(encode_nrrd(array, grid))
    file.write_bytes(encode_seg_nrrd(outlines))
    return scan, file
