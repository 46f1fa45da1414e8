"""How the answer of long work reaches a case that was worked on meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from anatomy_twin.core import Case, FrozenMapping


def changed_since(before: Case, now: Case, reads: Iterable[str]) -> tuple[str, ...]:
    """Return which of the fields ``reads`` of a case are others than before.

    A field is "labels" or, for one entry of a table, "plans:A". Parts count by identity: cases share what no step
    changed. Of ``anatomy`` and tables the entries count.
    """
    found = []
    for read in reads:
        part, _, key = read.partition(":")
        one, other = getattr(before, part), getattr(now, part)
        if key:
            one, other = one.get(key), other.get(key)
        if not _same(one, other):
            found.append(f"{part.replace('_', ' ')} {key}".strip())
    return tuple(sorted(found))


def merged(before: Case, answer: Case, now: Case, writes: Iterable[str]) -> Case:
    """Return ``now`` with what work on ``before`` changed in the fields ``writes``.

    In tables (plans, results, ...) only the entries that the work changed, added or removed are taken; provenance and
    timings are always taken, behind what was recorded meanwhile.
    """
    fields: dict[str, Any] = {}
    for part in {*writes, "provenance", "timings_s"}:
        old, new, current = getattr(before, part), getattr(answer, part), getattr(now, part)
        if part == "provenance":
            # lines of the work, also where its answer began a record of its own
            lines = new[len(old):] if all(a is b for a, b in zip(old, new, strict=False)) else new
            fields[part] = (*current, *lines)
        elif isinstance(old, Mapping):
            fields[part] = _table(old, new, current)
        elif not _same(old, new):
            fields[part] = new
    return replace(now, **fields)


def _table(old: Mapping[Any, Any], new: Mapping[Any, Any], current: Mapping[Any, Any]) -> FrozenMapping[Any, Any]:
    gone = {key for key in old if key not in new}
    fresh = {key: value for key, value in new.items() if old.get(key) is not value}
    kept = {key: fresh.get(key, value) for key, value in current.items() if key not in gone}
    return FrozenMapping({**kept, **{key: value for key, value in fresh.items() if key not in kept}})


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(one[key] is other[key] for key in one)
    return one is other
