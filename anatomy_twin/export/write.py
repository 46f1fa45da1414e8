"""Choosing the format, finding the surface, and putting the file in its place in one step."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from anatomy_twin import plugins
from anatomy_twin.core import Case, Structure, SurfaceMesh
from anatomy_twin.errors import DataError, StoreError, TwinError, UsageError
from anatomy_twin.export.territories import territory_structure
from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE

TREES: Final = ("portal", "hepatic", "arterial")
MOST_NAMES: Final = 8  # in one line
SUFFIX_OF: Final = {"a vessel tree": ".vtp", "a tetrahedral mesh": ".vtu"}


def export(case: Case, path: str | Path, structure: str = "liver") -> Path:
    """Write one structure of a case to a file whose suffix names the format.

    Parameters
    ----------
    case : the twin; it is not changed.
    path : the file, for instance "liver.stl". A file that is there is replaced once the new one is whole.
    structure : a structure of ``case.anatomy`` or a part of its liver ("liver_segment_2", "territory_5"), whose surface
        is made on the way; as ".vtp" also one of its vessel trees, as ".vtu" one of its tetrahedral meshes.

    Returns
    -------
    Path : the file. Coordinates are LPS millimetres; header or comments of the file say so, and that it is not for
        diagnosis or treatment, as far as the format has a place for it.

    Raises
    ------
    UsageError : no format has this suffix, or what is asked for cannot be written in it.
    DataError : there is no such structure, or it has no surface.
    StoreError : the disk refuses.
    """
    path = Path(path)
    if not path.suffix:
        raise UsageError(
            "file name has no suffix that names a format", where=path.name,
            advice=f"end it with one of {', '.join(plugins.names('exporters'))}",
        )
    suffix = path.suffix.lower()
    if suffix not in plugins.names("exporters"):
        raise UsageError(f"there is no way to write {suffix} files", where=path.name,
                         advice=f"end it with one of {', '.join(plugins.names('exporters'))}")
    written: Path = plugins.resolve("exporters", suffix)(case, path, structure)
    return written


def exportable(case: Case, structure: str) -> tuple[Structure, SurfaceMesh]:
    """Return a structure, or a part of the liver, and its surface; ``DataError`` naming the reason if there is none."""
    anatomy = case.anatomy
    if structure not in anatomy.structures:
        if anatomy.territories is None or structure not in [s.name for s in anatomy.territories.segments]:
            raise _missing(case, structure)
        found = territory_structure(case, structure)
    else:
        found = anatomy.structures[structure]
    if found.surface is None:
        reason = "; ".join(part for part in (found.state, found.note) if part)
        raise DataError(f"{structure!r} has no surface", where=reason, advice=_there_are(_with_surface(case)))
    return found, found.surface


def _missing(case: Case, name: str) -> TwinError:
    """Return the refusal of a name that has no surface: the tree or mesh that it is, or what is called nearly so."""
    anatomy = case.anatomy
    kinds = {**dict.fromkeys(anatomy.tetrahedra, "a tetrahedral mesh"), **dict.fromkeys(anatomy.trees, "a vessel tree")}
    if name in kinds:
        suffix = SUFFIX_OF[kinds[name]]
        return UsageError(f"{name!r} is {kinds[name]}", advice=f"write it as {suffix}: --out {name}{suffix}")
    if name in TREES:
        why = next((note for note in anatomy.notes if note.startswith(f"no {name} tree")), "")
        return DataError(f"the case has no {name} tree", where=why.removeprefix(f"no {name} tree: "),
                         advice="`mesh CASE` finds the trees that the labels show")
    if name.startswith("liver_segment_") and anatomy.territories is None:
        return DataError("the liver of this case is not divided", advice="`mesh CASE` divides it")
    parts = () if anatomy.territories is None else anatomy.territories.names
    every = tuple(dict.fromkeys((*_with_surface(case), *parts, *anatomy.trees, *anatomy.tetrahedra)))
    near = get_close_matches(name, every, 4, 0.5)
    if not every:
        return DataError(f"nothing is called {name!r}: the case has no surfaces yet", advice="`mesh CASE` makes them")
    if near:
        return DataError(f"no structure is called {name!r}", advice=f"do you mean {' or '.join(near)}?")
    return DataError(f"no structure is called {name!r}", advice=_there_are(every))


def _with_surface(case: Case) -> tuple[str, ...]:
    return tuple(name for name, other in case.anatomy.structures.items() if other.surface is not None)


def _there_are(names: Sequence[str]) -> str:
    """Return up to eight names; the verb ``mesh`` lists them all."""
    if not names:
        return "`mesh CASE` makes surfaces"
    more = f" and {len(names) - MOST_NAMES} more (`mesh CASE` lists them)" if len(names) > MOST_NAMES else ""
    return f"there are {', '.join(names[:MOST_NAMES])}{more}"


def comments(case: Case, structure: Structure) -> tuple[str, ...]:
    """Return the lines that a file about a structure of ``case`` carries where its format has comments."""
    certificate = structure.certificate
    closed = "not checked" if certificate is None else "yes" if certificate.watertight else "no"
    return (
        "SPACE=LPS",
        "UNITS=mm",
        f"structure {structure.name}, {structure.code.scheme} {structure.code.value} {structure.code.meaning}".strip(),
        f"state {structure.state}, {structure.volume_ml:.2f} ml counted from voxels, surface closed: {closed}",
        *((SYNTHETIC_NOTE,) if case.synthetic else ()),
        INTENDED_USE,
    )


def write_whole(path: Path, data: bytes) -> Path:
    """Write a file beside its place, wait for the disk, and move it there; nothing half-written is ever seen."""
    fresh = path.with_name(f".{path.name}.tmp-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with fresh.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "the disk refuses"
        raise StoreError(f"file cannot be written: {reason}", where=path.name, advice="choose another place") from error
    return path
