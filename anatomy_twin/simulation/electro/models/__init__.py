"""Ionic models of heart cells, one file each, found by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from anatomy_twin.errors import SimulationError

if TYPE_CHECKING:
    from anatomy_twin.simulation.electro.models.model import IonicModel

FILES: Final = {  # name -> file of this room, which holds it as MODEL
    "mitchell_schaeffer_2003": "mitchell_schaeffer",
    "aliev_panfilov_1996": "aliev_panfilov",
    "fenton_karma_1998": "fenton_karma",
    "bueno_orovio_2008": "bueno_orovio",
    "ten_tusscher_2006": "ten_tusscher",
    "courtemanche_1998": "courtemanche",
}


def ionic_model(name: str) -> IonicModel:
    """Return an ionic model by its name.

    Raises ``SimulationError`` for one that there is not.
    """
    if name not in FILES:
        raise SimulationError(f"unknown ionic model {name!r}", advice=f"use one of {', '.join(FILES)}")
    found: IonicModel = import_module(f"{__name__}.{FILES[name]}").MODEL
    return found
