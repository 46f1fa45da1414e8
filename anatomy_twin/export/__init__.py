"""One structure of a case becomes a file for other programs: one format, one file here, one line in ``plugins``."""

from anatomy_twin.export.chamber import export_chamber
from anatomy_twin.export.traces import traces_ready, write_traces
from anatomy_twin.export.write import export

__all__ = ["export", "export_chamber", "traces_ready", "write_traces"]
