"""``anatomy-twin batch``: many studies, each in a process of its own; what is finished is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import Options, emit, read_names
from anatomy_twin.notice import INTENDED_USE

if TYPE_CHECKING:
    from anatomy_twin.batch import BatchResult, Outcome


def main(arguments: Sequence[str]) -> int:
    """Run all studies below a folder; return 1 where some of them failed."""
    parser = Options("batch", "Segment, mesh and measure many studies; finished ones are kept when it is called again.")
    parser.add_argument("studies", metavar="STUDIES", help="a folder of DICOM, NIfTI, NRRD, MetaImage, archives")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="a new folder, or that of a run to go on with")
    parser.add_argument("--segmenter", default="ct-abdomen", metavar="NAME", help="default: ct-abdomen")
    parser.add_argument("--workers", type=int, metavar="N", help="processes at once (default: by cores and memory)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler elsewhere, as in tcp://HOST:8786")
    parser.add_argument("--all-series", action="store_true", help="every CT series, not only the best of each study")
    parser.add_argument("--modality", choices=("CT", "MR", "PT"), help="for files that do not state it (NIfTI, NRRD)")
    parser.add_argument("--repair", action="store_true", help="allow the repairs that `info series` names")
    parser.add_argument("--truth", metavar="FOLDER|PATTERN", help="true labels to compare with: a folder of files "
                        "named as the studies, or a pattern beside each study as in 'truth*' or '{stem}_seg.nii.gz'")
    parser.add_argument("--truth-names", metavar="N=NAME,...", help="what the numbers in them are, as in 1=liver")
    parser.add_argument("--time-limit", type=float, default=3600.0, metavar="SECONDS", help="for each (default: 3600)")
    parser.add_argument("--memory-limit", type=float, metavar="GB", help="for each (default: its share of 90 %%)")
    parser.add_argument("--save-cases", action="store_true", help="keep each case as a .twin.zip")
    parser.add_argument("--names", action="store_true",
                        help="write the folders of the studies into the tables: they may tell who the patient is")
    options = parser.read(arguments)
    truth_names = read_names(options.truth_names)
    from anatomy_twin.batch import run_batch

    with BatchTerminal() as terminal:
        result = run_batch(
            options.studies, options.out, segmenter=options.segmenter, workers=options.workers,
            scheduler=options.scheduler, modality=options.modality, repair=options.repair,
            all_series=options.all_series, truth=options.truth, truth_names=truth_names,
            time_limit_s=options.time_limit, memory_limit_gb=options.memory_limit, save_cases=options.save_cases,
            names=options.names, report=terminal.report, monitor=terminal,
        )
        for line in (*(f"{number} x {name}, left out" for name, number in result.left_out.items()), *result.notes):
            terminal.warn(line)
    emit(options, _document(options, result), _text(options, result))
    return 1 if result.failed else 0


class BatchTerminal:
    """One line for each study on stderr as it ends; a bar below them where there is a terminal."""

    cancelled = False

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn(),
                             TimeElapsedColumn(), console=self._console, disable=not self._console.is_terminal)
        self._task: Any = None

    def __enter__(self) -> BatchTerminal:
        self._bar.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._bar.stop()

    def stage(self, name: str) -> None:
        """Show what goes on before the first study ends."""
        if self._task is None:
            self._task = self._bar.add_task(name, total=None)
        self._bar.update(self._task, description=name)
        if not self._console.is_terminal:
            self._console.print(f"{name} ...", markup=False)

    def progress(self, fraction: float) -> None:
        """Do nothing: nobody knows how many files there are."""

    def warn(self, message: str) -> None:
        """Print one line above the bar."""
        self._console.print(f"note: {message}", markup=False, soft_wrap=True)

    def report(self, outcome: Outcome, count: int, total: int) -> None:
        """Print the line of one study."""
        self._bar.update(self._task, completed=count, total=total)
        self._console.print(f"{count:>{len(str(total))}}/{total} {line_of(outcome)}", markup=False, soft_wrap=True)


def line_of(outcome: Outcome) -> str:
    """Return the outcome of a study as one line."""
    state = "kept" if outcome.kept else outcome.state
    took = f"{outcome.seconds:8.1f} s {outcome.peak_memory_mb / 1024:6.2f} GB"
    return f"{outcome.name:<20} {took}  {state}{': ' if outcome.reason else ''}{outcome.reason}"


def _document(options: Any, result: BatchResult) -> dict[str, Any]:
    return {
        "notice": INTENDED_USE, "out": options.out,
        "done": sum(outcome.done for outcome in result.outcomes), "failed": len(result.failed),
        "kept": sum(outcome.kept for outcome in result.outcomes), "seconds": round(result.seconds, 1),
        "left_out": dict(result.left_out), "notes": list(result.notes),
        "studies": [
            {
                "study": outcome.name, "state": outcome.state, "reason": outcome.reason, "kept": outcome.kept,
                "seconds": round(outcome.seconds, 2), "peak_memory_mb": outcome.peak_memory_mb,
            }
            for outcome in result.outcomes
        ],
    }


def _text(options: Any, result: BatchResult) -> str:
    done = len(result.outcomes) - len(result.failed)
    lines = [f"{done} of {len(result.outcomes)} studies done in {result.seconds:.0f} s: {options.out}"]
    lines += [f"failed: {outcome.name}: {outcome.reason}" for outcome in result.failed]
    return "\n".join(lines)
