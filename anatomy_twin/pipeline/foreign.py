"""Surfaces that other programs made (an implant, an outline), as structures of a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from anatomy_twin.anatomy import certify, load_surface
from anatomy_twin.anatomy.solid.overlaps import parts_joined
from anatomy_twin.anatomy.solid.repair import mended
from anatomy_twin.anatomy.vessels.trees import NAMES
from anatomy_twin.core import FROM_A_FILE, SILENT, Case, Code, Monitor, Structure
from anatomy_twin.errors import DataError, MeshError, UsageError
from anatomy_twin.pipeline.record import Heard, recorded, timed_stage

COLOUR: Final = (200, 205, 210)  # of metal: most are implants
SMALLEST_MM: Final = 0.2  # across: less than a voxel of any scan; a plate of 20 cm in metres is that small
DOUBTFUL: Final = ("perhaps it is not in millimetres",)
_NO_CODE: Final = Code("", "", "")


def check_name(name: str, what: str) -> None:
    """Refuse what is no name for ``what`` ("a structure", "a mesh"): letters, digits, _ and - are."""
    if not name or len(name) > 60 or not name.isascii() or not name.replace("_", "").replace("-", "").isalnum():
        raise UsageError(f"{name[:60]!r} is no name for {what}", advice="use letters, digits, _ and -")


def surface_case(case: Case, path: str | Path, name: str, monitor: Monitor = SILENT) -> Case:
    """Add a surface that another program made as structure ``name``; one that was added under that name is replaced.

    What is assumed about the file (axes, millimetres) and what was mended stands in the note of the structure. The
    volume is that of the surface: there are no voxels to hold it against. State "check" where its size looks wrong.

    Raises ``MeshError`` for a file that is none or holds no solid, ``UsageError`` for a name that is none or taken,
    ``DataError`` where the surface lies outside the scan or cannot be in millimetres.
    """
    check_name(name, "a structure")
    _check_free(case, name)
    heard = Heard(monitor)
    with timed_stage("reading the surface", monitor) as clock:
        read = load_surface(path, heard)
        file = "".join(letter if letter.isprintable() else "?" for letter in Path(path).name[:80])
        told = [line.removeprefix(f"{file}: ") for line in heard.lines]  # names of files may tell of people
        try:
            joined, lines = parts_joined(read)
            surface, more = mended(joined)
        except MeshError as error:
            advice = error.advice.removeprefix("make it again from its labels, or ").replace(
                "make it again from its labels", "clean it in the program that wrote it")
            raise MeshError(error.what, where=f"{file}, {error.where}" if error.where else file,
                            advice=advice) from error
        for line in (*lines, *more):
            monitor.warn(f"{name}: {line}")
        across = float(np.ptp(surface.points_mm, axis=0).max())
        if across < SMALLEST_MM:
            raise DataError(f"the surface is {across:.3g} mm across", where=file, advice="save it in millimetres")
        if not case.volume.geometry.contains(surface.points_mm).any():
            raise DataError("the surface lies outside the scan", where=name, advice="see in which axes it was saved")
        certificate = replace(certify(surface, surface.volume_ml), volume_error_percent=None)
    note = "; ".join(dict.fromkeys([FROM_A_FILE, *told, *lines, *more]))
    state = "check" if any(doubt in note for doubt in DOUBTFUL) else "corrected"
    structure = Structure(name, surface.volume_ml, state, _NO_CODE, COLOUR, surface, certificate, note=note)
    structures = {**case.anatomy.structures, name: structure}
    case = replace(case, anatomy=replace(case.anatomy, structures=structures))
    facts = {"structure": name, "triangles": str(len(surface.triangles)), "note": note}
    return recorded(case, "reading the surface", facts, clock)


def _check_free(case: Case, name: str) -> None:
    """Refuse a name that a segment, tree or territory has, or one that differs from another's in case only."""
    taken = {tree: "a vessel tree" for tree in NAMES}
    taken |= dict.fromkeys(case.anatomy.tetrahedra, "a tetrahedral mesh")
    if case.anatomy.territories is not None:
        taken |= {segment.name: "a part of the liver" for segment in case.anatomy.territories.segments}
    taken |= {other: "a structure" for other in case.anatomy.structures if other != name}
    if case.primary in case.labels:
        taken |= {segment.name: "a segment" for segment in case.label_map.segments}
    for other, what in taken.items():
        if other.casefold() == name.casefold():
            raise UsageError(f"{what} is called {other!r} already", advice="give the surface another name")
