"""The line that stands in every report, window, picture, export and saved case."""

from typing import Final

INTENDED_USE: Final = "For rehearsal and training only. Not for diagnosis or treatment."
