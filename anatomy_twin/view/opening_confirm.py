"""A second scan confirms an ablation: it is chosen, its series too, and the work runs beside the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anatomy_twin.view.confirming import confirming_of
from anatomy_twin.view.dialogs import Choice, ask
from anatomy_twin.view.dialogs_confirm import ConfirmChoice, ConfirmDialog
from anatomy_twin.view.dialogs_series import SeriesDialog
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.pipeline.scans import SeriesRow
    from anatomy_twin.view.window import RehearsalWindow

WRITES = ("volumes", "labels", "transforms", "confirmations")


def ask_confirmation(window: RehearsalWindow, place: Path | None = None) -> ConfirmDialog | None:
    """Ask which scan confirms which ablation, and begin."""
    desk = window.desk
    if desk is None:
        return None
    dialog = ConfirmDialog(window, desk.case, desk.plan_name, place, lambda choice: list_series(window, choice))
    dialog.open()
    return dialog


def list_series(window: RehearsalWindow, choice: ConfirmChoice) -> None:
    """Look through the place; the only sound series is taken, else one is chosen."""
    from anatomy_twin.view.opening import Opening

    def listed(rows: tuple[SeriesRow, ...]) -> None:
        usable = [row for row in rows if row.verdict in ("loads", "warning")]
        if len(usable) == 1 and len(rows) == 1:
            start(window, choice, usable[0].uid, False)
            return
        SeriesDialog(window, choice.place.name, rows, lambda row, repair, _: start(window, choice, row.uid, repair),
                     title=tr("Scan after the treatment"), words=tr("Take"), with_patient=False).open()  # fmt: skip

    Opening.of(window).run_job(
        tr("Looking through {name}").format(name=choice.place.name), "anatomy_twin.pipeline.scans:list_series",
        str(choice.place), done=listed,
    )


def start(window: RehearsalWindow, choice: ConfirmChoice, uid: str, repair: bool) -> None:
    """Register, find the zone and measure; what comes of it is one step of the case, and is shown."""
    desk = window.desk
    if desk is None:
        return
    plan = choice.plan or None

    def done(_: object) -> None:
        kit = confirming_of(window.desk)
        if window.desk is desk and kit is not None:
            window.show_panel("confirmation")
            desk.show_field("")  # what was simulated of the plan lies not over what was found
            kit.choose(choice.name)
            kit.to_worst()

    reads = ("volumes", "labels", *((f"plans:{plan}", f"results:{plan}") if plan else ()))
    zone = None if choice.zone is None else str(choice.zone)
    window.jobs.start_on_case(
        tr("Confirming with {name}").format(name=choice.name), "anatomy_twin.pipeline.tasks:confirm_scan",
        str(choice.place), choice.name, plan=plan, target=choice.target, zone=zone, series_uid=uid, repair=repair,
        contraction_percent=choice.contraction_percent, reads=reads, writes=WRITES, step="confirm", done=done,
        name=tr("Confirmation {name}").format(name=choice.name),
    )


def offer_dropped(window: RehearsalWindow, place: Path) -> bool:
    """Ask what a scan is that was dropped on a case with a target; False where only opening is meant."""
    from anatomy_twin.pipeline.scans import may_be_scan
    from anatomy_twin.view.commands.simulate import has_target
    from anatomy_twin.view.opening import Opening

    if not has_target(window) or not may_be_scan(place):
        return False

    def answered(key: str) -> None:
        if key == "confirm":
            ask_confirmation(window, place)
        elif key == "open":
            Opening.of(window).open_path(place)

    ask(window, tr("Scan"), tr("What is {name}?").format(name=place.name),
        tr("A scan of this patient after the treatment tells whether the ablation covers the tumour."), (
            Choice("confirm", tr("Scan after the treatment")), Choice("open", tr("A new case"), default=True),
            Choice("cancel", tr("Cancel"), way_out=True),
        ), answered)  # fmt: skip
    return True
