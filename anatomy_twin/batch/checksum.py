"""By what a finished study is recognised: the bytes of its input and the options it was run with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from anatomy_twin.batch.study import Call, Files, Settings, Study
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import find_files

_CHUNK = 2**20


def fingerprint(study: Study, settings: Settings) -> dict[str, str]:
    """Return the checksums of input, truth and options; all of them are the same for a study that need not run again.

    The files are read whole: a size and a date do not tell whether a file is the same. Their names do not count.
    """
    return {
        "input_sha256": input_sha256(study.source),
        "truth_sha256": files_sha256([study.truth]) if study.truth is not None else "",
        "options_sha256": text_sha256([*settings.options, ("version", settings.version)]),
    }


def input_sha256(source: Path | Files | Call) -> str:
    """Return the checksum of what a study is made from."""
    if isinstance(source, Call):
        return text_sha256([source.function, [(name, repr(value)) for name, value in source.arguments]])
    if isinstance(source, Path):
        return files_sha256(find_files(source))
    if source.archive is None:
        return text_sha256([files_sha256(source.paths), source.series_uid])
    names = [path.as_posix() for path in source.paths]
    return text_sha256([files_sha256([source.archive]), names, source.series_uid])


def files_sha256(paths: Iterable[Path]) -> str:
    """Return one checksum of the contents of files, whatever they are called and in which order they come."""
    return text_sha256(sorted(_file_sha256(path) for path in paths))


def text_sha256(value: Any) -> str:
    """Return the checksum of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise ScanError(f"a file cannot be read: {error.strerror}", advice="check that it may be read") from None
    return digest.hexdigest()
