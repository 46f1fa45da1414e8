"""``python -m anatomy_twin`` is the command line."""

from anatomy_twin.cli.main import entry_point

entry_point()
