"""Segments of a volume, in layers so that they may overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.geometry import VolumeGeometry, reindex
from anatomy_twin.errors import DataError

STATES: Final = ("ok", "check", "corrected", "confirmed", "truth", "not found", "not visible in this phase")
FORMER_STATES: Final = {"automatic": "ok", "needs review": "check", "estimated": "check"}
ABSENT_STATES: Final = ("not found", "not visible in this phase")


@dataclass(frozen=True, slots=True)
class Code:
    """A coded term, for instance SNOMED CT 10200004 "Liver"."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One named set of voxels: those of ``layer`` that hold ``value``.

    ``state`` is "ok" where a program found it and no rule spoke against it, "check" where one did: ``rules`` names
    these rules ("volume", "laterality", "estimated" ...), ``note`` says it in words. "corrected" and "confirmed" are
    a person's, "truth" a generator's. States of older files (``FORMER_STATES``) are read as what they are called now.

    ``part_of`` names the segment that this one belongs to: a tumour or an intrahepatic vessel is part of "liver", and
    ``LabelMap.mask("liver")`` includes it. A segment whose state is one of ``ABSENT_STATES`` has value 0 and no
    voxels; ``note`` says why, in one line.
    """

    name: str
    layer: int
    value: int
    code: Code
    colour: tuple[int, int, int]
    state: str = "ok"
    part_of: str = ""
    note: str = ""
    rules: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", FORMER_STATES.get(self.state, self.state))
        object.__setattr__(self, "rules", tuple(self.rules))
        if self.state not in STATES:
            raise DataError(f"unknown state {self.state!r} of segment {self.name!r}")
        if (self.value == 0) != self.absent:
            raise DataError(f"segment {self.name!r} is {self.state!r} and has value {self.value}")
        if len(self.colour) != 3 or not all(0 <= part <= 255 for part in self.colour):
            raise DataError(f"colour {self.colour!r} of segment {self.name!r} is not RGB from 0 to 255")

    @property
    def absent(self) -> bool:
        """True when the segment has no voxels because it was not found or is not visible."""
        return self.state in ABSENT_STATES


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Label array [layer, k, j, i] and its segments. ``notes`` are lines for the reader (phase, alarms)."""

    array: NDArray[Any]
    geometry: VolumeGeometry
    segments: tuple[Segment, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        array = read_only(self.array, "array", ndim=4)
        if array.shape[1:] != self.geometry.shape:
            raise DataError(f"labels {array.shape[1:]} and geometry {self.geometry.shape} differ in shape")
        if array.dtype.kind not in "ui":
            raise DataError(f"labels of {array.dtype} are not whole numbers")
        names = [segment.name for segment in self.segments]
        if len(set(names)) != len(names):
            raise DataError("two segments have the same name")
        places = [(segment.layer, segment.value) for segment in self.segments if not segment.absent]
        if len(set(places)) != len(places):
            raise DataError("two segments share layer and value")
        if any(not 0 <= layer < array.shape[0] for layer, _ in places):
            raise DataError("a segment names a layer that is not there")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "segments", tuple(self.segments))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the segments that have voxels."""
        return tuple(segment.name for segment in self.segments if not segment.absent)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def segment(self, name: str) -> Segment:
        """Return the segment called ``name``, absent ones too; ``DataError`` if there is none."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        known = ", ".join(entry.name for entry in self.segments)
        raise DataError(f"no segment is called {name!r}", advice=f"the label map has {known}")

    def parts(self, name: str) -> tuple[Segment, ...]:
        """Return the segments with voxels that are part of ``name``."""
        return tuple(s for s in self.segments if s.part_of == name and not s.absent)

    def mask(self, name: str, *, with_parts: bool = True) -> NDArray[np.bool_]:
        """Return the voxels of a segment, bool [k, j, i].

        With parts (the default) "liver" is parenchyma, lesions and intrahepatic vessels together; without, only the
        voxels that no part claims. An absent segment gives an empty mask.
        """
        segment = self.segment(name)
        mask: NDArray[np.bool_]
        if segment.absent:
            mask = np.zeros(self.geometry.shape, dtype=bool)
        else:
            mask = np.asarray(self.array[segment.layer] == segment.value)
        for part in self.parts(name):
            inside = self.array[part.layer] == part.value
            mask = mask | inside if with_parts else mask & ~inside
        return mask

    def volume_ml(self, name: str, *, with_parts: bool = True) -> float:
        """Return the volume of a segment in ml, counted from its voxels."""
        return int(np.count_nonzero(self.mask(name, with_parts=with_parts))) * self.geometry.voxel_volume_ml

    def reindexed(self, order: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> LabelMap:
        """Return the same labels with their grid re-indexed (see ``VolumeGeometry.reindexed``)."""
        return replace(
            self, array=reindex(self.array, order, flips), geometry=self.geometry.reindexed(order, flips)
        )


def is_lesion(name: str) -> bool:
    """Tell whether a segment name is that of a tumour, a candidate or a lesion."""
    return name.rstrip("0123456789").rstrip("_") in ("tumour", "tumour_candidate", "lesion")
