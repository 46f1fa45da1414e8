"""Which images may be one volume: a series is split where its headers tell two volumes apart, and each part is named.

Rules, in this order:

1. Images of another patient, series, kind, matrix, frame of reference, image type, plane or pixel size are apart.
2. What makes another contrast (echo time, b-value, tube voltage ...) is apart, wherever its slices lie.
3. What makes another time or reconstruction (temporal position, trigger time, kernel ...) is apart where slices of
   two values share places or alternate; side by side they are one stack if all slices together are regular.
4. Acquisitions (number, time) run through the table positions of one scan. They are apart where slices share places,
   and where they alternate unless the step of all slices together is what their thickness asks for.
5. A part needs three slices on average: numbers that run from slice to slice tell nothing. But where each place holds
   the same number of images, and all of the first pass come before all of the second by such a number, they are apart.
6. A series of more than ``MOST_KINDS`` planes, sizes or types is no stack of slices: its images are set aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.scan.stack import SAME_PLACE_MM, Floats, orthonormal_axes, same_place, tolerated, usual_step

# slices whose axes differ by less belong to one stack: header texts are rounded
ORIENTATION_TOLERANCE = 1e-3
FEWEST_OF_A_STACK = 3
# no scanner makes as many in one series; a hostile file of some megabytes can state one for each of its frames
MOST_KINDS = 256
_MOST_VALUES = 2048
# slices that alternate are one volume only if their step is at least this part of their thickness
STEP_OF_THICKNESS = 0.75
_PLAIN = re.compile(r"[A-Za-z0-9 _.+-]{1,24}")
_IMAGE_TYPES = {
    "M": "magnitude", "MAGNITUDE": "magnitude", "P": "phase", "PHASE": "phase", "R": "real", "REAL": "real",
    "I": "imaginary", "IMAGINARY": "imaginary", "W": "water", "WATER": "water", "F": "fat", "FAT": "fat",
    "IP": "in phase", "IN_PHASE": "in phase", "OP": "opposed phase", "OPP_PHASE": "opposed phase",
    "OUT_PHASE": "opposed phase", "OUT_OF_PHASE": "opposed phase", "FF": "fat fraction", "ADC": "ADC",
}  # fmt: skip
_LATER_TYPES = frozenset({"P", "PHASE", "R", "REAL", "I", "IMAGINARY", "F", "FAT", "OP", "OPP_PHASE", "OUT_PHASE"})


@dataclass(frozen=True, slots=True)
class Part:
    """Images that may be one volume. ``names`` say what sets them apart from the rest of their series.

    ``place`` ranks the parts of one series: the lowest echo time, the first temporal position come first.
    """

    headers: tuple[SliceHeader, ...]
    names: tuple[str, ...] = ()
    place: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    """One attribute that may tell two volumes apart; ``what`` it is, and ``name``, how one value of it is told."""

    keyword: str
    what: str
    name: str
    kind: str
    runs: bool = False


_MARKS = (
    _Mark("StackID", "stack", "stack {place} of {count}", "time"),
    _Mark("EffectiveEchoTime", "echo time", "echo time {value} ms", "contrast"),
    _Mark("EchoTime", "echo time", "echo time {value} ms", "contrast"),
    _Mark("EchoNumbers", "echo", "echo {value} of {count}", "contrast"),
    _Mark("FlipAngle", "flip angle", "flip angle {value} degrees", "contrast"),
    _Mark("InversionTime", "inversion time", "inversion time {value} ms", "contrast"),
    _Mark("InversionTimes", "inversion time", "inversion time {value} ms", "contrast"),
    _Mark("DiffusionBValue", "b-value", "b-value {value} s/mm2", "contrast"),
    _Mark("DiffusionGradientOrientation", "diffusion direction", "diffusion direction {place} of {count}", "time"),
    _Mark("KVP", "tube voltage", "tube voltage {value} kV", "contrast"),
    _Mark("MonoenergeticEnergyEquivalent", "energy", "energy {value} keV", "contrast"),
    _Mark("MonoenergeticEnergy", "energy", "energy {value} keV", "contrast"),
    _Mark("ComplexImageComponent", "image component", "{word} image", "contrast"),
    _Mark("ASLContext", "spin labelling", "spin labelling {place} of {count}", "contrast"),
    _Mark("MetaboliteMapDescription", "metabolite", "metabolite {place} of {count}", "contrast"),
    _Mark("VelocityEncodingDirection", "velocity direction", "velocity direction {place} of {count}", "time"),
    _Mark("ContrastBolusAgentPhase", "contrast phase", "contrast phase {place} of {count}", "time"),
    _Mark("TemporalPositionIdentifier", "temporal position", "temporal position {value} of {count}", "time", runs=True),
    _Mark("TemporalPositionIndex", "temporal position", "temporal position {value} of {count}", "time", runs=True),
    _Mark("TemporalPositionTimeOffset", "time offset", "{value} s after the start", "time", runs=True),
    _Mark("FrameReferenceTime", "reference time", "{value} ms after the start", "time", runs=True),
    _Mark("NominalPercentageOfRespiratoryPhase", "breathing phase", "{value} % of the breath", "time"),
    _Mark("NominalRespiratoryTriggerDelayTime", "breathing delay", "{value} ms into the breath", "time", runs=True),
    _Mark("NominalPercentageOfCardiacPhase", "heart phase", "{value} % of the heart cycle", "time"),
    _Mark("NominalCardiacTriggerDelayTime", "trigger delay", "{value} ms after the trigger", "time", runs=True),
    _Mark("TriggerTime", "trigger time", "{value} ms after the trigger", "time", runs=True),
    _Mark("TriggerDelayTime", "trigger delay", "{value} ms after the trigger", "time", runs=True),
    _Mark("ConvolutionKernel", "kernel", "kernel {value}", "time"),
    _Mark("SliceThickness", "slice thickness", "slices of {value} mm", "time"),
    _Mark("AcquisitionNumber", "acquisition", "acquisition {value}", "acquisition", runs=True),
    _Mark("AcquisitionTime", "acquisition time", "acquired {later}", "acquisition", runs=True),
    _Mark("AcquisitionDateTime", "acquisition time", "acquired {later}", "acquisition", runs=True),
    _Mark("FrameAcquisitionDateTime", "acquisition time", "acquired {later}", "acquisition", runs=True),
    _Mark("ContentTime", "content time", "made {later}", "acquisition", runs=True),
)
_KNOWN = {mark.keyword for mark in _MARKS}
_CLOCKS = ("AcquisitionDateTime", "FrameAcquisitionDateTime", "AcquisitionTime", "ContentTime")
_OF_HEADER: dict[str, Callable[[SliceHeader], Any]] = {
    "KVP": lambda h: h.kvp, "ConvolutionKernel": lambda h: h.kernel, "SliceThickness": lambda h: h.thickness_mm,
}  # fmt: skip


def split_into_parts(headers: Iterable[SliceHeader]) -> list[Part]:
    """Split images into parts that may each be one volume, in the order in which they come, each with its name."""
    parts = [Part(tuple(group)) for group in
             _by(headers, lambda h: (h.patient_key, h.series_uid, h.modality, h.aside)).values()]  # fmt: skip
    for split in (_by_matrix, _by_frame_of_reference, _by_image_type, _by_plane, _by_pixel_size):
        parts = [piece for part in parts for piece in _bounded(part, split(part))]
    return [piece for part in parts for piece in _by_marks(part)]


def _bounded(part: Part, pieces: list[Part]) -> list[Part]:
    """Return the pieces of a part, or all of it set aside where they are too many (rule 6)."""
    if len(pieces) <= MOST_KINDS:
        return pieces
    return [replace(part, headers=tuple(replace(h, aside=h.aside or "scattered image") for h in part.headers))]


def _by(headers: Iterable[SliceHeader], key: Callable[[SliceHeader], Hashable]) -> dict[Any, list[SliceHeader]]:
    groups: dict[Any, list[SliceHeader]] = {}
    for header in headers:
        groups.setdefault(key(header), []).append(header)
    return groups


def _pieces(part: Part, groups: Sequence[Sequence[SliceHeader]], names: Sequence[str]) -> list[Part]:
    """Split a part into groups that are given in the order of their rank; images set aside get no name."""
    if len(groups) == 1:
        return [part]
    aside = bool(part.headers[0].aside)
    return [
        replace(part, headers=tuple(group), place=(*part.place, n),
                names=part.names if aside or not name else (*part.names, name))
        for n, (group, name) in enumerate(zip(groups, names, strict=True))
    ]  # fmt: skip


def _by_matrix(part: Part) -> list[Part]:
    groups = _by(part.headers, lambda h: (h.rows, h.columns))
    return _pieces(part, list(groups.values()), [f"{rows} x {columns} pixels" for rows, columns in groups])


def _by_frame_of_reference(part: Part) -> list[Part]:
    groups = _by(part.headers, lambda h: h.frame_of_reference_uid)
    names = [f"frame of reference {n} of {len(groups)}" for n in range(1, len(groups) + 1)]
    return _pieces(part, list(groups.values()), names)


def _by_image_type(part: Part) -> list[Part]:
    groups = _by(part.headers, lambda h: h.image_type)
    types = sorted(groups, key=lambda words: (bool(_LATER_TYPES & set(words)), words[:1] == ("DERIVED",), words))
    common = set.intersection(*(set(words) for words in types))
    names = []
    for number, words in enumerate(types, start=1):
        own = [word for word in words if word not in common]
        others = [word for other in types[:MOST_KINDS] for word in other if word not in {*common, *words}]
        text = " ".join(_IMAGE_TYPES.get(word, word) for word in own or dict.fromkeys(others))
        if not _harmless(text, part.headers):
            text = f"{number} of {len(types)}"
        names.append(f"image type {'' if own else 'without '}{text}")
    return _pieces(part, [groups[words] for words in types], names)


def _by_plane(part: Part) -> list[Part]:
    groups = _near(part.headers, lambda h: h.orientation, ORIENTATION_TOLERANCE, 0.0)
    return _pieces(part, groups, [f"plane {n} of {len(groups)}" for n in range(1, len(groups) + 1)])


def _by_pixel_size(part: Part) -> list[Part]:
    groups = _near(part.headers, lambda h: h.pixel_spacing_mm, 0.0, 1e-4)
    sizes = [group[0].pixel_spacing_mm for group in groups]
    return _pieces(part, groups, ["pixels of " + " x ".join(f"{mm:.4g}" for mm in size) + " mm" if size else ""
                                  for size in sizes])


def _near(
    headers: Sequence[SliceHeader],
    key: Callable[[SliceHeader], tuple[float, ...] | None],
    absolute: float,
    relative: float,
) -> list[list[SliceHeader]]:
    """Group by numbers that may differ a little from slice to slice; stops at one group more than may be."""
    groups: list[tuple[tuple[float, ...] | None, list[SliceHeader]]] = []
    for header in headers:
        value = key(header)
        for known, group in groups:
            if value is known or value == known or (
                value is not None and known is not None
                and all(abs(a - b) <= absolute + relative * abs(b) for a, b in zip(value, known, strict=True))
            ):  # fmt: skip
                group.append(header)
                break
        else:
            groups.append((value, [header]))
            if len(groups) > MOST_KINDS:
                break
    return [group for _, group in groups]


def _by_marks(part: Part) -> list[Part]:
    """Split by every attribute whose value is not the same in all headers: the known ones in their order first."""
    varying = _varying(part.headers)
    unknown = [_Mark(keyword, keyword, f"{keyword} {{place}} of {{count}}", "time")
               for keyword in sorted(varying - _KNOWN)]  # fmt: skip
    parts = [part]
    for mark in (*(known for known in _MARKS if known.keyword in varying), *unknown):
        parts = [piece for one in parts for piece in _by_mark(one, mark)]
    return parts


def _varying(headers: Sequence[SliceHeader]) -> set[str]:
    first, phase = headers[0], dict(headers[0].phase)
    varying = {keyword for keyword, value in _OF_HEADER.items() if any(value(h) != value(first) for h in headers)}
    for header in headers:
        if header.phase != first.phase:
            other = dict(header.phase)
            varying |= {key for key in phase.keys() | other.keys() if phase.get(key, "") != other.get(key, "")}
    return varying


def _by_mark(part: Part, mark: _Mark) -> list[Part]:
    """Split by one attribute where it tells two volumes apart (rules 2 to 5 of this module)."""
    values = [_value(header, mark.keyword) for header in part.headers]
    if len(set(values)) < 2 or part.headers[0].aside:
        return [part]
    along = _along(part.headers)
    if along is None:
        return [part]
    known = sorted(set(values), key=_rank)
    if len(known) * FEWEST_OF_A_STACK <= len(values) and len(known) <= _MOST_VALUES:
        members: dict[float | str, list[int]] = {value: [] for value in known}
        for n, value in enumerate(values):
            members[value].append(n)
        stacks = [along[group] for group in members.values()]
        if _are_apart(mark, along, stacks, known, part.headers):
            groups = [[part.headers[n] for n in group] for group in members.values()]
            return _pieces(part, groups, _names(mark, known, groups))
        if mark.keyword == "AcquisitionNumber" and not _shared(along) and _all_meet(stacks):
            note = f"slices of {len(known)} acquisitions alternate; they are one volume by step and thickness"
            return [replace(part, notes=tuple(dict.fromkeys((*part.notes, note))))]
    return _by_passes(part, mark, along, values)


def _rank(value: float | str) -> tuple[int, float | str]:
    """Nothing stated first (often the plain image: no diffusion weighting), then numbers, then texts."""
    return (1 if isinstance(value, float) else 2 if value else 0), value


def _alike(values: Iterable[float | str]) -> bool:
    """Tell whether stated values differ by no more than rounding and adjustment from slice to slice make."""
    stated = [value for value in values if value != ""]
    numbers = [value for value in stated if isinstance(value, float)]
    if len(numbers) < len(stated):
        return len(stated) < 2
    return max(numbers) - min(numbers) <= 0.01 * max(map(abs, numbers))


def _are_apart(
    mark: _Mark, along: Floats, stacks: list[Floats], known: Sequence[float | str], headers: Sequence[SliceHeader]
) -> bool:
    """Tell whether slices of different values are different volumes; ``stacks`` are their places, value by value."""
    shared, alike = _shared(along), _alike(known)
    if mark.kind == "contrast" and (shared or not alike):
        return True
    regular = all(stack.size >= FEWEST_OF_A_STACK and _is_regular(stack) for stack in stacks)
    if not _all_meet(stacks):
        return mark.kind == "time" and not alike and not shared and regular and not _is_regular(along)
    if shared:
        return sum(_shared(stack) for stack in stacks) < shared
    if mark.kind != "acquisition":
        # a value that a few slices do not state is no other value
        return not alike or ("" in known and min(stack.size for stack in stacks) >= FEWEST_OF_A_STACK)
    thickness = [h.thickness_mm for h in headers]
    if not regular or not _is_regular(along) or any(value is None for value in thickness):
        return regular
    return usual_step(np.diff(np.sort(along))) < STEP_OF_THICKNESS * max(value for value in thickness if value)


def _by_passes(part: Part, mark: _Mark, along: Floats, values: list[float | str]) -> list[Part]:
    """Split passes over the same places by a number that runs on from slice to slice."""
    if not mark.runs or any(isinstance(value, str) for value in values) or not _shared(along):
        return [part]
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    places = np.split(order, np.flatnonzero(~same_place(steps, usual_step(steps))) + 1)
    count = len(places[0])
    if len(places) < FEWEST_OF_A_STACK or count < 2 or any(len(place) != count for place in places):
        return [part]
    numbers = np.array(values, dtype=np.float64)
    passes = np.array([place[np.argsort(numbers[place], kind="stable")] for place in places]).T
    if not all(numbers[one].max() < numbers[other].min() for one, other in pairwise(passes)):
        return [part]
    groups = [[part.headers[n] for n in sorted(members)] for members in passes]
    word = "pass" if mark.kind == "acquisition" else "temporal position"
    names = [f"{word} {n} of {count}{later}" for n, later in enumerate(_later(groups), start=1)]
    return _pieces(part, groups, names)


def _names(mark: _Mark, known: Sequence[float | str], groups: Sequence[Sequence[SliceHeader]]) -> list[str]:
    """Name each value in words that tell nothing about the patient."""
    names = []
    for n, (value, group, later) in enumerate(zip(known, groups, _later(groups), strict=True)):
        shown = f"{value:.6g}" if isinstance(value, float) else value
        if not _harmless(shown, group):
            names.append(f"{mark.what} {n + 1} of {len(known)}" if shown else f"{mark.what} not stated")
            continue
        name = mark.name.format(value=shown, place=n + 1, count=len(known), word=_IMAGE_TYPES.get(shown, shown),
                                later=later.strip(" ()") or "first")
        names.append(name + (later if mark.keyword == "AcquisitionNumber" else ""))
    return names


def _harmless(text: str, headers: Sequence[SliceHeader]) -> bool:
    """Tell whether a text of a header is short and technical, without a word of the patient's name or ID."""
    words = frozenset().union(*(header.patient_words for header in headers))
    return bool(_PLAIN.fullmatch(text)) and not any(word in text.upper() for word in words)


