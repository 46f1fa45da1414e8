"""Activations, inducibility and searches for lesions as open files: words and numbers in JSON, maps per node as VTT."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, ElectroResult, LesionLine, LesionPoint
from anatomy_twin.core.induction import PER_NODE, Induction, LesionRound, LesionSearch, SiteOutcome, per_node
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import StoreError, TwinError
from anatomy_twin.store.codec import decode, encode
from anatomy_twin.store.results import Jobs, Read
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.vtt import decode_vtt, encode_vtt

Columns = dict[str, NDArray[Any]]

_ACTIVATION: Final = ("before_ms", "activation_ms", "dead")
_SITE: Final = tuple[float, float, float]
_LESIONS: Final = tuple[LesionLine | LesionPoint, ...]
_MAYBE_NAN: Final = ("cycle_ms", "refractory_ms")
# fields whose type the codec does not know, or which are arrays
_APART: Final = {"site_mm", "before_ms", "activation_ms", "dead", "without", "with_plan", "outcomes", "rounds",
                 *PER_NODE, *_MAYBE_NAN}  # fmt: skip


def activation_jobs(result: ElectroResult, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of how a plan changes a chamber's activation."""
    content = {**_plain(result), "site_mm": encode(_SITE, tuple(result.site_mm))}
    return _jobs(folder, "activation", content, {name: getattr(result, name) for name in _ACTIVATION})


def read_activation(relative: str, read: Read) -> ElectroResult:
    """Return the activation whose words are the file ``relative``."""
    def made(content: dict[str, Any], maps: Columns) -> ElectroResult:
        return ElectroResult(
            **_read_plain(ElectroResult, content, relative), site_mm=_site(content, relative),
            before_ms=maps["before_ms"], activation_ms=maps["activation_ms"], dead=maps["dead"].astype(bool),
        )

    return typing.cast(ElectroResult, _read(relative, read, "activation", made))


