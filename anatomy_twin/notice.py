"""The lines that stand in every report, window, picture, export and saved case."""

from typing import Final

INTENDED_USE: Final = "For rehearsal and training only. Not for diagnosis or treatment."
SYNTHETIC_NOTE: Final = "Generated patient: the numbers are of a phantom, not of a person."