def _later(groups: Sequence[Sequence[SliceHeader]]) -> list[str]:
    """Say " (35 s after the first)" for each group if the clocks of the headers tell it; never a time of day."""
    for keyword in _CLOCKS:
        starts = [min((value for h in group if isinstance(value := _value(h, keyword), float)), default=None)
                  for group in groups]  # fmt: skip
        known = [start for start in starts if start is not None]
        # times of day half a day apart have passed midnight: which one is first is not known
        spread = max(known) - min(known) if len(known) == len(starts) else 0.0
        if spread > 0 and ("Date" in keyword or spread < 43200):
            first = min(known)
            return [f" ({start - first:.4g} s after the first)" if start > first else "" for start in known]
    return [""] * len(groups)


def _value(header: SliceHeader, keyword: str) -> float | str:
    """The value of one attribute: a number where it is one, seconds for clock times, else its text."""
    text = dict(header.phase).get(keyword)
    if text is None:
        value = _OF_HEADER[keyword](header) if keyword in _OF_HEADER else None
        text = "" if value is None else str(value)
    if keyword in _CLOCKS:
        return _seconds(text)
    try:
        number = float(text)
    except ValueError:
        return text
    return round(number, 4) if np.isfinite(number) else text


def _seconds(text: str) -> float | str:
    """Turn TM (HHMMSS.F) or DT (YYYYMMDDHHMMSS.F&ZZXX) into seconds; the text itself where it is neither."""
    match = re.fullmatch(r"(?:\d{6}(\d\d))?(\d\d):?(\d\d):?(\d\d)(\.\d+)?(?:[+-]\d{4})?", text.strip())
    if not match:
        return text
    days, hours, minutes, seconds, fraction = (float(field) if field else 0.0 for field in match.groups())
    return round(86400 * days + 3600 * hours + 60 * minutes + seconds + fraction, 4)