def induction_jobs(found: Induction, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of what pacing a chamber did."""
    maps: Columns = {} if found.dead is None else {"dead": found.dead}
    content = {**_plain(found), **{
        name: _outcomes(getattr(found, name), f"{name}_", maps) for name in ("without", "with_plan")}}
    return _jobs(folder, "induction", content, maps)


def read_induction(relative: str, read: Read) -> Induction:
    """Return the inducibility whose words are the file ``relative``."""
    def made(content: dict[str, Any], maps: Columns) -> Induction:
        sides = {name: _read_outcomes(content[name], f"{name}_", maps, relative) for name in ("without", "with_plan")}
        dead = maps["dead"].astype(bool) if "dead" in maps else None
        return Induction(**_read_plain(Induction, content, relative), **sides, dead=dead)

    return typing.cast(Induction, _read(relative, read, "induction", made))


def search_jobs(found: LesionSearch, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of the rounds of a search for lesions."""
    maps: Columns = {}
    rounds = [{**_plain(one), "outcomes": _outcomes(one.outcomes, f"round_{n}_", maps)}
              for n, one in enumerate(found.rounds)]
    return _jobs(folder, "search", {**_plain(found), "rounds": rounds}, maps)


def read_search(relative: str, read: Read) -> LesionSearch:
    """Return the search whose words are the file ``relative``."""
    def made(content: dict[str, Any], maps: Columns) -> LesionSearch:
        rounds = tuple(LesionRound(**_read_plain(LesionRound, one, relative),
                                   outcomes=_read_outcomes(one["outcomes"], f"round_{n}_", maps, relative))
                       for n, one in enumerate(content["rounds"]))
        return LesionSearch(**_read_plain(LesionSearch, content, relative), rounds=rounds)

    return typing.cast(LesionSearch, _read(relative, read, "search", made))


def check_nodes(case: Case) -> None:
    """Raise ``StoreError`` where maps of a heart do not have as many nodes as the chamber they are of."""
    maps: list[tuple[str, NDArray[Any]]] = [(one.chamber, one.dead) for one in case.activations.values()]
    for induced in case.inductions.values():
        maps += [(induced.chamber, induced.dead)] if induced.dead is not None else []
        maps += [(induced.chamber, row) for site in (*induced.without, *induced.with_plan)
                 for row in per_node(site).values()]
    for search in case.lesion_searches.values():
        maps += [(search.chamber, row) for one in search.rounds for site in one.outcomes
                 for row in per_node(site).values()]
    counts = {one.name: len(one.surface.points_mm) for one in case.chambers.values()}
    counts |= {one.name: one.count for one in case.muscles.values()}
    if set(counts) != {*case.chambers, *case.muscles}:
        raise StoreError("a heart chamber is called otherwise than the case says")
    for name, row in maps:
        if len(row) != counts.get(name):
            raise StoreError(f"a map of {len(row)} nodes does not fit the heart chamber {name[:40]!r}")


def _jobs(folder: str, stem: str, content: dict[str, Any], maps: Columns) -> Jobs:
    return {f"{folder}/{stem}.json": lambda: dump(content), f"{folder}/maps.vtt": lambda: encode_vtt(maps)}


def _read(relative: str, read: Read, stem: str, made: Any) -> Any:
    content: Any = parse(read(relative), relative)
    place = f"{relative.rpartition('/')[0]}/maps.vtt"
    maps = decode_vtt(read(place), place)
    try:
        return made(content, maps)
    except StoreError:
        raise
    except TwinError as error:
        raise StoreError(f"{stem} cannot be read: {error.what}", where=relative) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{stem} cannot be read: a part is missing or of another kind", where=relative) from error


def _hints(kind: type) -> dict[str, Any]:
    hints: dict[str, Any] = typing.get_type_hints(kind)
    names = [part.name for part in dataclasses.fields(kind)]
    hints |= {"lesions": _LESIONS, "protocol": PacingProtocol}
    return {name: hints[name] for name in names if name not in _APART}


def _plain(value: Any) -> dict[str, Any]:
    return {name: encode(hint, getattr(value, name)) for name, hint in _hints(type(value)).items()}


def _read_plain(kind: type, content: Mapping[str, Any], where: str) -> dict[str, Any]:
    known = {part.name for part in dataclasses.fields(kind)}
    if odd := set(content) - known:
        raise StoreError(f"{kind.__name__} has unknown fields: {', '.join(sorted(odd))[:80]}", where=where)
    return {name: decode(hint, content[name], where) for name, hint in _hints(kind).items()}


def _outcomes(sites: Sequence[SiteOutcome], start: str, maps: Columns) -> list[dict[str, Any]]:
    """Return what JSON says of sites; their maps become columns."""
    told = []
    for n, one in enumerate(sites):
        rows = per_node(one)
        maps |= {f"{start}{n}_{name}": row for name, row in rows.items()}
        numbers = {name: None if math.isnan(getattr(one, name)) else float(getattr(one, name)) for name in _MAYBE_NAN}
        told.append({**_plain(one), **numbers, "site_mm": encode(_SITE, tuple(one.site_mm)), **dict.fromkeys(rows, 1)})
    return told


def _read_outcomes(listed: Any, start: str, maps: Columns, where: str) -> tuple[SiteOutcome, ...]:
    found = []
    for n, content in enumerate(listed):
        numbers = {name: decode(float | None, content[name], where) for name in _MAYBE_NAN}
        rows: dict[str, Any] = {name: maps[f"{start}{n}_{name}"] for name in PER_NODE if name in content}
        found.append(SiteOutcome(
            **_read_plain(SiteOutcome, content, where), site_mm=_site(content, where), **rows,
            **{name: math.nan if value is None else value for name, value in numbers.items()},
        ))
    return tuple(found)


def _site(content: Mapping[str, Any], where: str) -> NDArray[np.float64]:
    return np.array(decode(_SITE, content["site_mm"], where), np.float64)
