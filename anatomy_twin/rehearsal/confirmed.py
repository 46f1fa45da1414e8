"""A confirmation as it is read: how good its registration is before its verdict, and colours of margins."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Confirmation

RGB = tuple[int, int, int]
# verdicts of confirmations and grades of registrations by the verdicts that numbers have
VERDICT_OF: Final = {
    "complete with margin": "met", "borderline": "borderline", "incomplete": "not met", "uncertain": "not checked",
}
GRADE_OF: Final = {"good": "met", "fair": "borderline", "poor": "not met", "not checked": "not checked"}
# told apart by lightness too: what is not covered is dark, what is safe is light
BELOW: Final[RGB] = (201, 43, 18)
NARROW: Final[RGB] = (242, 176, 30)
SAFE: Final[RGB] = (112, 224, 206)


def registration_grade(found: Confirmation) -> str:
    """Return "good", "fair", "poor" or "not checked": the error of the registration by the catalog's limits.

    The limits hold for the error at the target (95 %).
    """
    limits = catalog.load("limits")["registration_error_mm"]
    if found.error_mm is None:
        return "not checked"
    if found.error_mm <= limits["value"]:
        return "good"
    return "fair" if found.error_mm <= limits["borderline"] else "poor"


def wanted_margin_mm() -> float:
    """Return the margin from which on an ablation counts as complete."""
    return float(catalog.load("limits")["margins"]["ablative_margin_mm"]["value"])


def margin_colour(margin_mm: float) -> RGB:
    """Return the colour of a margin: not covered, less than asked for, or enough."""
    return BELOW if margin_mm < 0 else NARROW if margin_mm < wanted_margin_mm() else SAFE


def margin_colours(margins_mm: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return RGB (n, 3) of margins (n,)."""
    bands = np.digitize(margins_mm, (0.0, wanted_margin_mm()))
    return np.asarray(np.array([BELOW, NARROW, SAFE], np.uint8)[bands])
