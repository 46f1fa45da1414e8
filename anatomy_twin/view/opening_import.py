"""Scans become cases: a series is chosen and imported; samples are opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from anatomy_twin.core import Patient
from anatomy_twin.pipeline.library import is_case
from anatomy_twin.pipeline.samples import TARGETS_MM, prepared_sample
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.dialogs import Choice, ask
from anatomy_twin.view.dialogs_series import SeriesDialog
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.pipeline.scans import SeriesRow
    from anatomy_twin.view.opening import Opening


class Importer(QObject):
    """Lists series, lets one be chosen, imports it."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self._opening = opening

    def open_scan(self, path: str | Path) -> None:
        """List the series of a folder or file, let one be chosen, import it."""
        place = Path(path).absolute()
        self._opening.run_job(
            tr("Looking through {name}").format(name=place.name), "anatomy_twin.pipeline.scans:list_series", str(place),
            done=lambda rows: self._choose(place, rows),
        )

    def open_sample(self, folder: Path, name: str) -> None:
        """Open a sample: the scan alone, or the finished case, which is made once where it is wanted."""
        def scan() -> None:
            self._opening.leave(lambda: self._import(folder, None, False, Patient("sample")))

        place = prepared_sample(name)
        if name not in TARGETS_MM:
            scan()
            return
        ready = is_case(place)

        def answered(key: str) -> None:
            if key == "scan":
                scan()
            elif key == "whole" and ready:
                self._opening.open_case(place)
            elif key == "whole":
                self._opening.run_job(
                    tr("Preparing the sample"), "anatomy_twin.pipeline.samples:prepare_sample", name, str(folder),
                    str(place), done=self._opening.open_case, short=False,
                )

        more = tr("The finished case is ready.") if ready else tr(
            "The finished case has organs, vessels, a plan and its simulation. Making it takes a minute or two, once.")
        ask(self._opening.window, tr("Sample"), tr("Begin with the scan alone, or with the finished case?"), more, (
            Choice("scan", tr("Scan alone")), Choice("whole", tr("Finished case"), default=True),
            Choice("cancel", tr("Cancel"), way_out=True),
        ), answered)  # fmt: skip

    def _choose(self, place: Path, rows: tuple[SeriesRow, ...]) -> None:
        def taken(row: SeriesRow, repair: bool, patient: Patient) -> None:
            self._opening.leave(lambda: self._import(place, row.uid, repair, patient))

        SeriesDialog(self._opening.window, place.name, rows, taken).open()

    def _import(self, place: Path, uid: str | None, repair: bool, patient: Patient) -> None:
        self._opening.run_job(
            tr("Importing {name}").format(name=place.name), "anatomy_twin.pipeline:import_scan", str(place),
            done=lambda case: self._opening.show_session(Session(case)), series_uid=uid, repair=repair, patient=patient,
        )