def _along(headers: Sequence[SliceHeader]) -> Floats | None:
    """The places along the slice normal, or nothing where a slice cannot be placed."""
    axes = headers[0].orientation
    if axes is None or any(h.position_mm is None for h in headers):
        return None
    orientation = np.asarray(axes, dtype=np.float64)
    if np.linalg.norm(np.cross(orientation[:3], orientation[3:])) < 0.5:
        return None
    positions: NDArray[np.float64] = np.array([h.position_mm for h in headers], dtype=np.float64)
    return np.asarray(positions @ orthonormal_axes(orientation)[:, 0])


def _shared(along: Floats) -> int:
    """Count the slices that lie where another one lies."""
    steps = np.diff(np.sort(along))
    return int(np.count_nonzero(same_place(steps, usual_step(steps))))


def _all_meet(stacks: list[Floats]) -> bool:
    """Tell whether each stack reaches into another one; parts that follow each other do not."""
    ends = [(float(stack.min()), float(stack.max())) for stack in stacks]
    return all(
        any(n != m and min(top, other_top) - max(low, other_low) > -SAME_PLACE_MM
            for m, (other_low, other_top) in enumerate(ends))
        for n, (low, top) in enumerate(ends)
    )  # fmt: skip


def _is_regular(along: Floats) -> bool:
    place = np.sort(along)
    grid = np.linspace(place[0], place[-1], place.size)
    return bool(np.abs(place - grid).max() <= tolerated(usual_step(np.diff(place))))
