"""Other people's archives (zip, tar, tar.gz, tar.xz, tar.bz2): unpacked whole and within limits, or refused."""

from anatomy_twin.archive.limits import STANDARD, Limits
from anatomy_twin.archive.unpack import archive_kind, opened, unpack
from anatomy_twin.archive.zip_file import zip_names

__all__ = ["STANDARD", "Limits", "archive_kind", "opened", "unpack", "zip_names"]
