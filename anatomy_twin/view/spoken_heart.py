"""Forms of sentences about the heart that the rooms below give in English; see ``spoken``."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], str]


def heart_forms(tr: Say) -> tuple[str, ...]:
    """Return every form as ``tr`` says it; a longer one stands before one that it holds."""
    return (
        # rules of lesions
        tr("lesions on the wall"), tr("inter-lesion distance, lesions {n} and {m}"), tr("inter-lesion distance"),
        tr("lines end at a barrier"), tr("lines end at a barrier, start of lesion {n}"),
        tr("lines end at a barrier, end of lesion {n}"), tr("transmural"), tr("no lesion within a pulmonary vein"),
        tr("keeps off the oesophagus"), tr("line reaches the valve, lesion {n}"), tr("line reaches the valve"),
        tr("isolates the veins"), tr("isolates {name}"), tr("ablated area"), tr("isolated area"),
        tr("lesion {n} (line) lies {mm} mm from the wall"), tr("lesion {n} (point) lies {mm} mm from the wall"),
        tr("the plan has no lesions"), tr("a gap"), tr("{mm} mm apart"), tr("the plan has no rows of points"),
        tr("at most {mm} mm between neighbours of a row"), tr("a wave can go round it"),
        tr("the plan has no open lines"), tr("every open line begins and ends on another lesion or at a rim"),
        tr("lines are taken to go through the wall"), tr("the chamber's veins have no names"),
        tr("the lesions kill nothing"), tr("all lie outside of the mouths of the veins"),
        tr("{area} mm2 of lesions lie beyond the mouth, risk of narrowing"), tr("the oesophagus is not outlined"),
        tr("lesion {n} (line) comes within {mm} mm of it"), tr("lesion {n} (point) comes within {mm} mm of it"),
        tr("the valve's ring has no name"), tr("{mm} mm are left between lesion {n} and the valve"),
        tr("it ends at the valve"), tr("no line leads to the valve"),
        tr("no way leads over living wall from it to the valve"), tr("no lesions go round it"),
        tr("a gap about {mm} mm wide leads to the valve"),
        tr("line of {count} points, {mm} mm wide"), tr("point, {power} W, {time} s, {force} g"),
        # what lesions do
        tr("the thickness of the wall is not known"), tr("{mm} mm everywhere (assumed)"),
        tr("lines are taken to be without gaps and to go through the whole wall (assumed)"),
        tr("{count} living nodes are not reached with the lesions"),
        tr("the mesh does not resolve {mm} mm"), tr("up to {mm} mm are killed"),
        tr("living and cut off from the valve"), tr("the plan was not paced yet"),
        tr("no way, front in or front out is left"),
        # pacing
        tr("screened"), tr("{s} s counted as sustained, 5 s is the usual"), tr("nothing was captured from {site}"),
        tr("cycle {ms} ms, the middle half of the cycles within {share} % of it, in {all} % of what is alive"),
        tr("tips of waves in {share} % of the time, {mean} on average, the longest for {ms} ms"),
        tr("the site lies in tissue that does not conduct"),
        tr("the appendage has no neck"), tr("{mm} mm around its tip are taken for it, check"),
    )  # fmt: skip


def heart_numbers(tr: Say) -> tuple[str, ...]:
    """Return the names of numbers of hearts and lesions; they are listed here so that they are collected."""
    return (
        tr("Length of all lesion lines"), tr("Ablated area"), tr("Isolated area"), tr("Pulmonary veins isolated"),
        tr("Activation, without lesions"), tr("Activation, with lesions"), tr("Sites that induce, with lesions"),
        tr("Sites that induce, without lesions"), tr("Left atrium wall"), tr("Left atrium fibrosis"),
        tr("Left atrium dense scar"), tr("lesions"),
    )  # fmt: skip
