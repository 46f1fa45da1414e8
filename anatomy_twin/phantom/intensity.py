"""Attenuation of tissue in HU by contrast phase: typical adult values."""

from __future__ import annotations

from typing import Final

PHASES: Final = ("native", "arterial", "portal", "early arterial", "delayed")

# Unenhanced values lie in the ranges of radiology teaching tables (fat -50 to -100 and below, kidney 20-40, spleen
# 35-55, blood 45-65, liver 45-65, air -1000); enhanced ones are this project's choice within what scans show
# ("arterial" is the late arterial phase: aorta 300, liver little, cortex brighter than medulla; "early arterial" shows
# the aorta alone, a spotted spleen and dark veins; portal liver 100-120, metastasis 35-50 less; "delayed" is three
# minutes: vessels and liver near each other, contrast medium in the renal pelvis; a liver carcinoma is bright in the
# arterial phase, like the liver in the portal one and darker later).
HU: Final[dict[str, tuple[float, float, float, float, float]]] = {
    "skin": (15, 20, 30, 17, 30), "fat": (-104, -104, -102, -104, -102), "visceral_fat": (-102, -101, -99, -102, -99),
    "muscle": (52, 56, 62, 53, 64), "cortical": (680, 685, 690, 682, 690), "spongy": (170, 180, 190, 172, 188),
    "cartilage": (95, 98, 100, 95, 100), "disc": (82, 84, 86, 82, 86), "canal": (22, 24, 26, 22, 26),
    "lung": (-855, -850, -850, -853, -850), "lung_vessel": (35, 150, 90, 190, 75), "diaphragm": (48, 55, 60, 50, 62),
    "heart_wall": (48, 105, 112, 85, 98), "heart_blood": (44, 260, 158, 290, 118), "aorta": (44, 310, 162, 340, 116),
    "cava": (43, 85, 128, 44, 112), "cava_upper": (43, 95, 150, 62, 116), "cava_lower": (43, 58, 122, 44, 110),
    "portal_vein": (44, 105, 176, 58, 122), "hepatic_vein": (44, 66, 168, 46, 119), "artery": (44, 300, 160, 325, 114),
    "liver": (57, 70, 112, 61, 98), "tumour": (44, 58, 68, 50, 76), "tumour_rim": (46, 92, 84, 70, 90),
    "tumour_core": (38, 46, 54, 40, 58), "carcinoma": (50, 128, 108, 98, 74), "cyst": (6, 6, 7, 6, 7),
    "gallbladder": (8, 8, 9, 8, 9), "gallbladder_wall": (30, 45, 55, 36, 58), "bile": (6, 6, 7, 6, 7),
    "spleen": (48, 118, 124, 96, 104), "cortex": (34, 175, 198, 135, 150), "medulla": (31, 62, 165, 38, 164),
    "pelvis": (6, 6, 9, 6, 420), "renal_cell": (36, 138, 104, 90, 84), "pancreas": (40, 108, 94, 76, 78),
    "stomach_wall": (40, 82, 80, 60, 78), "gut_wall": (38, 78, 84, 58, 76), "colon_wall": (36, 62, 72, 48, 72),
    "gas": (-960, -960, -960, -960, -960), "fluid": (12, 12, 14, 12, 14), "faeces": (-40, -40, -38, -40, -38),
    "oesophagus": (38, 55, 62, 45, 62), "psoas": (54, 58, 64, 55, 65), "node": (40, 65, 78, 50, 80),
    "bladder": (6, 6, 7, 6, 30),
}


def hounsfield(name: str, phase: str) -> float:
    """Return the mean HU of a tissue in one of ``PHASES``."""
    return HU[name][PHASES.index(phase)]
