"""Choosing the format, finding the surface, and putting the file in its place in one step."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from anatomy_twin import plugins
from anatomy_twin.core import Case, Structure, SurfaceMesh
from anatomy_twin.errors import DataError, StoreError, UsageError
from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE


def export(case: Case, path: str | Path, structure: str = "liver") -> Path:
    """Write one structure of a case to a file whose suffix names the format.

    Parameters
    ----------
    case : the twin; it is not changed.
    path : the file, for instance "liver.stl". A file that is there is replaced once the new one is whole.
    structure : which structure of ``case.anatomy``.

    Returns
    -------
    Path : the file. Coordinates are LPS millimetres; header or comments of the file say so, and that it is not for
        diagnosis or treatment, as far as the format has a place for it.

    Raises
    ------
    UsageError : no format has this suffix.
    DataError : there is no such structure, or it has no surface.
    StoreError : the disk refuses.
    """
    path = Path(path)
    if not path.suffix:
        raise UsageError(
            "file name has no suffix that names a format", where=path.name,
            advice=f"end it with one of {', '.join(plugins.names('exporters'))}",
        )
    written: Path = plugins.resolve("exporters", path.suffix.lower())(case, path, structure)
    return written


def exportable(case: Case, structure: str) -> tuple[Structure, SurfaceMesh]:
    """Return a structure and its surface; ``DataError`` naming the reason if there is none."""
    found = case.anatomy[structure]
    if found.surface is None:
        with_surface = [name for name, other in case.anatomy.structures.items() if other.surface is not None]
        reason = "; ".join(part for part in (found.state, found.note) if part)
        raise DataError(
            f"{structure!r} has no surface", where=reason, advice=f"there are {', '.join(with_surface) or 'none'}"
        )
    return found, found.surface


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
