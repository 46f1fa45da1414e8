"""What is at a point, in words of the person's language."""

from __future__ import annotations

from typing import Final

from anatomy_twin.rehearsal.readout import Away, FieldValue, Readout
from anatomy_twin.view import names
from anatomy_twin.view.words import tr

GAP: Final = "   \N{MIDDLE DOT}   "


def place_words(readout: Readout) -> str:
    """Return one line: place, value, structures, simulated values, how far target and vessels are."""
    parts = [readout.place, readout.value_text, structure_words(readout)]
    parts += [damage_words(value) if value.name == "damage" else value.text for value in readout.fields]
    parts += distance_words(readout)
    return GAP.join(part for part in parts if part)


def damage_words(value: FieldValue) -> str:
    """Return what a damage integral means, or that it was cold enough once: tissue is dead from 1 on."""
    if value.cold:
        return tr("lethally cold") if value.value >= 1.0 else tr("not lethally cold")
    meaning = tr("coagulated") if value.value >= 1.0 else tr("not coagulated")
    return f"{meaning} ({tr('damage')} {value.text})"


def structure_words(readout: Readout, most: int = 2) -> str:
    """Return the structures there, the most specific first ("Tumour 1 (flagged) in Liver, segment V")."""
    shown = [found for found in readout.structures if found.name not in ("body", "unknown_tissue")][:most]
    shown = shown or list(readout.structures[:1])
    labels = [_flagged(found.label) if found.state == "check" else found.label for found in shown]
    words = f" {tr('in')} ".join(labels)
    if readout.territory and "liver" in {found.name for found in readout.structures}:
        short = names.named(readout.territory).removeprefix("Liver ")
        words += f", {short}" if words else short
    return words


def _flagged(label: str) -> str:
    """Return a name with the remark that it is to be checked, in the brackets that it may have."""
    return f"{label[:-1]}, {tr('flagged')})" if label.endswith(")") else f"{label} ({tr('flagged')})"


def distance_words(readout: Readout) -> list[str]:
    """Return how far the target and the nearest vessel are, in words."""
    lines = []
    if readout.target is not None:
        lines.append(_away(readout.target, tr("{name}: {mm} mm away"), tr("{mm} mm inside {name}")))
    if readout.vessel is not None:
        lines.append(_away(readout.vessel, tr("{name}: {mm} mm away"), tr("{mm} mm inside {name}")))
    return lines


def _away(away: Away, outside: str, inside: str) -> str:
    form = inside if away.distance_mm < 0 else outside
    name = away.label.replace(f" ({tr('target')})", "")
    if away.width_mm is not None:
        name += " " + tr("({mm} mm wide)").format(mm=f"{away.width_mm:.0f}")
    return form.format(name=name, mm=f"{abs(away.distance_mm):.1f}")
