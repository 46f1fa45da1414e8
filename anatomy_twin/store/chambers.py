"""Chambers of a heart as folders of open files: words in JSON; the surface with its values as VTP, muscle as NRRD."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import FrozenMapping
from anatomy_twin.core.heart import Chamber, Fibres, Myocardium, Opening, Substrate
from anatomy_twin.errors import StoreError, TwinError
from anatomy_twin.store.codec import decode
from anatomy_twin.store.nrrd import decode_nrrd, encode_nrrd
from anatomy_twin.store.results import Jobs, Read
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.vtp import decode_vtp, encode_vtp, point_values, triangle_vectors

_FIBRES: Final = ("endo", "epi")
_SUBSTRATE: Final = ("substrate_class", "substrate_value")
_LINES: Final = tuple[str, ...]
_NUMBERS: Final = tuple[int, ...]


def chamber_jobs(chamber: Chamber, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of one chamber."""
    values: dict[str, NDArray[Any]] = {}
    if chamber.regions is not None:
        values["region"] = chamber.regions
    if chamber.wall_mm is not None:
        values["wall_mm"] = chamber.wall_mm
    if chamber.substrate is not None:
        values |= dict(zip(_SUBSTRATE, (chamber.substrate.classes, chamber.substrate.values), strict=True))
    fibres = chamber.fibres
    content = {
        "kind": "Chamber", "name": chamber.name, "region_names": list(chamber.region_names),
        "notes": list(chamber.notes), "values": list(values), "fibres": None if fibres is None else fibres.source,
        "openings": [{"name": one.name, "points": one.points.tolist()} for one in chamber.openings],
        "substrate": _words(chamber.substrate),
    }
    vectors = {} if fibres is None else {name: getattr(fibres, name) for name in _FIBRES}
    return {
        f"{folder}/chamber.json": lambda: dump(content),
        f"{folder}/surface.vtp": lambda: encode_vtp(chamber.surface, values, vectors),
    }


def read_chamber(relative: str, read: Read) -> Chamber:
    """Return the chamber whose words are the file ``relative``; ``read`` gives the checked bytes of a file."""
    content, folder = _content(relative, read, "Chamber")
    place = f"{folder}/surface.vtp"
    data = read(place)
    try:
        listed = decode(_LINES, content["values"], relative)
        values = point_values(data, place, listed)
        source = decode(str | None, content["fibres"], relative)
        rows = None if source is None else triangle_vectors(data, place, _FIBRES)
        return Chamber(
            decode(str, content["name"], relative), decode_vtp(data, place),
            tuple(Opening(np.array(decode(_NUMBERS, one["points"], relative), np.int64),
                          decode(str, one["name"], relative)) for one in content["openings"]),
            decode(_LINES, content["region_names"], relative),
            values["region"].astype(np.int64) if "region" in values else None,
            None if rows is None or source is None else Fibres(rows["endo"], rows["epi"], source),
            decode(_LINES, content["notes"], relative),
            None if content["substrate"] is None else _substrate(
                content["substrate"], *(values[name] for name in _SUBSTRATE), relative),
            values.get("wall_mm"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError("chamber cannot be read: a part is missing or of another kind", where=relative) from error
    except TwinError as error:
        raise _unreadable(error, relative) from error


def muscle_jobs(muscle: Myocardium, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of the muscle of ventricles.

    What is known of its voxels lies on their grid, 0 where there is no muscle.
    """
    rows: dict[str, NDArray[Any]] = {"mask": np.ones(muscle.count, bool), "fibres": muscle.fibres.T}
    if muscle.depth is not None:
        rows["depth"] = muscle.depth
    if muscle.substrate is not None:
        rows |= dict(zip(_SUBSTRATE, (muscle.substrate.classes, muscle.substrate.values), strict=True))
    if muscle.parts:
        rows["parts"] = np.stack(list(muscle.parts.values()))
    content = {
        "kind": "Myocardium", "name": muscle.name, "notes": list(muscle.notes), "arrays": list(rows),
        "parts": list(muscle.parts), "substrate": _words(muscle.substrate),
    }
    jobs: Jobs = {f"{folder}/muscle.json": lambda: dump(content)}
    for name, row in rows.items():
        jobs[f"{folder}/{name}.nrrd"] = lambda row=row: encode_nrrd(_on_grid(row, muscle), muscle.geometry)
    return jobs


def read_muscle(relative: str, read: Read) -> Myocardium:
    """Return the muscle whose words are the file ``relative``; ``read`` gives the checked bytes of a file."""
    content, folder = _content(relative, read, "Myocardium")
    try:
        files = {name: decode_nrrd(read(f"{folder}/{name}.nrrd"), f"{folder}/{name}.nrrd")
                 for name in decode(_LINES, content["arrays"], relative)}
        mask, geometry = files["mask"].array.astype(bool), files["mask"].geometry
        if any(file.array.shape[-3:] != mask.shape or not file.geometry.is_close(geometry, 1e-6)
               for file in files.values()):
            raise StoreError("what is known of a muscle is not on one grid", where=relative)
        rows = {name: file.array[..., mask] for name, file in files.items()}
        names = decode(_LINES, content["parts"], relative)
        return Myocardium(
            decode(str, content["name"], relative), mask, geometry, rows["fibres"].T, rows.get("depth"),
            None if content["substrate"] is None else _substrate(
                content["substrate"], *(rows[name] for name in _SUBSTRATE), relative),
            FrozenMapping(dict(zip(names, rows["parts"].astype(bool), strict=True)) if names else {}),
            decode(_LINES, content["notes"], relative),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StoreError("muscle cannot be read: a part is missing or of another kind", where=relative) from error
    except TwinError as error:
        raise _unreadable(error, relative) from error


def _content(relative: str, read: Read, kind: str) -> tuple[dict[str, Any], str]:
    content: Any = parse(read(relative), relative)
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise StoreError("unknown kind of heart chamber", where=relative, advice="a newer version may know it")
    return content, relative.rpartition("/")[0]


def _words(substrate: Substrate | None) -> dict[str, Any] | None:
    if substrate is None:
        return None
    return {"value_name": substrate.value_name, "unit": substrate.unit, "source": substrate.source,
            "notes": list(substrate.notes)}


def _substrate(words: Any, classes: NDArray[Any], values: NDArray[Any], where: str) -> Substrate:
    texts = [decode(str, words[name], where) for name in ("value_name", "unit", "source")]
    return Substrate(classes.astype(np.int64), values, *texts, decode(_LINES, words["notes"], where))


def _on_grid(row: NDArray[Any], muscle: Myocardium) -> NDArray[Any]:
    """Return values (..., N) of voxels on their grid [..., k, j, i]."""
    whole = np.zeros((*row.shape[:-1], *muscle.mask.shape), row.dtype)
    whole[..., muscle.mask] = row
    return whole


def _unreadable(error: TwinError, where: str) -> StoreError:
    return error if isinstance(error, StoreError) else StoreError(f"heart cannot be read: {error.what}", where=where)
