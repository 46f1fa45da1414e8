"""Drugs that block channels: what is left of each current at a concentration, put into a cell's parameters.

Simple pore block at steady state: of a current there remains 1 / (1 + (c / IC50)^h). Binding that depends on rate or
voltage is not described.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anatomy_twin.catalog import load
from anatomy_twin.core import FrozenMapping
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.models.model import IonicModel, Parameters

PARAMETER_OF: Final = {  # channel -> the conductance that ionic models have for it, where they have one
    "na": "g_na", "cal": "g_cal", "kr": "g_kr", "ks": "g_ks", "to": "g_to", "k1": "g_k1", "kur": "g_kur",
}


def drug(name: str) -> dict[str, Any]:
    """Return what the catalog knows of a drug: label, channels, free concentration in treatment, source.

    Raises ``SimulationError`` for one that it does not know.
    """
    known = load("drugs")["drugs"]
    if name not in known:
        raise SimulationError(f"the catalog has no drug {name!r}", advice=f"it has {', '.join(known)}")
    found: dict[str, Any] = known[name]
    return found


def remaining(name: str, concentration_nm: float) -> dict[str, float]:
    """Return what share of the current through each channel is left at a free concentration in nM."""
    if not (np.isfinite(concentration_nm) and concentration_nm >= 0.0):
        raise SimulationError(f"a concentration of {concentration_nm} nM of {name}", advice="give 0 or more")
    return {
        channel: 1.0 / (1.0 + (concentration_nm / curve["ic50_nm"]) ** curve["hill"])
        for channel, curve in drug(name)["channels"].items()
    }


def blocked(
    model: IonicModel, parameters: Parameters, name: str, concentration_nm: float | None = None
) -> FrozenMapping[str, float]:
    """Return the parameters of a cell under a drug.

    ``concentration_nm`` free in plasma, default that in treatment. Channels that the model does not have count for
    nothing: ``ignored`` names them. Raises ``SimulationError`` for a drug that the catalog does not know and for a
    model that has none of its channels.
    """
    if concentration_nm is None:
        concentration_nm = float(drug(name)["free_concentration_nm"])
    left = remaining(name, concentration_nm)
    scales = {PARAMETER_OF[channel]: share for channel, share in left.items() if channel not in ignored(model, name)}
    if not scales:
        raise SimulationError(
            f"{model.facts['label']} has none of the channels that {name} blocks", advice="use a model with channels"
        )
    return FrozenMapping({key: value * scales.get(key, 1.0) for key, value in parameters.items()})


def ignored(model: IonicModel, name: str) -> tuple[str, ...]:
    """Return the channels that a drug blocks and an ionic model does not have."""
    has = model.facts["parameters"]
    return tuple(channel for channel in drug(name)["channels"] if PARAMETER_OF.get(channel, "") not in has)
