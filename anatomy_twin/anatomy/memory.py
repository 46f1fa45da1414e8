"""Whether there is memory enough, said before it is taken."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from anatomy_twin.errors import MeshError

SHARE_OF_FREE = 0.8
GROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self/cgroup")


def check_memory(
    needed_bytes: float, what: str, advice: str, limit_bytes: float | None = None, *, share: float = SHARE_OF_FREE
) -> None:
    """Raise ``MeshError`` where ``what`` would need more than ``limit_bytes``, or than ``share`` of what is free."""
    limit = share * free_bytes() if limit_bytes is None else limit_bytes
    if needed_bytes > limit:
        raise MeshError(
            f"{what} would need about {needed_bytes / 1e9:.2g} GB of memory and {limit / 1e9:.2g} GB can be used",
            advice=advice,
        )


def free_bytes() -> float:
    """Return what this process can still take: of the machine's memory, its own limit and that of its container."""
    free = [float(psutil.virtual_memory().available), *_left_of_process(), *_left_of_groups()]
    return max(0.0, min(free))


def _left_of_process() -> Iterator[float]:
    """Give what is left of the address space (``ulimit -v``), where that is limited."""
    if sys.platform == "win32":
        return
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        yield float(limit - psutil.Process().memory_info().vms)


def _left_of_groups(groups: Path = GROUPS, process: Path = PROCESS) -> Iterator[float]:
    """Give what is left in each control group that the process is in (Linux, version 2 and 1), where that is limited.

    A group's file cache that is not in use counts as free: the kernel gives it up first.
    """
    lines = _text(process).splitlines()
    for line in lines:
        _, kinds, path = [*line.split(":", 2), "", ""][:3]
        if kinds == "":
            root, most, used, cache = groups, "memory.max", "memory.current", "inactive_file"
        elif "memory" in kinds.split(","):
            root, most, used, cache = (
                groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # inside a container its own group is seen as the root, whatever its path is called outside
        inner = root / path.strip("/")
        for folder in dict.fromkeys((inner, *inner.parents)):
            if folder != root and root not in folder.parents:
                break
            limit, taken = _text(folder / most).strip(), _text(folder / used).strip()
            if limit.isdigit() and taken.isdigit() and int(limit) < 2**60:  # version 1 writes "none" as a huge number
                stat = dict(entry.split()[:2] for entry in _text(folder / "memory.stat").splitlines() if " " in entry)
                yield float(int(limit) - int(taken) + int(stat.get(cache, "0")))


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError):
        return ""
