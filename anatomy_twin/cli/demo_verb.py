"""``anatomy-twin demo``: the main job on the sample patient."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from anatomy_twin.cli.common import Options, emit, terminal_monitor
from anatomy_twin.cli.run_verb import finish, summary_json, summary_text
from anatomy_twin.errors import ScanError, UsageError

SAMPLE: Final = "liver_tumour"


def main(arguments: Sequence[str]) -> int:
    """Read, segment, plan, simulate, assess and report the sample, then open the window if there is a display."""
    parser = Options("demo", "The main job on a sample: from a CT to a rehearsed tumour ablation.")
    parser.add_argument("--out", default="demo_out", metavar="FOLDER", help="folder for the case and its report")
    parser.add_argument("--no-window", action="store_true", help="do not open the window")
    options = parser.read(arguments)
    from anatomy_twin.core import Patient
    from anatomy_twin.pipeline import run_liver_ablation
    from anatomy_twin.pipeline.samples import TARGETS_MM

    folder = Path(options.out)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder.name} is not a folder", advice="choose another name for --out")
    saved = folder / f"{SAMPLE}.twin"
    with terminal_monitor() as monitor:
        target, patient = TARGETS_MM[SAMPLE], Patient("sample")
        case = run_liver_ablation(sample_folder(), target=target, patient=patient, monitor=monitor)
        page = finish(case, saved, folder / "report", monitor)
    code = emit(options, summary_json(case, saved, page), summary_text(case, saved, page), case)
    if options.no_window or options.json:
        return code
    if not has_display():
        print(f"  no window: there is no display here; on one, anatomy-twin view {saved}")
        return code
    from anatomy_twin.view import open_window

    return int(open_window(saved))


def sample_folder() -> Path:
    """Return the folder of the sample series: in the installed package, or in the checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "sample_scans/liver_tumour", package.parent / "sample_scans/liver_tumour"):
        if folder.is_dir():
            return folder
    raise ScanError("the sample scan is not there", advice="install the package anew")


def has_display() -> bool:
    """Tell whether a window can be opened."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
