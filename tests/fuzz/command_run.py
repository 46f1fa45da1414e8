"""What reads a DICOM case on the command line: exit codes, one line, nothing left on disk.

In a module of its own, because what the command line needs takes a second to import.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import anatomy_twin.pipeline  # noqa: F401 - imported before the runner forks
from anatomy_twin.cli.main import main
from anatomy_twin.errors import ScanError
from anatomy_twin.store import load_case
from tests.fuzz.case import Loaded
from tests.fuzz.dicom_run import check_text


def import_case(path: Path) -> Loaded:
    """Import by the command line: a case on disk and exit code 0, or exit code 2, one line and nothing on disk."""
    target = path.parent / "target" / "patient.twin"
    target.parent.mkdir()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["import", str(path), "--out", str(target), "--json"])
    lines = [line for line in err.getvalue().splitlines() if line.startswith("anatomy-twin: ")]
    assert "Traceback" not in err.getvalue()
    if code == 2:
        assert len(lines) == 1 and not out.getvalue().strip(), (lines, out.getvalue()[:200])
        check_text(lines[0])
        assert not list(target.parent.iterdir()), "a refused scan left files behind"
        raise ScanError(lines[0].removeprefix("anatomy-twin: "))
    assert code == 0, f"exit code {code}"
    case = load_case(target)
    assert case.volume is not None
    return Loaded(case.volume, case.volume.warnings)
