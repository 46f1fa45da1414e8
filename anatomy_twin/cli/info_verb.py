"""``anatomy-twin info``: what this installation is and can do, or what a folder holds."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from anatomy_twin import __version__
from anatomy_twin.cli.common import Options, emit, open_case, segment_lines, segments_of, terminal_monitor

if TYPE_CHECKING:
    from anatomy_twin.scan import Series

LIBRARIES = (
    "numpy", "scipy", "numba", "scikit-image", "SimpleITK", "pydicom", "highdicom", "pylibjpeg-openjpeg", "pyjpegls",
    "vtk", "pyvista", "trimesh", "manifold3d", "PySide6-Essentials", "pyvistaqt",
)


def main(arguments: Sequence[str]) -> int:
    """Print the self-check, or the series of a folder, or the segments of a case."""
    parser = Options("info", "Versions, plugins, devices, self-check; or what a folder or a case holds.")
    parser.add_argument("what", nargs="*", metavar="series FOLDER | case CASE",
                        help="list the series that a folder holds, or the segments of a case with their states")
    parser.add_argument("--warm-up", action="store_true", help="compile and cache all kernels")
    options = parser.read(arguments)
    if options.warm_up:
        from anatomy_twin.pipeline import warm_up

        with terminal_monitor() as monitor:
            warm_up(monitor)
        return emit(options, {"warm": True})
    if not options.what:
        return self_check(options)
    if options.what[0] not in ("series", "case") or len(options.what) != 2:
        parser.error(f"cannot show {' '.join(options.what)!r}; write info series FOLDER, or info case CASE")
    if options.what[0] == "case":
        return list_segments(options, options.what[1])
    return list_series(options, options.what[1])


def self_check(options: Any) -> int:
    """Show versions, plugins, catalog, codecs and rendering."""
    from anatomy_twin import catalog, plugins
    from anatomy_twin.render import can_render
    from anatomy_twin.scan import readable_transfer_syntaxes

    versions = {name: _version(name) for name in LIBRARIES}
    works, message = can_render()
    document = {
        "version": __version__, "python": platform.python_version(), "platform": platform.platform(),
        "cores": os.cpu_count(), "libraries": versions,
        "plugins": {kind: list(plugins.names(kind)) for kind in plugins.TABLE},
        "devices": list(catalog.load("devices")["devices"]),
        "transfer_syntaxes": list(readable_transfer_syntaxes()),
        "rendering": {"works": works, "message": message},
    }
    lines = [f"anatomy-twin {__version__}, Python {document['python']}, {document['platform']}, {os.cpu_count()} cores"]
    lines += [f"  {name:<22} {version}" for name, version in versions.items()]
    lines += [f"{kind}: {', '.join(found)}" for kind, found in document["plugins"].items()]
    lines.append(f"ablation devices: {', '.join(document['devices'])}")
    lines.append(f"readable transfer syntaxes: {', '.join(document['transfer_syntaxes'])}")
    lines.append(f"rendering: {message}")
    return emit(options, document, "\n".join(lines))


def list_segments(options: Any, path: str) -> int:
    """Show the segments of a case with volume, state and the rules behind it, and what else the case holds."""
    case = open_case(path)
    labels = case.label_map
    found = segments_of(labels)
    for name, structure in case.anatomy.structures.items():
        if name in found and structure.note:  # what its surface showed: one voxel only, parts, islands
            found[name]["note"] = structure.note
    notes = list(dict.fromkeys((*labels.notes, *case.anatomy.notes)))
    lines = [*segment_lines(found), *(f"  note: {note}" for note in notes)]
    added = [name for name in case.anatomy.structures if name not in found]
    held = {"plans": list(case.plans), "simulated": list(case.results), "vessel_trees": list(case.anatomy.trees),
            "added_surfaces": added, "tetrahedra": list(case.anatomy.tetrahedra)}  # fmt: skip
    lines += [f"  {what.replace('_', ' ')}: {', '.join(names)}" for what, names in held.items() if names]
    return emit(options, {"case": path, "segments": found, "notes": notes, **held}, "\n".join(lines), case)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def list_series(options: Any, folder: str) -> int:
    """Show the series of a folder, best first, with verdict and reason (descriptions appear here only)."""
    from anatomy_twin.scan import find_series

    with terminal_monitor() as monitor:
        monitor.stage("reading headers")
        found = find_series(folder, monitor=monitor)
    rows, lines = [], []
    for series in found:
        rows.append(
            {
                "uid": series.uid, "modality": series.modality, "description": series.description,
                "slices": series.slice_count, "verdict": series.verdict.line, "rank": series.rank,
                "reason": series.reason, "part": series.part, "loading": series.loading,
                "spacing_mm": list(series.spacing_mm), "shape": list(series.shape),
                "findings": dataclasses.asdict(series.verdict),
            }
        )
        lines += _lines_of(series)
    beside, notes = _beside(found)
    if beside:
        lines.append(f"beside them: {', '.join(beside)}")
    lines += [f"note: {note}" for note in notes]
    return emit(options, {"series": rows, "beside": beside, "notes": notes}, "\n".join(lines))


def _lines_of(series: Series) -> list[str]:
    """Return what the terminal shows of one series, each finding once."""
    part = f" ({series.part})" if series.part else ""
    loading = series.loading.replace(f"refused: {series.verdict.line}", "refused", 1)
    if series.modality == "SEG":
        loading += "; labels are read by: segment CASE --labels FILE"
    return [
        f"{series.rank}. {series.modality or '--'} {series.description!r}{part}: {series.verdict.line}",
        f"   {series.reason}", f"   {loading}", f"   {series.uid or 'it has no UID'}",
    ]


def _beside(found: tuple[Series, ...]) -> tuple[list[str], list[str]]:
    """Return what lies beside all series, and what of it keeps the best one from being taken unasked."""
    listed_too = sum(bool(one.aside) for one in found[1:])
    beside, notes = list(found[0].set_aside[listed_too:]), []
    patients = len({one.patient_key for one in found})
    if patients > 1:
        notes.append(f"images of {patients} patients: loading refuses unless --series names one")
    if any("broken DICOM file" in name for name in beside):
        notes.append("what is broken may be a slice: loading refuses unless it is removed or --series names a series")
    return beside, notes
