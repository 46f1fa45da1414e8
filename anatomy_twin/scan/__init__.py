"""DICOM files and folders become volumes; what cannot be read truthfully is refused by name."""

from anatomy_twin.scan.find import find_series
from anatomy_twin.scan.pixels import readable_transfer_syntaxes
from anatomy_twin.scan.series import Series
from anatomy_twin.scan.verdict import GeometryVerdict
from anatomy_twin.scan.volume import load_volume

__all__ = ["GeometryVerdict", "Series", "find_series", "load_volume", "readable_transfer_syntaxes"]
