"""The names of the members of an archive: each is checked alone and against all others before a byte is written."""

from __future__ import annotations

import unicodedata
from typing import Final

from anatomy_twin.archive.limits import ADVICE, Limits
from anatomy_twin.errors import StoreError

_RESERVED: Final = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789\xb9\xb2\xb3"
}  # learn.microsoft.com, "Naming Files, Paths, and Namespaces"
_TURNING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # writing direction


def shown(name: object) -> str:
    """Return a name out of an archive as it may stand in a message: short and plain."""
    return ascii(str(name)[:60])


class Names:
    """Gives the parts of each acceptable name; ``StoreError`` for any other."""

    def __init__(self, limits: Limits, where: str) -> None:
        self._limits, self.where = limits, where
        self._spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._files: set[tuple[str, ...]] = set()
        self._folders: set[tuple[str, ...]] = set()
        self._count = 0

    def add(self, name: str, is_folder: bool) -> tuple[str, ...]:
        """Return the parts of a name (none for the top folder itself); ``StoreError`` if it is not acceptable."""
        self._count += 1
        if self._count > self._limits.members:
            raise self.refusal(f"archive has more than {self._limits.members} members")
        parts = self._parts(name, is_folder)
        keys = tuple(_key(part) for part in parts)
        for length in range(1, len(parts) + 1):
            if self._spelled.setdefault(keys[:length], parts[:length]) != parts[:length]:
                raise self.refusal(f"archive has two members that are one on some systems, one of them {shown(name)}")
            if length < len(parts):
                self._folders.add(keys[:length])
        if not is_folder:
            if keys in self._files:
                raise self.refusal(f"archive has two members called {shown(name)}")
            self._files.add(keys)
        elif keys:
            self._folders.add(keys)
        return parts

    def finish(self) -> None:
        """Raise ``StoreError`` if a name is a file and a folder as well."""
        if both := self._files & self._folders:
            name = "/".join(self._spelled[min(both)])
            raise self.refusal(f"archive has a file and a folder called {shown(name)}")

    def refusal(self, what: str) -> StoreError:
        """Return the error for a member that is refused."""
        return StoreError(what, where=self.where, advice=ADVICE)

    def _parts(self, name: str, is_folder: bool) -> tuple[str, ...]:
        plain = name.removesuffix("/") if is_folder else name
        if is_folder and plain == ".":
            return ()
        while plain.startswith("./"):  # as "tar c ." writes every name
            plain = plain[2:]
        problem = _problem(plain, self._limits)
        if problem:
            raise self.refusal(f"archive has a member whose name {problem}: {shown(name)}")
        return tuple(plain.split("/"))


def _problem(name: str, limits: Limits) -> str:
    """Return what is wrong with the name of a member, or nothing."""
    parts = name.split("/")
    try:
        sizes = [len(part.encode("utf-8")) for part in parts]
    except UnicodeEncodeError:
        return "is not text"
    checks = (
        ("is empty", not name),
        ("holds a zero byte", "\0" in name),
        ("holds a backslash", "\\" in name),
        ("is an absolute path", name.startswith("/")),
        ("holds a drive letter or a colon", ":" in name),
        ("leads out of its folder", ".." in parts),
        ("has an empty part", "" in parts or "." in parts),
        ("holds characters that cannot be seen", any(_is_unseen(letter) for letter in name)),
        ("is too long", len(parts) > limits.depth or sum(sizes) + len(parts) > limits.path_bytes),
        ("is too long", max(sizes) > limits.part_bytes),
        ("ends in a dot or a blank", any(part != part.rstrip(". ") for part in parts)),
        ("is reserved on some systems", any(part.split(".")[0].rstrip().casefold() in _RESERVED for part in parts)),
    )
    return next((problem for problem, found in checks if found), "")


def _is_unseen(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in ("Cc", "Zl", "Zp")


def _key(part: str) -> str:
    """Return what a file system that folds case and normalises text may take the part of a name for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", part).casefold())
