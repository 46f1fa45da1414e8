"""Words about heart chambers in the person's language."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import LesionLine, LesionPoint
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.view.names import named
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


def arrhythmia_words() -> dict[str, str]:
    """Return what arrhythmias are called."""
    return {
        "none": tr("none"), "focal": tr("focal"), "macro re-entry": tr("macro re-entry"), "rotors": tr("rotors"),
        "fibrillation": tr("fibrillation"),
    }  # fmt: skip


def capital(words: str) -> str:
    """Return words with a capital letter first."""
    return words[:1].upper() + words[1:]


def short_name(opening: str) -> str:
    """Return what an opening is called on a picture: "LSPV" for the left superior pulmonary vein."""
    known = {
        "pulmonary_vein_left_superior": tr("LSPV"), "pulmonary_vein_left_inferior": tr("LIPV"),
        "pulmonary_vein_left_common": tr("LCPV"), "pulmonary_vein_right_superior": tr("RSPV"),
        "pulmonary_vein_right_inferior": tr("RIPV"), "pulmonary_vein_right_middle": tr("RMPV"),
    }  # fmt: skip
    return known.get(opening) or capital(named(structure_label(opening)))


def set_words() -> dict[str, str]:
    """Return what the standard sets of lesions are called."""
    return {
        "wide_area_pvi": tr("Wide-area isolation of the veins"), "single_vein_pvi": tr("Isolation of each vein"),
        "roof_line": tr("Roof line"), "inferior_line": tr("Inferior line"), "box": tr("Box (roof and inferior line)"),
        "mitral_line": tr("Mitral line"), "anterior_line": tr("Anterior line"), "appendage": tr("Round the appendage"),
        "cavotricuspid": tr("Cavotricuspid line"),
    }


def lesion_words(lesion: LesionLine | LesionPoint) -> str:
    """Return what a lesion is, in a line."""
    if isinstance(lesion, LesionPoint):
        return tr("Point, {power} W for {time} s").format(power=f"{lesion.power_w:g}", time=f"{lesion.duration_s:g}")
    closed = len(lesion.points_mm) > 2 and lesion.points_mm[0] == lesion.points_mm[-1]
    form = tr("Closed line, {width} mm wide") if closed else tr("Line, {width} mm wide")
    return form.format(width=f"{2.0 * lesion.radius_mm:g}")


def substrate_line(chamber: Chamber) -> str:
    """Return how much of a wall is diseased, "" where that is not known."""
    if chamber.substrate is None:
        return ""
    counts = np.bincount(chamber.substrate.classes, minlength=len(SUBSTRATE_CLASSES))
    shares = 100.0 * counts / max(counts.sum(), 1)
    return tr("Fibrosis: interstitial {interstitial} %, dense {dense} % of the wall's points").format(
        interstitial=f"{shares[1]:.0f}", dense=f"{shares[2]:.0f}")  # fmt: skip
