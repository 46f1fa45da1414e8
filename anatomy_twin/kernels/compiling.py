"""How kernels are compiled, without the ways in that nobody uses, and on how many threads they run."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import numba

# numba's decorator for a kernel, with no way in from C, which takes a sixth of the time to compile. A function that
# only other kernels call needs none from Python either: ``no_cpython_wrapper=True``.
njit: Final[Any] = partial(numba.njit, no_cfunc_wrapper=True)

IMPORTED: Final = re.compile(r"^\s*from anatomy_twin\.kernels(?:\.(\w+))? import (\([^)]*\)|[^\n#]*)", re.MULTILINE)


def njit_of_sources(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile and cache a kernel that is built of parts in other files of this room.

    numba looks at the file of the kernel only to see whether what it has cached is still right. Here every file of
    this room that the kernel's file imports, and those imported by them, count as well.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        made = njit(cache=True, **options)(function)
        file = made._cache._cache_file  # numba has no public way; ``test_compiling`` notices where it goes away
        file._source_stamp = (file._source_stamp, sources_digest(str(sys.modules[function.__module__].__file__)))
        return made

    return decorate


def sources_digest(file: str) -> str:
    """Return one hash of a kernel's file and of all files of this room it is built of."""
    found: dict[str, str] = {}
    todo = [Path(file)]
    while todo:
        path = todo.pop()
        if path.name in found:
            continue
        text = path.read_text(encoding="utf-8")
        found[path.name] = text
        todo += [path.with_name(f"{name}.py") for name in _imported(text) if path.with_name(f"{name}.py").exists()]
    joined = "".join(f"{name}\0{text}\0" for name, text in sorted(found.items()))
    return hashlib.sha256(joined.encode()).hexdigest()


@cache
def _imported(text: str) -> tuple[str, ...]:
    """Return the names of this room's files that a source imports."""
    names: list[str] = []
    for module, what in IMPORTED.findall(text):
        names += [module] if module else [part.split()[0] for part in what.strip("()").split(",") if part.strip()]
    return tuple(names)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Run the kernels within on so many threads, at most as many as there were."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(count, before))
    try:
        yield
    finally:
        numba.set_num_threads(before)
