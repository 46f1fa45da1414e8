"""Words about heart chambers in the person's language."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber
from anatomy_twin.view.words import tr


def map_words() -> dict[str, str]:
    """Return what the maps of a chamber are called."""
    return {
        "plain": tr("One colour"), "regions": tr("Regions"), "fibrosis": tr("Fibrosis"),
        "wall": tr("Thickness of the wall"), "activation": tr("Activation"), "drivers": tr("Drivers"),
        "frequency": tr("Dominant frequency"),
    }


def heart_names() -> tuple[str, ...]:
    """Return names of regions, openings, tissue and scales; they are listed here so that they are collected."""
    return (
        tr("Mitral valve"), tr("Mitral annulus"), tr("Roof"), tr("Posterior wall"), tr("Inferior wall"),
        tr("Anterior wall"), tr("Septum"), tr("Lateral wall"), tr("Antrum right inferior"),
        tr("Antrum right superior"), tr("Antrum left inferior"), tr("Antrum left superior"), tr("Antrum left common"),
        tr("Antrum right middle"), tr("Tricuspid valve"), tr("Healthy"), tr("Interstitial"), tr("Dense"),
        tr("Tips of waves"), tr("Voltage"),
    )


def substrate_line(chamber: Chamber) -> str:
    """Return how much of a wall is diseased, "" where that is not known."""
    if chamber.substrate is None:
        return ""
    counts = np.bincount(chamber.substrate.classes, minlength=len(SUBSTRATE_CLASSES))
    shares = 100.0 * counts / max(counts.sum(), 1)
    return tr("Fibrosis: interstitial {interstitial} %, dense {dense} % of the wall's points").format(
        interstitial=f"{shares[1]:.0f}", dense=f"{shares[2]:.0f}")  # fmt: skip
