"""The panels round the views. Each is a widget made of a desk; none knows another."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from anatomy_twin.view.window import RehearsalWindow


@dataclass(frozen=True, slots=True)
class PanelPlace:
    """Where a panel stands: ``side`` "left", "right", "bottom"; those with the same ``stack`` share a place as tabs.

    ``maker`` is "module:class" in this folder; the class is called with the window, whose ``desk`` is the open case.
    """

    name: str
    maker: str
    side: str
    stack: str = ""


PLACES: Final = (
    PanelPlace("steps", "steps:StepsPanel", "left"),
    PanelPlace("tree", "scene_tree:SceneTree", "right", "structures"),
    PanelPlace("segment", "segment_panel:SegmentPanel", "right", "structures"),
    PanelPlace("plans", "plans:PlansPanel", "right", "plans"),
    PanelPlace("heart", "heart:HeartPanel", "right", "plans"),
    PanelPlace("measurements", "measurements:MeasurementsPanel", "right", "plans"),
    PanelPlace("confirmation", "confirmation:ConfirmationPanel", "right", "plans"),
    PanelPlace("numbers", "numbers:NumbersPanel", "bottom", "numbers"),
    PanelPlace("compare", "compare:ComparePanel", "bottom", "numbers"),
    PanelPlace("course", "course:CoursePanel", "bottom", "numbers"),
    PanelPlace("messages", "messages:MessagesPanel", "bottom", "messages"),
    PanelPlace("history", "history:HistoryPanel", "bottom", "messages"),
    PanelPlace("jobs", "jobs_panel:JobsPanel", "bottom", "messages"),
)


def make_panel(place: PanelPlace, window: RehearsalWindow) -> QWidget:
    """Return the widget of a panel; its ``windowTitle`` is what stands above it."""
    module, _, maker = place.maker.partition(":")
    widget: QWidget = getattr(importlib.import_module(f"anatomy_twin.view.panels.{module}"), maker)(window)
    return widget
