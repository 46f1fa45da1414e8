"""Reports and files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from anatomy_twin.core import Case
from anatomy_twin.pipeline.parts import SURFACE_FORMATS, surface_names
from anatomy_twin.rehearsal.build import structure_label
from anatomy_twin.view.dialogs import Choice, ask
from anatomy_twin.view.dialogs_files import choose_folder, choose_new
from anatomy_twin.view.opening_save import plain_name, usual_folder
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening


def show_file(place: Path) -> bool:
    """Open a file or folder with the program that the system has for it; False where it has none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))


def ask_report(opening: Opening) -> None:
    """Ask for the folder of the report, which is made where it is not there, and write it."""
    session = opening.session
    if session is None:
        return

    def chosen(target: Path) -> None:
        if not target.is_dir() or not any(target.iterdir()):
            write_report(opening, target)
            return
        text = tr("Write the report into {name}? Something is in it already.").format(name=target.name)
        ask(opening.window, tr("Write report"), text, tr("Older files report.html, report.pdf and report.json in it "
            "are replaced; nothing else is touched."), (
            Choice("write", tr("Write"), default=True), Choice("cancel", tr("Cancel"), way_out=True),
        ), lambda key: write_report(opening, target) if key == "write" else None)  # fmt: skip

    choose_new(opening.window, tr("Folder for the report"), usual_folder(session) / f"{plain_name(session)}_report",
               chosen, accept=tr("Write"), what=tr("Folder:"))  # fmt: skip


def write_report(opening: Opening, target: Path, *, show: bool = True) -> None:
    """Write the report of the open case into the folder ``target``, then offer to open it."""
    desk, session = opening.window.desk, opening.session
    if desk is None or session is None:
        return
    case = session.case

    def done(page: Path) -> None:
        if opening.session is session and session.case is case:
            opening.note_report()
        opening.window.tell(tr("The report is in {name}").format(name=target.name))
        if show:
            offer_report(opening, Path(page))

    opening.run_job(tr("Writing the report"), "anatomy_twin.report.write:write_report", session.snapshot(),
                    str(target), done=done, short=False, step="report", plan_name=desk.plan_name or None)  # fmt: skip


def offer_report(opening: Opening, page: Path) -> None:
    """Say where a report lies and offer to open it."""
    def answered(key: str) -> None:
        if key == "close" or show_file(page if key == "open" else page.parent):
            return
        opening.window.tell(tr("no program shows the report here; it is in {name}").format(name=page.parent), "warning")

    ask(opening.window, tr("Report"), tr("The report is written."), str(page.parent), (
        Choice("open", tr("Open"), default=True), Choice("folder", tr("Show folder")),
        Choice("close", tr("Close"), way_out=True),
    ), answered)  # fmt: skip


def ask_export(opening: Opening) -> None:
    """Ask what to write, and where."""
    session = opening.session
    if session is not None:
        ExportDialog(opening).open()


class ExportDialog(QDialog):
    """Surfaces with their format, vessel trees, labels and plans as check boxes."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Export"))
        session = opening.session
        assert session is not None
        self._opening, case = opening, session.case
        column = QVBoxLayout(self)
        head = QHBoxLayout()
        head.addWidget(QLabel(tr("Surfaces as")))
        self.format = QComboBox()
        self.format.addItems([suffix.removeprefix(".").upper() for suffix in SURFACE_FORMATS])
        head.addWidget(self.format)
        head.addStretch(1)
        for words, on in ((tr("All"), True), (tr("None"), False)):
            button = QPushButton(words)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, on=on: self._check_all(on))
            head.addWidget(button)
        column.addLayout(head)
        self.surfaces = self._list_of(case)
        column.addWidget(self.surfaces, 1)
        self.trees = QCheckBox(tr("Vessel trees (VTP)"))
        self.trees.setEnabled(bool(case.anatomy.trees))
        self.labels = QCheckBox(tr("Labels (SEG.NRRD, opens in 3D Slicer)"))
        self.labels.setEnabled(case.primary in case.labels)
        self.plans = QCheckBox(tr("Plans (JSON): {names}").format(names=", ".join(case.plans) or tr("none")))
        self.plans.setEnabled(bool(case.plans))
        note = QLabel(tr("Millimetres, LPS: x to the patient's left, y to the back, z to the head."))
        note.setObjectName("quiet")
        note.setWordWrap(True)
        for widget in (self.trees, self.labels, self.plans, note):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addStretch(1)
        cancel, self.button = QPushButton(tr("Cancel")), QPushButton(tr("Write\N{HORIZONTAL ELLIPSIS}"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.button.setDefault(True)
        self.button.clicked.connect(self._ask_folder)
        row.addWidget(cancel)
        row.addWidget(self.button)
        column.addLayout(row)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(64 * letter, 72 * letter)
        self.surfaces.itemChanged.connect(lambda _: self._refresh())
        for box in (self.trees, self.labels, self.plans):
            box.toggled.connect(lambda _: self._refresh())
        self._refresh()

    @property
    def chosen(self) -> list[str]:
        """The structures whose surfaces are to be written."""
        items = [self.surfaces.item(row) for row in range(self.surfaces.count())]
        return [str(item.data(Qt.ItemDataRole.UserRole)) for item in items
                if item.checkState() == Qt.CheckState.Checked]  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write what is chosen into a folder."""
        session = self._opening.session
        if session is None:
            return
        plans = tuple(session.case.plans) if self.plans.isChecked() else ()
        window = self._opening.window

        def done(files: tuple[Path, ...]) -> None:
            window.tell(tr("{count} files were written into {name}").format(count=len(files), name=folder.name))

        self._opening.run_job(
            tr("Writing files"), "anatomy_twin.pipeline.parts:write_parts", session.snapshot(), str(folder),
            tuple(self.chosen), SURFACE_FORMATS[self.format.currentIndex()], done=done, trees=self.trees.isChecked(),
            labels=self.labels.isChecked(), plans=plans, step="report",
        )
        self.accept()

    def _list_of(self, case: Case) -> QListWidget:
        rows = QListWidget()
        for name in surface_names(case):
            structure = case.anatomy.structures[name]
            label = structure_label(name)
            doubtful = structure.state == "check"
            item = QListWidgetItem(tr("{name} (to be checked)").format(name=label) if doubtful else label)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            wanted = name == "liver" or name.startswith("tumour")
            item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
            rows.addItem(item)
        if not rows.count():
            rows.addItem(tr("no surfaces yet"))
            rows.setEnabled(False)
        return rows

    def _check_all(self, on: bool) -> None:
        for row in range(self.surfaces.count()):
            item = self.surfaces.item(row)
            if item.data(Qt.ItemDataRole.UserRole):
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _refresh(self) -> None:
        boxes = any(box.isChecked() for box in (self.trees, self.labels, self.plans))
        self.button.setEnabled(boxes or bool(self.chosen))

    def _ask_folder(self) -> None:
        choose_folder(self, tr("Folder to write into"), usual_folder(self._opening.session), self.write)
