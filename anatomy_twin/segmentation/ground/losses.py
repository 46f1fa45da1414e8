"""What a structure gives up to another: what is no organ, when it is too much, and how that is flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from anatomy_twin.core import Segment

NO_ORGAN: Final = ("fat", "muscle", "skin", "diaphragm", "unknown_tissue", "body", "bone")
REST: Final = "unknown_tissue"  # holds what no structure claims
LOST_SHARE: Final = 0.1
LOST_ML: Final = 1.0


def much_lost(lost_ml: float, left_ml: float) -> bool:
    """Tell whether a structure gave up so much to another that neither is as it was found: a tenth and 1 ml."""
    return lost_ml > LOST_ML and lost_ml > LOST_SHARE * (lost_ml + left_ml)


def flagged_loss(segment: Segment, lost_ml: float, by: str) -> Segment:
    """Return a segment flagged by the rule "lost" with what it gave up and to whom."""
    note = f"lost {lost_ml:.3g} ml to {by}"
    return replace(segment, state="check", rules=tuple(dict.fromkeys((*segment.rules, "lost"))),
                   note="; ".join(filter(None, (note, segment.note))))  # fmt: skip
