"""From where a scene is looked at, and on what ground."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal import letters_of
from anatomy_twin.units import Point

# view: (from the focus towards the camera, up), LPS. Anterior: the viewer faces the patient, whose right is on the left
VIEWS: Final[dict[str, tuple[Point, Point]]] = {
    "anterior": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "posterior": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "left": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "right": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "head": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "foot": ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
    "anterior-right": ((-0.75, -1.0, 0.35), (0.0, 0.0, 1.0)),
    "anterior-left": ((0.75, -1.0, 0.35), (0.0, 0.0, 1.0)),
    "posterior-right": ((-0.75, 1.0, 0.35), (0.0, 0.0, 1.0)),
    "posterior-left": ((0.75, 1.0, 0.35), (0.0, 0.0, 1.0)),
}
BACKGROUNDS: Final = {"light": ("#ffffff", "#e9eef4"), "dark": ("#0d1117", "#2a3442")}


def view_axes(view: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the unit vectors (LPS) towards the camera, up and to the viewer's right.

    Raises ``UsageError`` for an unknown view.
    """
    if view not in VIEWS:
        raise UsageError(f"no view is called {view!r}", advice=f"use one of {', '.join(VIEWS)}")
    toward, up = (np.asarray(vector, dtype=np.float64) for vector in VIEWS[view])
    toward = toward / np.linalg.norm(toward)
    right = np.cross(up, toward)
    right = right / np.linalg.norm(right)
    return toward, np.cross(toward, right), right


def view_letters(view: str) -> dict[str, str]:
    """Return the anatomical letters at the ``left``, ``right``, ``top`` and ``bottom`` edge of a view."""
    _, up, right = view_axes(view)
    return {
        "left": letters_of(-right, count=2), "right": letters_of(right, count=2),
        "top": letters_of(up, count=2), "bottom": letters_of(-up, count=2),
    }
