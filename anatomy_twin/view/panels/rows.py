"""Rows of lists, kept while what they show changes: PySide does not always survive rows that are made anew."""

from __future__ import annotations

from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem


def all_rows(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    """Return the rows of a list, from the top."""
    found = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [item for item in found if item is not None]


def rows_of(tree: QTreeWidget, count: int) -> list[QTreeWidgetItem]:
    """Let a list have ``count`` rows and return them; those that it has stay, with what they showed."""
    while tree.topLevelItemCount() > count:
        tree.takeTopLevelItem(tree.topLevelItemCount() - 1)
    while tree.topLevelItemCount() < count:
        tree.addTopLevelItem(QTreeWidgetItem([""] * tree.columnCount()))
    return all_rows(tree)
