"""What reads a DICOM case: the loader, and the command line on top of it."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan import load_volume
from tests.fuzz.case import Loaded

_LONGEST_LINE = 400


def load(path: Path) -> Loaded:
    """Load the best series as a volume; whatever text comes with it must be fit for a terminal."""
    try:
        volume = load_volume(path)
    except TwinError as error:
        check_text(error.line)
        raise
    for line in (*volume.warnings, *volume.facts.keys(), *volume.facts.values(), volume.modality, volume.units):
        check_text(line)
    return Loaded(volume, volume.warnings)


def import_case(path: Path) -> Loaded:
    """Import by the command line: a case on disk and exit code 0, or exit code 2, one line and nothing on disk."""
    from anatomy_twin.cli.main import main
    from anatomy_twin.store import load_case

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


def check_text(line: str) -> None:
    """Raise ``AssertionError`` if a line holds what a terminal or a page could take for a command."""
    assert line.isprintable(), f"not printable: {line!r}"
    assert len(line) <= _LONGEST_LINE, f"{len(line)} characters: {line[:80]!r}"
