"""The report of a case: one HTML page, one PDF, one JSON document with the same content."""

from anatomy_twin.report.write import write_report

__all__ = ["write_report"]
