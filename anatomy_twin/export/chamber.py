"""A heart chamber for other programs: .vtp with all that is known of its wall, or openCARP's .pts, .elem and .lon."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, Chamber
from anatomy_twin.errors import UsageError
from anatomy_twin.export.vtk_xml import written_vtk
from anatomy_twin.export.write import write_whole
from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE

FORMATS: Final = (".vtp", ".pts")
MICROMETRES: Final = 1000.0  # openCARP's unit


def export_chamber(case: Case, path: str | Path, chamber: str = "left_atrium", plan_name: str = "") -> tuple[Path, ...]:
    """Write a heart chamber of a case and return the files.

    Parameters
    ----------
    path : "atrium.vtp": points in LPS mm with ``region``, ``substrate_class``, ``substrate_value`` and ``wall_mm``,
        with a plan also ``activation_ms`` (without and with lesions, -1 never) and ``ablated``; fibres as vectors of
        the triangles. "atrium.pts": openCARP's mesh in micrometres, ``.elem`` with the region as tag and, where fibres
        are known, ``.lon`` with those of the inner layer beside it.
    plan_name : whose activation goes with it.

    Raises ``UsageError`` for another format or what is no surface, ``DataError`` for a chamber or plan that is not
    there, ``StoreError`` where the disk refuses.
    """
    target, found = Path(path), case.chamber(chamber)
    if not isinstance(found, Chamber):
        raise UsageError(f"{chamber!r} is muscle of voxels, not a surface", advice="name a chamber that is a surface")
    if plan_name:
        case.plan(plan_name)
    if target.suffix.lower() == ".vtp":
        return (_vtp(case, found, target, plan_name),)
    if target.suffix.lower() == ".pts":
        return _carp(found, target)
    raise UsageError(f"a heart chamber cannot be written as {target.suffix or 'a file without a suffix'}",
                     where=target.name, advice=f"end it with one of {', '.join(FORMATS)}")


def _vtp(case: Case, chamber: Chamber, path: Path, plan_name: str) -> Path:
    import pyvista as pv

    triangles: Any = chamber.surface.triangles
    mesh = pv.PolyData.from_regular_faces(chamber.surface.points_mm, triangles)
    for name, values in _point_values(case, chamber, plan_name).items():
        mesh.point_data[name] = values
    if chamber.fibres is not None:
        mesh.cell_data["fibre_endo"], mesh.cell_data["fibre_epi"] = chamber.fibres.endo, chamber.fibres.epi
    lines = ["SPACE=LPS", "UNITS=mm", f"heart chamber {chamber.name}",
             "regions " + ", ".join(f"{n} = {name}" for n, name in enumerate(chamber.region_names))]
    if chamber.substrate is not None:
        lines += [f"substrate by {chamber.substrate.value_name}, {chamber.substrate.source}", *chamber.substrate.notes]
    lines += [*((SYNTHETIC_NOTE,) if case.synthetic else ()), INTENDED_USE]
    return written_vtk(path, mesh, tuple(lines))


def _point_values(case: Case, chamber: Chamber, plan_name: str) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    if chamber.regions is not None:
        found["region"] = chamber.regions
    if chamber.substrate is not None:
        found["substrate_class"], found["substrate_value"] = chamber.substrate.classes, chamber.substrate.values
    if chamber.wall_mm is not None:
        found["wall_mm"] = chamber.wall_mm
    result = case.activations.get(plan_name)
    if result is not None and result.chamber == chamber.name:
        for name, times in (("activation_without_ms", result.before_ms), ("activation_ms", result.activation_ms)):
            found[name] = np.where(np.isfinite(times), times, -1.0)
        found["ablated"] = result.dead.astype(np.uint8)
    return found


def _carp(chamber: Chamber, path: Path) -> tuple[Path, ...]:
    points, triangles = chamber.surface.points_mm * MICROMETRES, chamber.surface.triangles
    tags = np.zeros(len(triangles), np.int64) if chamber.regions is None else chamber.regions[triangles[:, 0]]
    rows = [f"Tr {a} {b} {c} {tag}" for (a, b, c), tag in zip(triangles.tolist(), tags.tolist(), strict=True)]
    files = {".pts": [str(len(points)), *(f"{x:.3f} {y:.3f} {z:.3f}" for x, y, z in points.tolist())],
             ".elem": [str(len(rows)), *rows]}
    if chamber.fibres is not None:
        files[".lon"] = ["1", *(f"{x:.6f} {y:.6f} {z:.6f}" for x, y, z in chamber.fibres.endo.tolist())]
    return tuple(write_whole(path.with_suffix(suffix), ("\n".join(lines) + "\n").encode("ascii"))
                 for suffix, lines in files.items())
