"""Names that the rooms below give in English (structures, numbers), in the language of the window."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from anatomy_twin.rehearsal import Scene
from anatomy_twin.view.words import tr


def named(text: str) -> str:
    """Return a name such as "Tumour 1 (target)" or "Liver volume" in the language of the window.

    Names are put together of known ones: a number and a remark in brackets may follow, and some stand in a phrase.
    What is not known stays as it is.
    """
    whole = tr(text)
    if whole != text or not text:
        return whole
    remark = re.fullmatch(r"(.+) \(([^()]+)\)", text)
    if remark:
        return f"{named(remark[1])} ({tr(remark[2])})"
    number = re.fullmatch(r"(.+?) (\d+)", text)
    if number:
        return f"{named(number[1])} {number[2]}"
    for form, spoken in _phrases():
        before, _, after = form.partition("{name}")
        if text.startswith(before) and text.endswith(after) and len(text) > len(before) + len(after):
            return spoken.format(name=named(text[len(before) : len(text) - len(after)]))
    capital = text[0].upper() + text[1:]
    spoken = tr(capital)
    return text if spoken == capital else spoken


def _phrases() -> tuple[tuple[str, str], ...]:
    """Return (English, spoken) of the phrases that hold a name, the longer ones first."""
    return (
        ("Liver volume expected by {name}", tr("Liver volume expected by {name}")),
        ("Healthy {name} lost, share", tr("Healthy {name} lost, share")),
        ("{name}, highest temperature", tr("{name}, highest temperature")),
        ("{name}, lowest temperature", tr("{name}, lowest temperature")),
        ("Healthy {name} lost", tr("Healthy {name} lost")),
        ("Ablated outside the {name}", tr("Ablated outside the {name}")),
        ("Standardised remnant ({name})", tr("Standardised remnant ({name})")),
        ("Margin to {name}", tr("Margin to {name}")),
        ("{name} mm rim covered", tr("{name} mm rim covered")),
        ("Cut: {name}", tr("Cut: {name}")),
        ("Probability of {name} mm margin", tr("Probability of {name} mm margin")),
        ("Matters most: {name}", tr("Matters most: {name}")),
        ("{name} volume", tr("{name} volume")),
        ("Smallest margin {name} mm", tr("Smallest margin {name} mm")),
    )


def fixed_names() -> tuple[str, ...]:
    """Return the names that stand alone, as they are spoken; they are listed here so that they are collected."""
    return (
        tr("Ablated volume"), tr("Target volume"), tr("Target covered"), tr("Minimal ablative margin"),
        tr("Healthy tissue lost"), tr("Healthy tissue lost, share"), tr("Liver without lesions"),
        tr("Resected volume"), tr("Remaining volume"), tr("Remnant without lesions"), tr("Area of the cut"),
        tr("Remnant to body weight"), tr("Vessels cut"), tr("Rules"), tr("Coagulated zone"), tr("simulated"),
        tr("target"), tr("Arrhenius damage integral"),
        tr("Hottest so far (1 at 50 \N{DEGREE SIGN}C)"), tr("Hottest so far (1 at 60 \N{DEGREE SIGN}C)"),
        tr("Thermal dose (1 at the limit)"), tr("Temperature"), tr("Liver, unenhanced"),
        tr("Probability of complete coverage"), tr("Minimal margin, 1 of 20 is less"), tr("Minimal margin, median"),
        tr("Left uncovered"), tr("sideways"), tr("depth"), tr("depth either way"), tr("tilt"), tr("perfusion"),
        tr("conductivity"), tr("power"), tr("Degrees below 0"), tr("Coldest so far (1 at the lethal temperature)"),
        tr("Lethal zone"), tr("Ice"), tr("Power"), tr("Impedance"), tr("Sensors at the tips of the tines"),
        tr("Tissue at the cooled tip"),
        tr("Power as set"), tr("Temperature of the needle"),
        tr("Microwave antenna, generic 2.45 GHz"), tr("Radiofrequency electrode, internally cooled, 20 mm tip"),
        tr("Radiofrequency electrode, internally cooled, 30 mm tip"),
        tr("Radiofrequency electrode, nine tines, 35 mm across"), tr("Cryoneedle, generic 17 G argon"),
    )  # fmt: skip


def scene_named(scene: Scene) -> Scene:
    """Return a scene whose structures and fields have names in the language of the window."""
    if tr("Liver") == "Liver":
        return scene

    def words(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(thing, label=named(thing.label)) for thing in things)

    return replace(scene, surfaces=words(scene.surfaces), overlays=words(scene.overlays), looks=words(scene.looks),
                   fields=words(scene.fields), markers=words(scene.markers))  # fmt: skip
