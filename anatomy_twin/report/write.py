"""Write the report of a case into a folder: everything or nothing."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from anatomy_twin.core import SILENT, Case, Monitor, check_cancelled, part_of
from anatomy_twin.errors import ReportError
from anatomy_twin.rehearsal import build_scene, chosen_plan
from anatomy_twin.report.content import build_content
from anatomy_twin.report.document import make_pdf
from anatomy_twin.report.entries import entry_rows, plan_entries
from anatomy_twin.report.page import make_page
from anatomy_twin.report.pictures import make_pictures


def write_report(
    case: Case, folder: str | Path, monitor: Monitor = SILENT, *, plan_name: str | None = None,
    palette: str = "default",
) -> Path:
    """Write ``report.html``, ``report.pdf`` and ``report.json`` into ``folder`` and return the path of the page.

    Parameters: ``plan_name`` by default the last plan with a result; ``palette`` a name of ``catalog/palettes.json``.
    The page holds its pictures and asks for nothing else. Works for a case without plan or result, and where 3-D
    pictures cannot be drawn (a line says so). The files are complete or, after an error, as they were before.

    Raises ``ReportError`` when the folder is a file or cannot be written, ``DataError`` for an unknown plan.
    """
    target = Path(folder)
    _check_folder(target)
    scene = build_scene(case, plan_name, palette)
    name = chosen_plan(case) if plan_name is None else plan_name
    with part_of(monitor, 0.0, 0.15) as part:
        entries = plan_entries(case, name, part)
    content = build_content(case, scene, name) | {"entries": entry_rows(case, name, entries)}
    with part_of(monitor, 0.15, 0.85) as part:
        figures, missing = make_pictures(case, scene, name, entries, part)
    files = {"report.html": make_page(content, figures, missing).encode("utf-8")}
    check_cancelled(monitor)
    monitor.progress(0.9)
    files["report.pdf"] = make_pdf(content, figures, missing)
    data = {**content, "pictures_missing": missing}
    files["report.json"] = (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    check_cancelled(monitor)
    _write_all(target, files)
    monitor.progress(1.0)
    return target / "report.html"


def _check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be written before the pictures are drawn, which takes long."""
    there = next(part for part in (folder, *folder.absolute().parents) if part.exists())
    if not there.is_dir():
        raise ReportError("the report needs a folder", where=there.name, advice="name a folder, not a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ReportError("the report cannot be written: Permission denied", where=there.name,
                          advice="choose a folder that you may write to")


def _write_all(folder: Path, files: dict[str, bytes]) -> None:
    """Write all files under temporary names first, then rename them."""
    written: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            handle, temporary = tempfile.mkstemp(prefix=".report-", dir=folder)
            written.append((Path(temporary), folder / name))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
        for temporary_path, final in written:
            temporary_path.replace(final)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ReportError(f"the report cannot be written: {reason}", where=folder.name,
                          advice="choose a folder that you may write to") from error
    finally:
        for temporary_path, _ in written:
            temporary_path.unlink(missing_ok=True)
