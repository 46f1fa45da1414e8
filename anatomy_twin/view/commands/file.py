"""Commands of the file menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anatomy_twin.view.commands import Command, always, has_case
from anatomy_twin.view.words import tr

SHOWN: Final = 8  # recent cases in the menu

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening
    from anatomy_twin.view.opening_recent import Recents
    from anatomy_twin.view.window import RehearsalWindow


def _opening(window: RehearsalWindow) -> Opening:
    from anatomy_twin.view.opening import Opening

    return Opening.of(window)


def _open(window: RehearsalWindow) -> None:
    from anatomy_twin.view.dialogs_files import CaseDialog
    from anatomy_twin.view.opening_save import usual_folder

    opening = _opening(window)
    CaseDialog(window, usual_folder(opening.session), opening.open_path).open()


def _import_folder(window: RehearsalWindow) -> None:
    from anatomy_twin.view.dialogs_files import choose_folder
    from anatomy_twin.view.opening_save import usual_folder

    choose_folder(window, tr("Folder of a scan"), usual_folder(), _opening(window).open_path)


def _import_file(window: RehearsalWindow) -> None:
    from anatomy_twin.view.dialogs_files import choose_file
    from anatomy_twin.view.opening_save import usual_folder

    filters = [tr("All files (*)"), tr("Volumes (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd)"),
               tr("DICOM (*.dcm *.ima)"), tr("Archives (*.zip *.tar *.tar.gz *.tgz)")]  # fmt: skip
    choose_file(window, tr("File of a scan"), usual_folder(), filters, _opening(window).open_path)


def _recent(number: int) -> Command:
    """Return the command that opens the case that was opened ``number``-th last (0: the last one)."""

    def of(window: RehearsalWindow) -> Recents:
        return _opening(window).recents

    return Command(
        f"file.recent_{number + 1}", tr("Recent case {number}").format(number=number + 1),
        lambda window: _opening(window).open_path(of(window).place(number)), tr("File"),
        ("Ctrl+Shift+O",) if number == 0 else (), enabled=lambda window: of(window).there(number),
        submenu=tr("Recent cases"), saying=lambda window: of(window).words(number),
        why=lambda window: tr("it is not there any more") if of(window).words(number) else tr("none was opened yet"),
    )


def _library(window: RehearsalWindow) -> None:
    from anatomy_twin.view.library_window import show_library

    show_library(window)


def _add_to_library(window: RehearsalWindow) -> None:
    from anatomy_twin.view.library_window import add_open_case

    add_open_case(window)


def _report(window: RehearsalWindow) -> None:
    from anatomy_twin.view.opening_export import ask_report

    ask_report(_opening(window))


def _export(window: RehearsalWindow) -> None:
    from anatomy_twin.view.opening_export import ask_export

    ask_export(_opening(window))


def _can_save(window: RehearsalWindow) -> bool:
    return window.desk is not None and (window.desk.session.dirty or window.desk.session.path is None)


def _saved_once(window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.session.path is not None


def _can_revert(window: RehearsalWindow) -> bool:
    return _saved_once(window) and window.desk is not None and window.desk.session.dirty


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu = tr("File")
    return (
        Command("file.open", tr("Open case\N{HORIZONTAL ELLIPSIS}"), _open, menu, ("Ctrl+O",), enabled=always,
                tip=tr("Open a saved case: its folder or its zip"), bar=True, icon="open", short=tr("Open")),
        Command("file.import_folder", tr("Import scan (DICOM folder)\N{HORIZONTAL ELLIPSIS}"), _import_folder, menu,
                ("Ctrl+I",), enabled=always, tip=tr("Read a scan from a folder of DICOM files"), bar=True, icon="scan",
                short=tr("Import")),
        Command("file.import_file", tr("Import scan (file)\N{HORIZONTAL ELLIPSIS}"), _import_file, menu,
                ("Ctrl+Shift+I",), enabled=always,
                tip=tr("Read a scan from a NIfTI, NRRD or MetaImage file, one DICOM file, or an archive")),
        *(_recent(number) for number in range(SHOWN)),
        Command("file.library", tr("Case library"), _library, menu, ("Ctrl+L",), enabled=always, divided=True,
                tip=tr("All your cases, with search"), icon="library", short=tr("Library")),
        Command("file.add_to_library", tr("Add this case to the library"), _add_to_library, menu, enabled=_saved_once,
                why=lambda _: tr("save the case first")),
        Command("file.save", tr("Save"), lambda window: _opening(window).saver.save(), menu, ("Ctrl+S",),
                enabled=_can_save, divided=True, bar=True, icon="save", short=tr("Save"),
                why=lambda window: tr("nothing is unsaved") if has_case(window) else tr("no case is open")),
        Command("file.save_as", tr("Save as\N{HORIZONTAL ELLIPSIS}"), lambda window: _opening(window).saver.save_as(),
                menu, ("Ctrl+Shift+S",)),
        Command("file.save_zip", tr("Save a copy as zip\N{HORIZONTAL ELLIPSIS}"),
                lambda window: _opening(window).saver.save_zip(), menu, tip=tr("One file, for transport")),
        Command("file.revert", tr("Revert to saved\N{HORIZONTAL ELLIPSIS}"), lambda window: _opening(window).revert(),
                menu, enabled=_can_revert, why=lambda _: tr("nothing is unsaved")),
        Command("file.report", tr("Write report\N{HORIZONTAL ELLIPSIS}"), _report, menu, ("Ctrl+R",), divided=True,
                tip=tr("Write the report of the case as a page and as PDF, and show it"), icon="report",
                short=tr("Report")),
        Command("file.export", tr("Export\N{HORIZONTAL ELLIPSIS}"), _export, menu, ("Ctrl+E",),
                tip=tr("Write surfaces, labels and plans for other programs")),
        Command("file.close", tr("Close case"), lambda window: _opening(window).close_case(), menu, ("Ctrl+W",),
                divided=True),
        Command("file.quit", tr("Quit"), lambda window: _opening(window).quit(), menu, ("Ctrl+Q",), enabled=always),
    )  # fmt: skip
