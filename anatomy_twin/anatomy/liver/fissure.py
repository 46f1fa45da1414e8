"""The umbilical fissure: the cleft at the front of a liver, left of which segments II and III lie."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap
from anatomy_twin.kernels.distance import distance_mm

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

CLEFT_MM: Final = 12.0  # clefts up to this width are filled to be seen; the fat in the fissure is rarely wider
BETWEEN_DEG: Final = (-60.0, 15.0)  # further left it is the fissure of the ligamentum venosum, further right the hilum
FROM_MM: Final = 35.0  # from the cava's middle: what is nearer is the hilum
WINDOW_DEG: Final = 10.0
LEAST_ML: Final = 0.5
LEAST_REACH_MM: Final = 12.0  # a cleft runs along its azimuth; a dent of the surface is no fissure
LEAST_PART: Final = 1.5  # times what it would hold if gaps lay anywhere
NO_CLEFT: Final = ("gallbladder", "inferior_vena_cava", "portal_vein", "stomach", "heart", "aorta", "duodenum", "bowel",
                   "colon")  # fmt: skip


def find_fissure(labels: LabelMap, liver: Mask, frame: Any, hilum_mm: Floats) -> float | None:
    """Return the azimuth of the umbilical fissure in degrees (``Landmarks.polar``), None where no cleft is seen.

    The liver is closed over 12 mm; of what that fills in front of the hilum, and no organ takes, the 10 degrees that
    hold most are the cleft of the ligamentum teres, if they hold 0.5 ml and reach over 12 mm away from the cava.
    """
    spacing = labels.geometry.spacing_mm
    reach = CLEFT_MM / 2.0
    grown = distance_mm(liver, spacing, reach + 2.0) <= reach
    gap = (distance_mm(~grown, spacing, reach + 2.0) > reach) & ~liver
    for name in NO_CLEFT:
        if name in labels:
            gap &= ~labels.mask(name)
    places = labels.geometry.to_world(np.argwhere(gap))
    angle, away = frame.polar(places)
    kept = (angle > BETWEEN_DEG[0]) & (angle < BETWEEN_DEG[1]) & (away > FROM_MM) & (places[:, 1] < hilum_mm[1])
    angle, away = np.sort(angle[kept]), away[kept][np.argsort(angle[kept], kind="stable")]
    if not len(angle):
        return None
    first = np.arange(BETWEEN_DEG[0], BETWEEN_DEG[1] - WINDOW_DEG + 0.5)
    low, high = np.searchsorted(angle, first), np.searchsorted(angle, first + WINDOW_DEG)
    best = int(np.argmax(high - low))
    inside = slice(int(low[best]), int(high[best]))
    count = inside.stop - inside.start
    expected = len(angle) * WINDOW_DEG / (BETWEEN_DEG[1] - BETWEEN_DEG[0])
    if count * labels.geometry.voxel_volume_ml < LEAST_ML or count < LEAST_PART * expected:
        return None
    near, far = np.percentile(away[inside], (5.0, 95.0))
    return float(np.median(angle[inside])) if far - near >= LEAST_REACH_MM else None
