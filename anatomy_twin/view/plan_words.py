"""Words about plans in the person's language: those that come from below the window, in one table."""

from __future__ import annotations

from collections.abc import Callable

from anatomy_twin.view.words import tr


def plan_words() -> dict[str, str]:
    """Return English words and words in the language of now: of handles, parts, parameters, outcomes, states."""
    return {
        "tip of applicator {number}": tr("tip of applicator {number}"),
        "entry of applicator {number}": tr("entry of applicator {number}"),
        "applicator {number}": tr("applicator {number}"),
        "depth of applicator {number}": tr("depth of applicator {number}"),
        "plane {number}": tr("plane {number}"),
        "direction of plane {number}": tr("direction of plane {number}"),
        "distance of plane {number}": tr("distance of plane {number}"),
        "surface {number}": tr("surface {number}"),
        "point {index} of surface {number}": tr("point {index} of surface {number}"),
        "lesion {number}": tr("lesion {number}"),
        "line {number}": tr("line {number}"),
        "point {index} of line {number}": tr("point {index} of line {number}"),
        "applicator": tr("applicator"),
        "plane": tr("plane"),
        "Thermal ablation": tr("Thermal ablation"),
        "Resection by planes": tr("Resection by planes"),
        "Click where the applicator enters the skin": tr("Click where the applicator enters the skin"),
        "Click where its tip is to be": tr("Click where its tip is to be"),
        "Click where the plane is to run": tr("Click where the plane is to run"),
        "Target": tr("Target"),
        "Targets": tr("Targets"),
        "Margin": tr("Margin"),
        "Organ": tr("Organ"),
        "Planes together": tr("Planes together"),
        "Device of applicator {number}": tr("Device of applicator {number}"),
        "Power of applicator {number}": tr("Power of applicator {number}"),
        "Duty cycle of applicator {number}": tr("Duty cycle of applicator {number}"),
        "Time of applicator {number}": tr("Time of applicator {number}"),
        "Each freeze of applicator {number}": tr("Each freeze of applicator {number}"),
        "Start of applicator {number}": tr("Start of applicator {number}"),
        "when it begins, after the plan does": tr("when it begins, after the plan does"),
        "the protocol of the device freezes so long, thaws, and freezes again": tr(
            "the protocol of the device freezes so long, thaws, and freezes again"
        ),
        "tissue round the target to be coagulated": tr("tissue round the target to be coagulated"),
        "least distance of the cut from a target": tr("least distance of the cut from a target"),
        "several planes side by side, or a wedge between them": tr(
            "several planes side by side, or a wedge between them"
        ),
        "remove what lies beyond any plane": tr("remove what lies beyond any plane"),
        "remove what lies beyond all planes": tr("remove what lies beyond all planes"),
        "a curved cut is drawn and moved; what it removes is not measured yet": tr(
            "a curved cut is drawn and moved; what it removes is not measured yet"
        ),
        "a cut by segments is listed; what it removes is not measured yet": tr(
            "a cut by segments is listed; what it removes is not measured yet"
        ),
        "plans of this kind are kept; nothing of them is shown or computed yet": tr(
            "plans of this kind are kept; nothing of them is shown or computed yet"
        ),
        "lesion": tr("lesion"),
        "Heart lesions": tr("Heart lesions"),
        "Click where the lesion is to be": tr("Click where the lesion is to be"),
        "on the skin": tr("on the skin"),
        "on the surface of {name}": tr("on the surface of {name}"),
        "in the middle of a {name}": tr("in the middle of a {name}"),
        "at the centre of {name}": tr("at the centre of {name}"),
        "margin {value}": tr("margin {value}"),
        "Drag a handle; Shift: along its axis, Alt: no snapping, Esc: give back": tr(
            "Drag a handle; Shift: along its axis, Alt: no snapping, Esc: give back"
        ),
        "there is nothing under the mouse: click on a slice or on a structure": tr(
            "there is nothing under the mouse: click on a slice or on a structure"
        ),
        "ablation": tr("ablation"),
        "resection": tr("resection"),
        "lesions": tr("lesions"),
        "position": tr("position"),
        "not assessed": tr("not assessed"),
        "Move {handle}": tr("Move {handle}"),
        "Add {part}": tr("Add {part}"),
        "Remove {part}": tr("Remove {part}"),
        "{distance} mm in front of this slice": tr("{distance} mm in front of this slice"),
        "{distance} mm behind this slice": tr("{distance} mm behind this slice"),
        "passed": tr("kept"),  # as the outcome of all rules says it
        "broken": tr("broken"),
        "not checked": tr("not checked"),
        "met": tr("met"),
        "borderline": tr("borderline"),
        "not met": tr("not met"),
    }


def speaker() -> Callable[..., str]:
    """Return a function that says English words, with their parts in braces filled in, in the language of now."""
    table = plan_words()

    def say(words: str, **parts: object) -> str:
        text = table.get(words, words)
        return text.format(**parts) if parts else text

    return say
