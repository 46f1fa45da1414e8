"""How a person wants a case to look: what is hidden, see-through or recoloured. Kept with the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.errors import DataError
from anatomy_twin.units import check_positive, check_range


@dataclass(frozen=True, slots=True)
class LayerDisplay:
    """How one structure is drawn; None stands for the usual way. ``colour`` is RGB 0..255, ``opacity`` 0..1."""

    visible: bool | None = None
    opacity: float | None = None
    colour: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.opacity is not None:
            object.__setattr__(self, "opacity", check_range("opacity", self.opacity, 0.0, 1.0))
        if self.colour is not None and not (len(self.colour) == 3 and all(0 <= part <= 255 for part in self.colour)):
            raise DataError(f"colour {self.colour!r} is not RGB from 0 to 255")


@dataclass(frozen=True, slots=True)
class Display:
    """What differs from the usual look of a case.

    ``palette`` names one of the catalog's ("" the usual one), ``layers`` the structures that were changed,
    ``window_width`` and ``window_level`` the grey window in the units of the primary volume (None: by its phase).
    """

    palette: str = ""
    layers: Mapping[str, LayerDisplay] = field(default_factory=FrozenMapping)
    window_width: float | None = None
    window_level: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", FrozenMapping(self.layers))
        if (self.window_width is None) != (self.window_level is None):
            raise DataError("a grey window has a width and a level")
        if self.window_width is not None and self.window_level is not None:
            object.__setattr__(self, "window_width", check_positive("window_width", self.window_width))
            object.__setattr__(self, "window_level", check_range("window_level", self.window_level))

    def layer(self, name: str) -> LayerDisplay:
        """Return how a structure is drawn."""
        return self.layers.get(name, LayerDisplay())

    def with_layer(self, name: str, **changes: object) -> Display:
        """Return the display with some of ``visible``, ``opacity``, ``colour`` of a structure changed."""
        changed = replace(self.layer(name), **changes)  # type: ignore[arg-type]
        return replace(self, layers=FrozenMapping({**self.layers, name: changed}))
