"""What a batch is given and what becomes of each study: plain frozen data that travels to the workers.

Volumes never travel: a worker reads or makes its study itself and writes the result beside the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from anatomy_twin.core import LabelMap, Volume

# the files of a finished study
RECORD, LABELS, OVERVIEW, CASE = "study.json", "labels.seg.nrrd", "overview.png", "case.twin.zip"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one study as ``find_studies`` found them.

    ``paths`` are sorted; where ``archive`` is given they are the names in it. ``series_uid`` names the series
    (``scan.Series.uid``) to take, empty for the best one. ``refusal`` is a reason that was known before any was read.
    """

    paths: tuple[Path, ...] = field(repr=False)
    series_uid: str = field(default="", repr=False)
    archive: Path | None = field(default=None, repr=False)
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A study that a function makes: ``function`` is "module:function", ``arguments`` its keyword arguments.

    It returns an object with the attributes ``volume`` and, where there is one, ``truth`` (a ``Sample``, or a
    ``phantom.SyntheticPatient``). The arguments are simple data whose ``repr`` tells them apart: a finished study is
    recognised by it.
    """

    function: str
    arguments: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.function.count(":") != 1:
            raise UsageError(f"{self.function!r} names no function", advice='write it as "module:function"')
        pairs = self.arguments.items() if isinstance(self.arguments, Mapping) else self.arguments
        object.__setattr__(self, "arguments", tuple(sorted(pairs)))


@dataclass(frozen=True, eq=False)
class Sample:
    """What a ``Call`` gives: a volume, its true labels on the same grid, and where these are complete.

    ``labelled`` is a bool array that broadcasts to [k, j, i] (for labelled slices: [k, 1, 1]); the comparison with
    ``truth`` looks at nothing outside. None stands for everywhere.
    """

    volume: Volume
    truth: LabelMap | None = None
    labelled: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """One study: ``name`` stands for it in all that is written, so it must not tell who the patient is.

    ``source`` is a folder, file or archive, ``Files`` or a ``Call``; ``truth`` a label file that the result is compared
    with; ``folder`` the place below the folder of studies, for those who ask for it.
    """

    name: str
    source: Path | Files | Call
    truth: Path | None = field(default=None, repr=False)
    folder: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(f"{self.name[:80]!r} cannot be the name of a study",
                             advice="use up to 64 letters, digits and _ . -")
        if isinstance(self.source, str):
            object.__setattr__(self, "source", Path(self.source))


@dataclass(frozen=True, slots=True)
class Settings:
    """How the studies of one batch are run. ``options`` makes results what they are; the rest does not.

    ``segmenter`` is its name as it was given; the options hold it without the folders of a file that it names.
    """

    out: Path
    work: Path
    segmenter: str = field(repr=False)
    options: tuple[tuple[str, Any], ...]
    version: str
    time_limit_s: float
    memory_limit_bytes: int | None
    save_cases: bool = False

    def option(self, name: str) -> Any:
        """Return one of the options."""
        return dict(self.options)[name]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one study.

    ``state`` is "done" or "failed" with a ``reason`` in one line; ``kept`` tells that it was finished by an earlier
    run. ``seconds`` and ``peak_memory_mb`` (of its process and those it started, together) are those of the run that
    made it.
    """

    name: str
    state: str
    reason: str = ""
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    kept: bool = False

    @property
    def done(self) -> bool:
        """True where there is a result."""
        return self.state == "done"


def without_names(line: str, study: Study) -> str:
    """Return a refusal without the names of the study's files and folders, which may be the patient's."""
    source = study.source
    paths = [source] if isinstance(source, Path) else []
    if isinstance(source, Files):
        paths = [*source.paths, *filter(None, [source.archive])]
    names: set[str] = set()
    for path in filter(None, [*paths, study.truth]):
        names |= {str(path), str(path.absolute()), str(path.parent), path.name}
    for name in sorted(names, key=len, reverse=True):
        if len(name) > 2:  # shorter ones are in every text
            line = line.replace(name, "(name)")
    return line
