"""How much two masks share."""

from __future__ import annotations

from typing import Any

import numpy as np


def dice(first: Any, second: Any) -> float:
    """Return the Dice overlap of two bool arrays: twice what they share by what they hold; 0 where both are empty."""
    both = np.count_nonzero(first & second)
    return 2.0 * both / max(1, np.count_nonzero(first) + np.count_nonzero(second))
