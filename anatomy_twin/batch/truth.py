"""The label file that belongs to a study: by its name, or by a pattern beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Final

from anatomy_twin.errors import UsageError

_ENDINGS: Final = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm")
# what label files are called beside the volume that they belong to
_TAILS: Final = ("", "_seg", "-seg", "_segmentation", "_label", "_labels", "_truth", "_mask")
# data sets with several channels number the volumes and not the labels
_CHANNEL: Final = "_0000"


@dataclass(frozen=True)
class Truths:
    """Where true labels are looked for: ``folder``, or files that match ``pattern`` beside a study."""

    folder: Path | None
    pattern: str

    @classmethod
    def of(cls, text: str | None, root: Path) -> Truths:
        """Read the option: an existing folder, or a pattern with * and ? in which {stem} is the name of the study.

        Raises ``UsageError`` for what is neither.
        """
        if not text:
            return cls(None, "")
        if Path(text).is_dir():
            if Path(text).absolute() == root:
                raise UsageError("--truth names the folder of studies itself",
                                 advice="give a pattern such as {stem}_seg.nii.gz")
            return cls(Path(text).absolute(), "")
        if Path(text).is_absolute() or ".." in Path(text).parts or not any(mark in text for mark in "*?[{."):
            raise UsageError("--truth names no folder and no pattern", where=text[:80],
                             advice="give a folder of label files, or a pattern such as truth* or {stem}_seg.nii.gz")
        return cls(None, text)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders that hold no studies."""
        return () if self.folder is None else (self.folder,)

    @cached_property
    def _named(self) -> dict[str, Path]:
        assert self.folder is not None
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        return {stem_of(path): path for path in files if path.name.lower().endswith(_ENDINGS)}

    def has(self, file: Path) -> bool:
        """Tell whether a file is one of true labels, and so no study."""
        parts = Path(self.pattern.replace("{stem}", "?*")).parts
        return bool(parts) and len(file.parts) > len(parts) and all(map(fnmatch, file.parts[-len(parts) :], parts))

    def of_file(self, file: Path, root: Path) -> Path | None:
        """Return the labels of a volume file or archive."""
        return self._match([file.parent], [stem_of(file), stem_of(file).removesuffix(_CHANNEL)], root)

    def of_folder(self, folders: list[Path], root: Path) -> Path | None:
        """Return the labels of a DICOM study that lies in ``folders``."""
        top = Path(os.path.commonpath(folders))
        above = [top]
        while above[-1] != root and root in above[-1].parents:
            above.append(above[-1].parent)
        stems = [path.name for path in above if path != root] or [root.name]
        places = [*dict.fromkeys([*folders, *(path for path in above if path != root)])] or [top]
        if len(above) <= 2 and root.is_dir():
            places.append(root)
        return self._match(places, stems, root)

    def _match(self, places: list[Path], stems: list[str], root: Path) -> Path | None:
        if self.folder is not None:
            for stem in stems:
                for tail in _TAILS:
                    if stem + tail in self._named:
                        return self._named[stem + tail]
            return None
        if not self.pattern:
            return None
        for place in dict.fromkeys(places):
            for stem in stems:
                found = sorted(path for path in place.glob(self.pattern.replace("{stem}", _escaped(stem)))
                               if path.is_file() and path.name.lower().endswith(_ENDINGS))  # fmt: skip
                own = [path for path in found if path.name.startswith(stem)]
                if len(own) == 1:
                    return own[0]
                if len(found) == 1 and (place != root or "{stem}" in self.pattern):
                    return found[0]
        return None


def stem_of(path: Path) -> str:
    """Return the name of a file without the endings of volume files and archives."""
    name = path.name
    for ending in (*_ENDINGS, ".tar.gz", ".tar.xz", ".tar.bz2", ".zip", ".tar", ".tgz", ".txz", ".tbz2"):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def _escaped(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
