"""Sentences that the rooms below give in English (rules, limits, notes), in the language of the window.

They are put together of a closed set of forms with names and numbers in them; what is of none stays in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from anatomy_twin.rehearsal import structure_label
from anatomy_twin.units import places_read
from anatomy_twin.view.names import named
from anatomy_twin.view.spoken_heart import heart_forms
from anatomy_twin.view.words import tr

Say = Callable[[str], str]
_NAME: Final = re.compile(r"[a-z]+(_[a-z0-9]+)+")
_INSIDE: Final = re.compile(rf"(?<![\w/.-]){_NAME.pattern}(?![\w/-]|\.\w)")  # not in the name of a file
_READING: Final = re.compile(r"(.+) (-?\d\S* \S+)")


def spoken(text: str) -> str:
    """Return a sentence of a room below, with its clauses, in the language of the window."""
    said = _INSIDE.sub(lambda found: named(structure_label(found[0])), _said(text))
    return places_read(said).replace(" degC", " \N{DEGREE SIGN}C")


def _said(text: str) -> str:
    if _NAME.fullmatch(text):  # a structure alone
        return named(structure_label(text))
    language = tr("Liver")  # where it stays as it is English is spoken
    return text if language == "Liver" or not text else _spoken(text, language)


@lru_cache(maxsize=4096)
def _spoken(text: str, language: str) -> str:
    whole = _clause(text, language)
    if whole is not None:
        return whole
    if "; " in text:
        return "; ".join(_spoken(part, language) for part in text.split("; "))
    head, colon, rest = text.partition(": ")
    begun = _clause(head, language) if colon else None
    return text if begun is None else f"{begun}: {_spoken(rest, language)}"


def _clause(text: str, language: str) -> str | None:
    """Return a clause that is of a known form, None for any other."""
    for pattern, slots, form in _table(language):
        found = pattern.fullmatch(text)
        if found is not None:
            parts = zip(slots, found.groups(), strict=True)
            return form.format(**{slot: _filled(slot, words, language) for slot, words in parts})
    return None


def _filled(slot: str, words: str, language: str) -> str:
    """Return what stands in a slot: by its name structures, names with a remark, parts of a list, all else stays."""
    if slot == "label":
        return named(words)
    if slot.startswith("list"):
        return ", ".join(_spoken(part, language) for part in words.split(", "))
    if slot == "limit":
        return _spoken(words, language)
    if slot == "reading":  # "Target covered 48 %"
        found = _READING.fullmatch(words)
        return words if found is None else f"{named(found[1])} {found[2]}"
    if not slot.startswith("name"):
        return words
    return ", ".join(named(structure_label(name.replace(" ", "_"))) for name in words.split(", "))


@lru_cache(maxsize=2)
def _table(language: str) -> tuple[tuple[re.Pattern[str], list[str], str], ...]:
    english, other = _forms(lambda text: text), _forms(tr)
    found = []
    for form, words in zip(english, other, strict=True):
        # no slot reaches into another clause
        pattern = re.sub(r"\\{(\w+)\\}", "((?:(?!: |; ).)+?)", re.escape(form))
        found.append((re.compile(pattern), re.findall(r"{(\w+)}", form), words))
    return tuple(found)


def _forms(tr: Say) -> tuple[str, ...]:
    """Return every form as ``tr`` says it; a longer one stands before one that it holds."""
    return (
        *_rules(tr), *_reasons(tr), *_costs(tr), *_limits(tr), *_notes(tr), *_sampled(tr), *_messages(tr),
        *_confirmations(tr), *heart_forms(tr),
    )


def _rules(tr: Say) -> tuple[str, ...]:
    return (
        tr("applicator {n}"), tr("entry on the skin"), tr("inside the body"), tr("tip inside the body"),
        tr("reaches the target"), tr("crosses no bone"), tr("crosses no lung"), tr("crosses no pleural recess"),
        tr("crosses no great vessel"), tr("crosses no large vessel of the organ"), tr("crosses no stomach or bowel"),
        tr("crosses no gallbladder"), tr("crosses no heart"), tr("crosses no kidney, spleen or pancreas"),
        tr("only known tissue"), tr("keeps off unknown tissue"), tr("tip in no vessel"), tr("tip not in air"),
        tr("enough organ before a subcapsular target"), tr("clear of other applicators"), tr("target inside the scan"),
        tr("target is a lesion"),
        tr("power in the device's range"), tr("time in the device's range"), tr("duty cycle in the device's range"),
        tr("divides the organ"), tr("removes {name}"), tr("assumed"), tr("Broken"), tr("Not checked"),
    )  # fmt: skip


def _reasons(tr: Say) -> tuple[str, ...]:
    return (
        tr("the entry lies at least {mm} mm inside the surface of the body"),
        tr("the entry lies at least {mm} mm outside the surface of the body"),
        tr("the entry lies {mm} mm inside the surface of the body"),
        tr("the entry lies {mm} mm outside the surface of the body"),
        tr("the path does not meet the body"), tr("the path stays in the body"),
        tr("the path is outside the body again {mm} mm behind its entry"), tr("the tip lies in the body"),
        tr("the tip lies outside the body"), tr("{depth} mm from entry to tip, the shaft has {length} mm"),
        tr("runs through {name}"), tr("passes {name} at {mm} mm, {kept} mm are to be kept"),
        tr("nothing hit in {name}"), tr("nothing within {mm} mm"), tr("nearest is {name} at {mm} mm"),
        tr("outlines to be confirmed: {name}"),
        tr("{name} not found"), tr("{name} not segmented"), tr("{name} not visible in this phase"),
        tr("{mm} mm of the path run through tissue without a known label"), tr("every label is known"),
        tr("runs through unknown tissue"), tr("passes unknown tissue at {mm} mm, {kept} mm are to be kept"),
        tr("the tip lies in no vessel"), tr("the tip lies in {name}"), tr("there is no CT at the tip"),
        tr("the CT has {hu} HU at the tip"), tr("the CT has {hu} HU at the tip, air is below {below} HU"),
        tr("what organ the target is in is not known"), tr("the target lies at least {mm} mm below the capsule"),
        tr("{mm} mm of the organ before a target {depth} mm below the capsule"),
        tr("the axis of applicator {n} is {mm} mm away, the shafts need {kept} mm"),
        tr("the axis of applicator {n} is {mm} mm away"), tr("all of {name} lies in the scan"),
        tr("they work one after the other, so draw the first before the second goes in"),
        tr("{name} is no tumour or lesion"),
        tr("{name} touches the end of the scan towards the head"),
        tr("{name} touches the end of the scan towards the feet"),
        tr("{name} touches the end of the scan towards the front"),
        tr("{name} touches the end of the scan towards the back"),
        tr("{name} touches the end of the scan towards the right"),
        tr("{name} touches the end of the scan towards the left"),
        tr("{value}, the device gives {low} to {high}"), tr("nothing is removed"), tr("the whole {name} is removed"),
        tr("all of {name} is removed"), tr("{share} % of the {name} are removed"), tr("{share} % of {name} remain"),
    )  # fmt: skip


def _costs(tr: Say) -> tuple[str, ...]:
    return (
        tr("path length"), tr("closeness to structures at risk"), tr("angle to the axial plane"),
        tr("organ missing before the target"), tr("angle to the normal of the capsule"),
        tr("overlap with other tracks"), tr("mm of the path within {mm} mm of another applicator"),
        tr("heated centre off the target"), tr("from entry to tip"), tr("from the centroid of {name}"),
        tr("mm short of {mm} mm from the nearest structure at risk"), tr("0 deg lies in an axial slice"),
        tr("mm short of {mm} mm of organ before the target"),
        tr("0 deg enters the organ at a right angle to its surface"),
    )  # fmt: skip


def _limits(tr: Say) -> tuple[str, ...]:
    return (
        tr("at least {value}, borderline from {low}"), tr("at least {value}, as the plan asks"), tr("at least {value}"),
        tr("at most {value}"), tr("normal liver {value}"), tr("after chemotherapy {value}"),
        tr("fibrosis or cirrhosis {value}"),
        tr("{low} to {high} ml"),
    )  # fmt: skip


def _notes(tr: Say) -> tuple[str, ...]:
    return (
        tr("preview of the first freeze on a {spacing} mm grid, not the simulation"),
        tr("preview on a {spacing} mm grid, not the simulation"), tr("counted from the labels"),
        tr("the plan was not simulated yet"), tr("nothing is coagulated"), tr("coagulated by {model}"),
        tr("the zone reaches the edge of the simulated box, so it is larger than this"),
        tr("least signed distance of the target's surface to the zone's"), tr("the scan resolves about {mm} mm"),
        tr("the outline of {name} is to be confirmed"), tr("percent of the volume of {name}"),
        tr("percent of {name} within {mm} mm of the target"), tr("outside of it nothing is counted"),
        tr("there is no rim to cover"), tr("coagulated, not of a lesion"), tr("over the snapshots of the simulation"),
        tr("of {ml} ml: {name_whole} with its vessels, less {name} ({lost} ml)"),
        tr("{name_whole} with its vessels, less {name} ({lost} ml)"), tr("parenchyma with {name}"),
        tr("reaches the edge of the scan, so it may be incomplete"), tr("not segmented"),
        tr("height and weight of the patient are not known"), tr("weight of the patient is not known"),
        tr("a ball of that volume is {mm} mm across"), tr("a proposal of the program, not a finding"),
        tr("body surface area {m2} m2 from {cm} cm and {kg} kg"), tr("{name} in segment {where} (estimated)"),
        tr("in segment {where} (estimated)"), tr("in segment {where}"), tr("{share} % of the liver"),
        tr("estimated from vessels and landmarks, to be checked"),
        tr("of the {name} with its vessels and lesions"), tr("within the {name}"),
        tr("{name} with its vessels and lesions"), tr("with the resected volume the organ's {ml} ml"),
        tr("of the liver without lesions ({ml} ml)"), tr("verdict for a normal liver (assumed)"),
        tr("1 ml of liver taken as 1 g"), tr("body weight {kg} kg"), tr("the limit is unverified"),
        tr("of the {ml} ml that the formula of {who} expects"), tr("no cut runs through the organ"),
        tr("the target is not in the removed part"), tr("least distance of its surface to the cut"),
        tr("the cut runs through it, {share} % are removed"), tr("of 2 mm and more (assumed)"),
        tr("diameter where it is cut"),
        tr("{depth} mm deep, {tilt}\N{DEGREE SIGN} to axial, {power} W, {time} min"),
        tr("{depth} mm deep, {tilt}\N{DEGREE SIGN} to axial, {power} %, {time} min"),
        tr("removes the right side, {tilt}\N{DEGREE SIGN} to axial"),
        tr("removes the left side, {tilt}\N{DEGREE SIGN} to axial"),
        tr("removes the front side, {tilt}\N{DEGREE SIGN} to axial"),
        tr("removes the back side, {tilt}\N{DEGREE SIGN} to axial"),
        tr("removes the upper side, {tilt}\N{DEGREE SIGN} to axial"),
        tr("removes the lower side, {tilt}\N{DEGREE SIGN} to axial"),
        tr("curved surface of 4 x 4 points"),
    )  # fmt: skip


def _sampled(tr: Say) -> tuple[str, ...]:
    """Of what is sampled (robustness), and of what a search could not confirm."""
    return (
        tr("95 % interval {low} to {high} %"), tr("{count} simulated treatments on a {mm} mm grid"),
        tr("at the weakest point {share} % are uncovered"), tr("planned {mm} mm"),
        tr("rank correlation with the minimal margin"), tr("then {list}"), tr("given"),
        tr("simulated on a grid of {mm} mm, which tells a margin within about half of that"),
        tr("the intervals are those of independent samples"), tr("a Latin hypercube is as a rule nearer"),
        tr("the ranges are assumed"),
        tr("{failed} of {count} samples could not be simulated (a tip outside) and count as not covered"),
        tr("margin of {name}"), tr("temperature of {name}"), tr("entry to {name}"), tr("applicators"),
        tr("{count} applicators in all"), tr("1 applicator in all"),
        tr("the blood of {name} flows {mm} mm from there"), tr("no treatment coagulates it"), tr("{mm} mm elsewhere"),
        tr("up to {power} W and {minutes} min"), tr("plan {name} breaks a rule"), tr("in the full simulation"),
        tr("no layout that keeps the hard rules can be simulated"),
        tr("every entry that was tried comes within {mm} mm of an applicator of another target"),
        tr("no path keeps the hard rules"), tr("each target is given an applicator of its own"),
    )  # fmt: skip


def _messages(tr: Say) -> tuple[str, ...]:
    return (
        tr("Generated patient: the numbers are of a phantom, not of a person."),
        tr("{count} constants of the simulation have no public source and are assumed"),
        tr("{value} kJ given by the generator"), tr("{value} kJ as set (not measured)"), tr("{value} s without power"),
        tr("applicator {number}"), tr("at most {value} W"), tr("set to {value} W"),
        tr("impedance at least {low}, at the end {high} ohm"), tr("sensors at most {value} degC"),
        tr("tissue at the cooled tip at most {value} degC"),
        tr("needle at {value} degC or warmer"),
        tr("voxels of {mm} mm are coarse: volume and margin are rough, 1 mm is usual"),
        tr("no vessel is segmented: what large vessels would cool is not in the zone"),
        tr("nothing is coagulated at the end"), tr("nothing is colder than {value} at any time"),
        tr("simulated by another state of the physics ({before}, now {now})"), tr("simulate again before judging"),
        tr("the ice reaches the edge of the box: it is larger than shown"),
        tr("the coagulated zone reaches the edge of the box: it is larger than shown"),
        tr("the margin of {mm} mm around {name} is not reached: {reached} mm with {power} W for {seconds} s"),
        tr("the margin of {mm} mm around {name} is not reached: {reached} mm with a duty cycle of {power} % for each "
           "freeze of {seconds} s"),
        tr("no tissue is cold enough around {name}"),
        tr("the table of {device} promises nothing for {setting} {value} {unit} and {seconds} s ({place})"),
        tr("it reaches from {low} to {high} {unit} and from {first} to {last} s"),
        tr("device {device} has no table of zones ({place})"), tr("simulate the plan"),
        tr("not met"), tr("{reading}, limit {limit}"), tr("{label} (target) check"),
        tr("{name}, which holds the point {place}"),
        tr("contrast phase: {list} ({list_2}), judged from the image and not from its header"),
        tr("liver parenchyma {hu} HU, standard deviation {sd} HU"), tr("aorta {hu} HU"), tr("liver {hu} HU"),
        tr("spleen {hu} HU"), tr("renal cortex {cortex} and medulla {medulla} HU"), tr("portal venous"),
        tr("arterial"), tr("late arterial"), tr("native"), tr("delayed"), tr("no arterial tree"), tr("no portal tree"),
        tr("no hepatic tree"),
        tr("the labels have no {name}"), tr("its branches of about {mm} mm are not seen in voxels of {side} mm"),
        tr("the run takes {cost}, some {minutes} min"), tr("coarser voxels are faster"),
    )  # fmt: skip


def _confirmations(tr: Say) -> tuple[str, ...]:
    return (
        tr("distance of the surfaces of {name}"), tr("mean {mm} mm, 95 % within {p95} mm"), tr("not checked"),
        tr("target registration error {mm} mm (largest {most} mm) at {count} landmarks, which took no part in the fit"),
        tr("neither landmarks nor an organ outlined in both scans"),
        tr("margin {mm} mm, {low} to {high} mm with all known errors"),
        tr("a layer of up to {mm} mm below the capsule may live"),
        tr("at the target {mm} mm by {count} patches around the target"),
        tr("{count} patches around the target do not fit"),
        tr("the tissue around the target does not match (patches are {mm} mm off, {share} % fit nowhere near)"),
        tr("the registration failed there, or the scan is of another patient"),
        tr("registration {mm} mm, outline of the zone {zone} mm, outline of the target {target} mm, voxels and slices "
           "{voxels} mm"),
        tr("registration not checked, outline of the zone {zone} mm, outline of the target {target} mm, voxels and "
           "slices {voxels} mm"),
        tr("root of the sum of squares"), tr("errors"),
        tr("margin {mm} mm, but the error of the registration is not checked"),
        tr("from incomplete to borderline"), tr("from incomplete to complete with margin"),
        tr("from borderline to complete with margin"), tr("the outline of {name} is to be confirmed first"),
        tr("Error of the registration"), tr("Minimal ablative margin"), tr("Target covered"),
        tr("{mm} mm rim covered"), tr("Rim not covered"), tr("Rim not covered, volume"),
        tr("Ablation zone on the scan after"), tr("Overlap with the simulated zone (Dice)"),
        tr("Simulated zone, along the applicator"), tr("Simulated zone, across it"),
        tr("Zone on the scan after, along the applicator"), tr("Zone on the scan after, across it"),
        tr("{share} % of the target's surface lie within {mm} mm of the surface of the organ"),
        tr("no margin is asked for outside of it"), tr("{ml} ml of {name} are not covered"),
        tr("percent of {name} within {mm} mm of {name_2}"), tr("of {name} within {mm} mm of {name_2}"),
        tr("worst at this place"), tr("outline that was given"),
        tr("darker than the liver ({zone} against {liver} HU), border at {border} HU"),
        tr("plan {plan}, {ml} ml simulated"),
        tr("the error of the registration is not checked"), tr("look at both scans side by side"),
        tr("the registration is {mm} mm off"), tr("do not rely on what was carried over"),
        tr("the deformation folds over in {share} % of the region"), tr("the scans share {share} % of the body only"),
        tr("the ablation zone is to be looked at"), tr("no larger than the target"),
        tr("perhaps the target itself, not treated"), tr("lies beside the target"),
        tr("touches what was dark before"), tr("differs from the simulated zone"), tr("reaches far from the target"),
        tr("the liver of the scan after was not found"),
    )  # fmt: skip
