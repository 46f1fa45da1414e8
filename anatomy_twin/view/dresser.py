"""What changes how surfaces of the 3-D view look while it shows something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.rehearsal import SurfaceLayer


class Dresser(Protocol):
    """What changes how surfaces of the 3-D view look while it shows something."""

    @property
    def shown(self) -> object:
        """What it shows; None for nothing."""

    def dressed(self, layers: tuple[SurfaceLayer, ...]) -> tuple[SurfaceLayer, ...]:
        """Return the surfaces of a scene as they are to be seen."""

    def painters(self) -> Mapping[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[np.uint8] | None]]:
        """Return what gives points (n, 3) with normals of surfaces, by their names, colours (n, 4)."""
