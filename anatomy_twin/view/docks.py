"""The panels round the views: where they stand, how large they are, and that it is remembered."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractScrollArea, QDockWidget, QFrame, QScrollArea, QTabWidget, QToolButton, QWidget

from anatomy_twin.view.icons import icon
from anatomy_twin.view.panels import PLACES, make_panel
from anatomy_twin.view.style import theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

AREA: Final = Qt.DockWidgetArea
SIDES: Final = {"left": AREA.LeftDockWidgetArea, "right": AREA.RightDockWidgetArea, "bottom": AREA.BottomDockWidgetArea}
FORM: Final = 5  # of the remembered places: another number makes older ones worthless
FEATURE: Final = QDockWidget.DockWidgetFeature
LOWER: Final = 0.21  # of the window's height, for the panels below the views
HIGH_PX: Final = 1100
LOWER_HIGH: Final = 0.27  # a window as high as that has room for more rows of them
LARGE: Final = {"left": 0.4, "right": 0.6, "bottom": 0.62}  # of the window's width or height, for one that is large
OWN_BARS: Final = ("numbers", "compare", "course", "messages", "history")  # they scroll themselves, or fit
STEPS_LETTERS, TREE_LETTERS = 28, 58  # widths in letters of the window's type
MOST_SHARE: Final = {"left": 0.15, "right": 0.29}  # of the window's width, at first
ROOM: Final = {"left": 0.2, "right": 0.36}  # of the window's width: what was remembered and is wider is made narrow


class Docks:
    """All panels of one open case; panels of one stack share a place as tabs.

    Places have no title bars; ``unlock`` shows them, so that places can be moved, let loose and closed. One of them can
    be ``large``: it takes the room of its neighbours and most of the views'.
    """

    def __init__(self, window: RehearsalWindow) -> None:
        self._window = window
        self.panels: dict[str, QWidget] = {}
        self.by_name: dict[str, QDockWidget] = {}  # the place of a panel, by the panel's name
        self.places: dict[str, QDockWidget] = {}  # by the name of the stack
        self.sides: dict[str, str] = {}
        self._tabs: dict[str, QTabWidget] = {}
        self.unlocked = False
        self.large = ""  # the name of the place that is
        self._usual = QByteArray()  # how all stood before
        self._stands = False  # half a layout is not worth remembering
        window.setCorner(Qt.Corner.BottomLeftCorner, AREA.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, AREA.RightDockWidgetArea)
        for place in PLACES:
            panel = make_panel(place, window)
            self.panels[place.name] = panel
            if not place.stack:
                self._add_place(place.name, place.side, panel)
                dock = self.places[place.name]
            else:
                if place.stack not in self.places:
                    self._tabs[place.stack] = tabs = self._make_tabs(place.stack)
                    self._add_place(place.stack, place.side, tabs)
                dock, tabs = self.places[place.stack], self._tabs[place.stack]
                index = tabs.addTab(_roomy(panel, place.name in OWN_BARS), panel.windowTitle())
                tabs.setTabToolTip(index, tr("Double click: large, and back"))
                panel.windowTitleChanged.connect(partial(tabs.setTabText, index))
            self.by_name[place.name] = dock
        self._stand()
        self._restored = self._restore()
        self._stands = True
        if window.isVisible():
            QTimer.singleShot(0, window, self.settle)

    def _make_tabs(self, name: str) -> QTabWidget:
        """Return the tabs of a stack, with a button that makes it large."""
        tabs, button = _tabs(), _LargeButton()
        button.clicked.connect(lambda: self.toggle_large(name))
        tabs.setCornerWidget(button)
        tabs.tabBarDoubleClicked.connect(lambda index: self.toggle_large(name) if index >= 0 else None)
        return tabs

    def toggle_large(self, name: str) -> None:
        """Let a place (or the one of a panel) take its neighbours' room and most of the views', or give it back."""
        dock = self.by_name.get(name) or self.places.get(name)
        if dock is None or dock.isFloating():
            return
        name, window = dock.objectName(), self._window
        if self.large:
            was, self.large = self.large, ""
            window.restoreState(self._usual, FORM)
            if was == name:
                return
        self._usual, self.large, side = window.saveState(FORM), name, self.sides[name]
        for other, beside in self.places.items():
            if other != name and self.sides[other] == side and not beside.isFloating():
                beside.hide()
        dock.show()
        down = side == "bottom"
        size = round(LARGE[side] * (window.height() if down else window.width()))
        window.resizeDocks([dock], [size], Qt.Orientation.Vertical if down else Qt.Orientation.Horizontal)

    def _give_room_back(self) -> None:
        if self.large:
            self.toggle_large(self.large)

    def _add_place(self, name: str, side: str, inside: QWidget) -> None:
        dock = QDockWidget(inside.windowTitle(), self._window)
        dock.setObjectName(name)
        dock.setWidget(inside if isinstance(inside, QTabWidget) else _roomy(inside))
        dock.setTitleBarWidget(QWidget())
        dock.setFeatures(FEATURE.NoDockWidgetFeatures)
        self.places[name], self.sides[name] = dock, side

    def _stand(self) -> None:
        """Put every place where it belongs at first."""
        beside: dict[str, QDockWidget] = {}
        for name, dock in self.places.items():
            side = self.sides[name]
            dock.setFloating(False)
            self._window.addDockWidget(SIDES[side], dock)
            if side in beside:
                way = Qt.Orientation.Horizontal if side == "bottom" else Qt.Orientation.Vertical
                self._window.splitDockWidget(beside[side], dock, way)
            beside[side] = dock
            dock.show()
        for tabs in self._tabs.values():
            tabs.setCurrentIndex(0)
        self.size()

    def size(self) -> None:
        """Give the places the room that they have at first."""
        window, across, down = self._window, Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        letter = QFontMetrics(window.font()).averageCharWidth()
        left = min(STEPS_LETTERS * letter, round(MOST_SHARE["left"] * window.width()))
        right = min(TREE_LETTERS * letter, round(MOST_SHARE["right"] * window.width()))
        docks = self.by_name
        window.resizeDocks([docks["steps"], docks["tree"]], [left, right], across)
        window.resizeDocks([docks["tree"], docks["plans"]], [54, 46], down)
        window.resizeDocks([docks["numbers"], docks["messages"]], [56, 44], across)
        lower = LOWER if window.height() < HIGH_PX else LOWER_HIGH
        window.resizeDocks([docks["numbers"]], [round(lower * window.height())], down)

    def _restore(self) -> bool:
        preferences = self._window.preferences
        state = preferences.state("docks")
        if state.isEmpty() or not self._window.restoreState(state, FORM):
            return False
        for name, index in zip(self._tabs, preferences.numbers("tabs"), strict=False):
            self._tabs[name].setCurrentIndex(int(index))
        return True

    def settle(self) -> None:
        """Take the right size, once the window has its own."""
        if self._stands and self.places:
            if self._restored:
                self.fit()
            else:
                self.size()

    def fit(self) -> None:
        """Take the sizes that were remembered, with room taken back where the window was larger then."""
        window = self._window
        across, down, docks = Qt.Orientation.Horizontal, Qt.Orientation.Vertical, self.by_name
        sizes = window.preferences.numbers("sizes")
        if len(sizes) != 5 or not all(math.isfinite(size) for size in sizes):
            return
        left, right, upper, share, lower = sizes
        for dock, width, most in ((docks["steps"], left, ROOM["left"]), (docks["tree"], right, ROOM["right"])):
            if not dock.isFloating():
                window.resizeDocks([dock], [round(min(max(width, 60.0), most * window.width()))], across)
        for pair, part, way in ((("tree", "plans"), upper, down), (("numbers", "messages"), share, across)):
            if not any(docks[name].isFloating() or docks[name].isHidden() for name in pair):
                whole = sum(docks[name].height() if way == down else docks[name].width() for name in pair)
                first = round(min(max(part, 0.1), 0.9) * whole)
                window.resizeDocks([docks[name] for name in pair], [first, whole - first], way)
        if not docks["numbers"].isFloating():
            window.resizeDocks([docks["numbers"]], [round(min(max(lower, 0.1), 0.5) * window.height())], down)

    def keep(self) -> None:
        """Remember where everything stands."""
        if self._stands:
            self._give_room_back()
            preferences = self._window.preferences
            preferences.keep_state("docks", self._window.saveState(FORM))
            self._keep_sizes()
            preferences.keep_numbers("tabs", tuple(float(tabs.currentIndex()) for tabs in self._tabs.values()))

    def _keep_sizes(self) -> None:
        """Widths in points left and right; the share of the upper right, the lower left, and of all that is below."""
        docks, window = self.by_name, self._window
        if not window.isVisible():
            return
        size = {name: docks[name].size() for name in ("steps", "tree", "plans", "numbers", "messages")}
        upper = size["tree"].height() / max(size["tree"].height() + size["plans"].height(), 1)
        share = size["numbers"].width() / max(size["numbers"].width() + size["messages"].width(), 1)
        lower = size["numbers"].height() / max(window.height(), 1)
        window.preferences.keep_numbers("sizes", (size["steps"].width(), size["tree"].width(), upper, share, lower))

    def reset(self) -> None:
        """Forget what was remembered and put everything back."""
        self._give_room_back()
        self._window.preferences.keep_state("docks", None)
        self.unlock(False)
        self._stand()

    def unlock(self, on: bool) -> None:
        """Show title bars by which places can be moved, let loose and closed, or hide them."""
        self.unlocked = on
        loose = FEATURE.DockWidgetMovable | FEATURE.DockWidgetFloatable | FEATURE.DockWidgetClosable
        for name, dock in self.places.items():
            old = dock.titleBarWidget()
            tabs = self._tabs.get(name)
            dock.setWindowTitle(tabs.tabText(tabs.currentIndex()) if tabs else self.panels[name].windowTitle())
            dock.setTitleBarWidget(None if on else QWidget())  # type: ignore[arg-type]
            if old is not None:
                old.deleteLater()
            dock.setFeatures(loose if on else FEATURE.NoDockWidgetFeatures)

    def show(self, name: str) -> None:
        """Bring a panel to the front."""
        dock = self.by_name.get(name)
        if dock is None:
            return
        if self.large and dock.isHidden() and self.large != dock.objectName():
            self._give_room_back()
        dock.show()
        for tabs in self._tabs.values():
            for index in range(tabs.count()):
                inside = tabs.widget(index)
                if inside is not None and (inside is self.panels[name] or inside.isAncestorOf(self.panels[name])):
                    tabs.setCurrentIndex(index)

    def offer(self, name: str, on: bool) -> None:
        """Let a panel among tabs be there, or not."""
        for tabs in self._tabs.values():
            for index in range(tabs.count()):
                inside = tabs.widget(index)
                if inside is not None and (inside is self.panels[name] or inside.isAncestorOf(self.panels[name])):
                    tabs.setTabVisible(index, on)

    def side_shown(self, side: str) -> bool:
        """True where anything stands on a side ("left", "right", "bottom")."""
        return any(not dock.isHidden() for name, dock in self.places.items() if self.sides[name] == side)

    def show_side(self, side: str, on: bool) -> None:
        """Show or hide all that stands on a side."""
        self._give_room_back()
        for name, dock in self.places.items():
            if self.sides[name] == side:
                dock.setVisible(on)

    def take_down(self) -> None:
        """Remove all panels."""
        self.keep()
        for dock in self.places.values():
            self._window.removeDockWidget(dock)
            dock.setObjectName("")  # by name a window takes back the old one
            dock.setParent(None)
            dock.deleteLater()
        self.by_name, self.places, self.panels, self._tabs = {}, {}, {}, {}


def _tabs() -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    bar = tabs.tabBar()
    bar.setDrawBase(False)
    bar.setElideMode(Qt.TextElideMode.ElideNone)
    bar.setExpanding(False)
    bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return tabs


class _LargeButton(QToolButton):
    def __init__(self) -> None:
        super().__init__()
        words = tr("Make this large, and back (double click on a tab)")
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setAutoRaise(True)
        self.setObjectName("small")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme_changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setIcon(icon("enlarge"))


def _roomy(panel: QWidget, own_bars: bool = False) -> QWidget:
    """Return a panel that can be made smaller than what it holds: a scroll area round it where it has none."""
    if own_bars or isinstance(panel, QAbstractScrollArea):
        if isinstance(panel, QAbstractScrollArea):
            panel.setFrameShape(QFrame.Shape.NoFrame)
        panel.setMinimumSize(60, 40)
        return panel
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setMinimumSize(60, 40)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(panel)
    return area
