"""``anatomy-twin demo``: the main job on a sample patient."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anatomy_twin.cli.common import Options, TerminalMonitor, emit, terminal_monitor
from anatomy_twin.cli.run_verb import finish, summary_json, summary_text
from anatomy_twin.errors import ScanError, UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

SAMPLE: Final = "liver_tumour"
HEART: Final = "atrial_fibrillation"


def main(arguments: Sequence[str]) -> int:
    """Read, segment, plan, simulate, assess and report the sample, then open the window if there is a display."""
    parser = Options("demo", "The main job on a sample: from a CT to a rehearsed tumour ablation, or from CT and MR of "
                     "a heart to isolated veins.")
    parser.add_argument("--heart", action="store_true", help="the sample of atrial fibrillation (some minutes)")
    parser.add_argument("--out", default="demo_out", metavar="FOLDER", help="folder for the case and its report")
    parser.add_argument("--no-window", action="store_true", help="do not open the window")
    options = parser.read(arguments)
    name = HEART if options.heart else SAMPLE
    folder = Path(options.out)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder.name} is not a folder", advice="choose another name for --out")
    saved = folder / f"{name}.twin"
    with terminal_monitor() as monitor:
        case = _made(name, monitor)
        page = finish(case, saved, folder / "report", monitor)
    code = emit(options, summary_json(case, saved, page), summary_text(case, saved, page), case)
    if options.no_window or options.json:
        return code
    if not has_display():
        print(f"  no window: there is no display here; on one, anatomy-twin view {saved}")
        return code
    from anatomy_twin.view import open_window

    return int(open_window(saved))


def _made(name: str, monitor: TerminalMonitor) -> Case:
    """Return the finished case of a sample."""
    from anatomy_twin.core import Patient
    from anatomy_twin.pipeline import run_af_ablation, run_liver_ablation
    from anatomy_twin.pipeline.samples import TARGETS_MM

    patient = Patient("sample")
    if name == HEART:
        return run_af_ablation(sample_folder(name), patient=patient, monitor=monitor)
    return run_liver_ablation(sample_folder(name), target=TARGETS_MM[name], patient=patient, monitor=monitor)


def sample_folder(name: str = SAMPLE) -> Path:
    """Return the folder of a sample's series: in the installed package, or in the checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "sample_scans" / name, package.parent / "sample_scans" / name):
        if folder.is_dir():
            return folder
    raise ScanError("the sample scan is not there", advice="install the package anew")


def has_display() -> bool:
    """Tell whether a window can be opened."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
