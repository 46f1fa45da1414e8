"""Two scans of a patient -> a transform with its error."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anatomy_twin.registration.local import LocalError, local_error
    from anatomy_twin.registration.pair import Registration, carried_mask, carried_volume, register
    from anatomy_twin.registration.quality import Quality

__all__ = ["LocalError", "Quality", "Registration", "carried_mask", "carried_volume", "local_error",
           "register"]  # fmt: skip
_HOMES = {"Quality": "quality", "LocalError": "local", "local_error": "local"}


def __getattr__(name: str) -> Any:
    """Load what is used when it is used: SimpleITK takes long to load."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'pair')}"), name)


def warm_up() -> None:
    """Compile the kernels of a registration, so that their code is in numba's cache for the next process."""
    import numpy as np

    from anatomy_twin.core import Volume, VolumeGeometry
    from anatomy_twin.registration.pair import register

    size, spacing_mm = 32, 5.0
    grid = VolumeGeometry.upright((size,) * 3, (spacing_mm,) * 3)
    away = np.indices(grid.shape) - (size - 1) / 2.0
    body = np.sqrt((away**2).sum(axis=0)) < 13.0
    inside = np.abs(away).max(axis=0) < 5.0
    scan = Volume(np.where(inside, 150, np.where(body, 40, -1000)).astype(np.int16), grid, synthetic=True)
    register(scan, scan)
