"""Plans as JSON files of their own: what a case holds under plans/, or what a person writes by hand."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any, Final

from anatomy_twin.core import AblationPlan, Plan, ResectionPlan
from anatomy_twin.core.plans import COMBINATIONS
from anatomy_twin.errors import PlanError, StoreError
from anatomy_twin.store.codec import KIND, decode, encode
from anatomy_twin.store.folder import printable
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.swap import disk_refusal, replacing_file

LARGEST_PLAN_BYTES: Final = 1_000_000
_MOST: Final = {"applicators": 12, "cuts": 100, "targets": 100, "lesions": 1000, "points_mm": 10_000, "segments": 100}
_KINDS: Final[dict[str, Any]] = {kind.__name__: kind for kind in typing.get_args(Plan)}
_ADVICE: Final = "give name, target, margin_mm and applicators with device, entry_mm, tip_mm, power_w, duration_s"


def load_plan(path: str | Path) -> Plan:
    """Read a plan from a JSON file.

    The file is one object with the fields of ``AblationPlan``, ``ResectionPlan``, ``LesionPlan`` or ``PositionPlan``,
    points as [x, y, z] in LPS mm. "kind" names which of them it is; without it an ablation is meant. A field that has
    a usual value may be left out; one that is not known is refused, as is a number that is not finite or not possible.

    Raises ``PlanError`` in one line if there is no such file or it holds no valid plan.
    """
    file = Path(path)
    where = printable(file.name)
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            raise PlanError("the plan file is not there", where=where, advice="give a JSON file")
        if file.stat().st_size > LARGEST_PLAN_BYTES:
            raise PlanError("the plan file is larger than 1 MB", where=where)
        data = file.read_bytes()
    except (OSError, ValueError) as error:
        raise PlanError("the plan file cannot be opened", where=where, advice="check the path") from error
    return plan_from_json(data, where)


def plan_from_json(data: bytes, where: str = "") -> Plan:
    """Return the plan that the bytes of a JSON file hold, as ``load_plan`` does."""
    try:
        content = parse(data.removeprefix(b"\xef\xbb\xbf"), where)
        if not isinstance(content, dict):
            raise StoreError("a plan is one JSON object")
        content = {KIND: AblationPlan.__name__, **content}
        _check_counts(content)
        kind = content[KIND]
        if not isinstance(kind, str) or kind not in _KINDS:
            raise StoreError(f"unknown kind {printable(kind, 40)!r}", advice=f"one of {', '.join(_KINDS)}")
        return typing.cast(Plan, decode(Plan, _completed(_KINDS[kind], content), where))
    except StoreError as error:
        what = f"the plan file cannot be read: {printable(error.what, 300)}"
        raise PlanError(what, where=where, advice=error.advice or _ADVICE) from error


def plan_of_case(content: Any, where: str) -> Plan:
    """Return a plan that a case holds; ``StoreError`` if it is none.

    Cases of version 2 knew no ``combination``; older ones of version 3 knew no applicator that begins later.
    """
    if isinstance(content, dict) and isinstance(content.get("applicators"), list):
        content = {**content, "applicators": [_completed_part(entry) for entry in content["applicators"]]}
    if isinstance(content, dict) and content.get(KIND) == ResectionPlan.__name__:
        content = {"combination": COMBINATIONS[0], **content}
    return typing.cast(Plan, decode(Plan, content, where))


def save_plan(plan: Plan, path: str | Path) -> Path:
    """Write a plan as JSON, whole or not at all; equal plans give equal bytes, those of plans/ in a case.

    Raises ``StoreError`` if the file cannot be written, or a folder or link is in its place.
    """
    target = Path(path).absolute()
    data = dump(encode(Plan, plan))
    try:
        if target.is_symlink() or target.is_dir():
            raise StoreError("a folder or link is where the plan shall be", where=target.name[:80],
                             advice="choose another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(target) as stream:
            stream.write(data)
    except OSError as error:
        raise disk_refusal("the plan", error, target.name) from error
    except ValueError as error:  # a name that no system can have
        raise StoreError("the plan file cannot have this name", advice="choose another name") from error
    return target


def _completed(kind: Any, content: dict[str, Any]) -> dict[str, Any]:
    """Return the content with the usual value of every field that was left out."""
    usual = {
        part.name: list(part.default) if isinstance(part.default, tuple) else part.default
        for part in dataclasses.fields(kind)
        if part.default is not dataclasses.MISSING
    }
    for name in ("applicators", "lesions", "cuts"):  # parts that have usual values themselves
        if isinstance(content.get(name), list):
            content = {**content, name: [_completed_part(entry) for entry in content[name]]}
    return {**usual, **content}


def _completed_part(entry: Any) -> Any:
    if isinstance(entry, dict) and entry.get(KIND) == "LesionLine":
        return {"radius_mm": 3.0, **entry}
    if isinstance(entry, dict) and "entry_mm" in entry:
        return {"start_s": 0.0, **entry}
    return entry


def _check_counts(content: Any) -> None:
    """Refuse lists that no plan has, before anything is made of them."""
    for name, value in content.items():
        if isinstance(value, list):
            if len(value) > _MOST.get(name, 1000):
                raise StoreError(f"the plan has {len(value)} {printable(name, 40)}",
                                 advice=f"give at most {_MOST.get(name, 1000)}")
            for entry in value:
                if isinstance(entry, dict):
                    _check_counts(entry)
