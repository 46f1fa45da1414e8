"""Widgets side by side that go on in the next line where the room ends, as words do."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class Flow(QLayout):
    """Lines of widgets, each as wide as it wants to be; those that can expand share what is left of their line."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Put an item behind the others."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item, None where there is none."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take an item out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes the width that there is."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """More lines where there is less width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines at a width."""
        lines = self._lines(width)
        return sum(_height(line) for line in lines) + self.spacing() * max(len(lines) - 1, 0)

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        line = [item for item in self._items if not item.isEmpty()]
        return QSize(sum(_width(item) for item in line) + self.spacing() * max(len(line) - 1, 0), _height(line))

    def minimumSize(self) -> QSize:
        """Return the size of the widest item."""
        shown = [item for item in self._items if not item.isEmpty()]
        return QSize(max((_width(item) for item in shown), default=0), _height(shown))

    def setGeometry(self, rect: QRect) -> None:
        """Put the items into their lines."""
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            height, left = _height(line), rect.left()
            free = rect.width() - sum(_width(item) for item in line) - self.spacing() * (len(line) - 1)
            wide = [item for item in line if item.expandingDirections() & Qt.Orientation.Horizontal]
            for item in line:
                width = min(_width(item), rect.width()) + (max(free, 0) // len(wide) if item in wide else 0)
                tall = min(item.sizeHint().height(), height)
                item.setGeometry(QRect(QPoint(left, top + (height - tall) // 2), QSize(width, tall)))
                left += width + self.spacing()
            top += height + self.spacing()

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        left = 0
        for item in self._items:
            if item.isEmpty():
                continue
            if not lines or left + _width(item) > width:
                lines.append([])
                left = 0
            lines[-1].append(item)
            left += _width(item) + self.spacing()
        return lines


def flow(*widgets: QWidget, spacing: int = 4) -> QWidget:
    """Return a widget that holds others in lines."""
    holder = QWidget()
    layout = Flow(holder, spacing)
    for widget in widgets:
        layout.addWidget(widget)
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    holder.setSizePolicy(policy)
    return holder


def _width(item: QLayoutItem) -> int:
    """Return how wide an item wants to be: the least where it can expand."""
    expands = bool(item.expandingDirections() & Qt.Orientation.Horizontal)
    return item.minimumSize().width() if expands else item.sizeHint().width()


def _height(line: list[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in line), default=0)
