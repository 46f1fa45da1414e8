"""Attenuation of tissue in HU by contrast phase. Typical adult values; ``spread`` is drawn per patient."""

from __future__ import annotations

from typing import Final

PHASES: Final = ("native", "arterial", "portal")

# Unenhanced values lie in the ranges of radiology teaching tables (fat -50 to -100 and below, kidney 20-40, spleen
# 35-55, blood 45-65, liver 45-65, air -1000); enhanced ones are this project's choice within what scans show
# (portal liver 100-120, metastasis 35-50 less; arterial aorta 300, cortex brighter than medulla).
HU: Final[dict[str, tuple[float, float, float]]] = {
    "skin": (15, 20, 30), "fat": (-104, -104, -102), "visceral_fat": (-102, -101, -99), "muscle": (52, 56, 62),
    "cortical": (680, 685, 690), "spongy": (170, 180, 190), "cartilage": (95, 98, 100), "disc": (82, 84, 86),
    "canal": (22, 24, 26), "lung": (-855, -850, -850), "lung_vessel": (35, 150, 90), "diaphragm": (48, 55, 60),
    "heart_wall": (48, 105, 112), "heart_blood": (44, 260, 158), "aorta": (44, 310, 162), "cava": (43, 85, 128),
    "cava_upper": (43, 95, 150), "portal_vein": (44, 105, 176), "hepatic_vein": (44, 66, 168), "artery": (44, 300, 160),
    "liver": (57, 70, 112), "tumour": (44, 58, 68), "tumour_rim": (46, 92, 84), "tumour_core": (38, 46, 54),
    "gallbladder": (8, 8, 9), "gallbladder_wall": (30, 45, 55), "spleen": (48, 118, 124), "cortex": (34, 175, 198),
    "medulla": (31, 62, 165), "pelvis": (6, 6, 9), "pancreas": (40, 108, 94), "stomach_wall": (40, 82, 80),
    "gut_wall": (38, 78, 84), "colon_wall": (36, 62, 72), "gas": (-960, -960, -960), "fluid": (12, 12, 14),
    "faeces": (-40, -40, -38), "oesophagus": (38, 55, 62), "psoas": (54, 58, 64), "node": (40, 65, 78),
}


def hounsfield(name: str, phase: str) -> float:
    """Return the mean HU of a tissue in one of ``PHASES``."""
    return HU[name][PHASES.index(phase)]
