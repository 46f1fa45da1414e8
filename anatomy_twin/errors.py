"""The errors this package raises on purpose; everything else is a bug.

Each error is one line for a person: what is wrong, where, and what to do about it.
"""

from __future__ import annotations


class TwinError(Exception):
    """Base of all refusals.

    Parameters
    ----------
    what : what is wrong, in one clause.
    where : the place (a structure, a slice number, a point in mm, a file name for the terminal).
    advice : what the user can do.
    """

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        self.what = " ".join(what.split())
        self.where = " ".join(where.split())
        self.advice = " ".join(advice.split())
        super().__init__(self.line)

    @property
    def line(self) -> str:
        """The whole message on one line."""
        head = f"{self.what} ({self.where})" if self.where else self.what
        return f"{head}; {self.advice}" if self.advice else head

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.advice)


def _rebuild(kind: type[TwinError], what: str, where: str, advice: str) -> TwinError:
    return kind(what, where=where, advice=advice)


class UsageError(TwinError):
    """The call itself is wrong: an unknown name, a missing option."""


class DataError(TwinError):
    """A value breaks the contract of a type: wrong shape, not finite, out of range."""


class ScanError(TwinError):
    """A scan cannot be read, or cannot be read truthfully."""


class GeometryError(ScanError):
    """The slices of a series do not make one regular volume."""


class SegmentationError(TwinError):
    """A segmenter cannot give an answer on this volume."""


class MeshError(TwinError):
    """A surface or tetrahedral mesh cannot be built or does not hold its certificate."""


class PlanError(TwinError):
    """A plan cannot be made, or names what is not there."""


class SimulationError(TwinError):
    """A simulation cannot run as asked."""


class StoreError(TwinError):
    """A case on disk is missing, changed or of another version."""


class RenderError(TwinError):
    """Pictures cannot be drawn on this machine."""


class ReportError(TwinError):
    """A report cannot be written."""


class WorkerError(TwinError):
    """A child process died, ran out of its limits or gave no answer."""


class Cancelled(TwinError):
    """The user stopped a running stage; the case is as it was before."""
