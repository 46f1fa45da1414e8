"""Steps of an open case as records of its journal, and back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from anatomy_twin.core import (
    Assessment,
    Case,
    Display,
    FrozenMapping,
    Measurement,
    Patient,
    Plan,
    PlanCheck,
    Segment,
)
from anatomy_twin.core import Step as Provenance
from anatomy_twin.errors import StoreError
from anatomy_twin.rehearsal.history import Entry
from anatomy_twin.segmentation.editing.history import Step
from anatomy_twin.store.codec import decode, encode

# fields whose content a journal holds; of the others (surfaces, simulated fields) it says that they changed, and which
# entries of a table are left where some were dropped
_HINTS: Final[dict[str, Any]] = {
    "plans": Mapping[str, Plan],
    "checks": Mapping[str, PlanCheck],
    "assessments": Mapping[str, Assessment],
    "measurements": Mapping[str, Measurement],
    "display": Display,
    "patient": Patient,
    "provenance": tuple[Provenance, ...],
}
_WHERE: Final = "journal"


def lost_of(entry: Entry, *, back: bool = False) -> tuple[str, ...]:
    """Return the fields that a step (``back``: the way back) changes and whose new content no journal can hold."""
    sides = (entry.after, entry.before) if back else (entry.before, entry.after)
    return tuple(sorted(name for name in sides[1] if name not in _HINTS and not _only_less(*(s[name] for s in sides))))


def _only_less(old: Any, new: Any) -> bool:
    """Tell whether a table is an older one without some of its entries: then their names tell all."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return False
    return all(name in old and new[name] is old[name] for name in new)


def record_of(entry: Entry, *, back: bool = False) -> dict[str, Any]:
    """Return a step as a record (JSON values); with ``back`` one that takes the step back."""
    side = entry.before if back else entry.after
    held = {name: encode(_HINTS[name], value) for name, value in side.items() if name in _HINTS}
    lost = lost_of(entry, back=back)
    record: dict[str, Any] = {"do": entry.name, "key": entry.key, "fields": held, "lost": list(lost), "back": back}
    left = {name: [list(key) if isinstance(key, tuple) else key for key in side[name]]
            for name in side if name not in _HINTS and name not in lost}  # fmt: skip
    if left:
        record["left"] = left
    if entry.step is not None:
        record["voxels"] = _of_step(entry.step)
    return record


def entry_of(record: Mapping[str, Any], case: Case) -> Entry:
    """Return the step that a record tells, for a case in the state before it.

    Raises ``StoreError`` where the record is not one of this program's.
    """
    try:
        fields = {name: decode(_HINTS[name], value, _WHERE) for name, value in record["fields"].items()}
        for name, keys in record.get("left", {}).items():
            table = getattr(case, name)
            wanted = [tuple(key) if isinstance(key, list) else key for key in keys]
            fields[name] = FrozenMapping({key: table[key] for key in wanted if key in table})
        voxels = record.get("voxels")
        step = None if voxels is None else _step_of(voxels)
        name, key = decode(str, record["do"], _WHERE), decode(str, record["key"], _WHERE)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise StoreError("a line of the journal is not a step", where=_WHERE) from error
    sides = FrozenMapping({part: getattr(case, part) for part in fields}), FrozenMapping(fields)
    return Entry(name, key, *(reversed(sides) if record.get("back") else sides), step)


def _of_step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name, "start": list(step.start), "shape": list(step.shape),
        "runs": base64.b64encode(step.runs).decode("ascii"),  # 30 times as fast as the 85 letters of b85encode
        "before": encode(tuple[Segment, ...], step.segments_before),
        "after": encode(tuple[Segment, ...], step.segments_after),
        "layers": step.layers_before, "crc": [step.before_crc, step.after_crc],
    }


def _step_of(voxels: Mapping[str, Any]) -> Step:
    start = decode(tuple[int, int, int], voxels["start"], _WHERE)
    shape = decode(tuple[int, int, int, int], voxels["shape"], _WHERE)
    crc = decode(tuple[int, int], voxels["crc"], _WHERE)
    segments = [decode(tuple[Segment, ...], voxels[side], _WHERE) for side in ("before", "after")]
    runs = base64.b64decode(voxels["runs"], validate=True)
    return Step(decode(str, voxels["name"], _WHERE), start, shape, runs, *segments,
                decode(int, voxels["layers"], _WHERE), *crc)  # fmt: skip

