"""A monitor that keeps what it was warned of."""

from __future__ import annotations


class Listener:
    """Never cancels; ``lines`` are the warnings."""

    cancelled = False

    def __init__(self):
        self.lines = []

    def stage(self, name):
        pass

    def progress(self, fraction):
        pass

    def warn(self, message):
        self.lines.append(message)
