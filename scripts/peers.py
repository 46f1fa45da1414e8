"""Where the readers of ``peer_readers`` run: their throw-away environment, and one process for each reading.

Each reading runs in a process of its own, so that one that crashes, hangs or eats the memory costs one row of a table.
dicom2nifti and dcm2niix are no libraries of this project: pip puts them into a virtual environment in the user's cache
(or the temporary folder), which is kept for the next run. Where they cannot be installed they are "not available".
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from peer_readers import PROGRAMS, READERS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("dicom2nifti>=2.6", "dcm2niix>=1.0.20250505")
NOT_AVAILABLE = "not available"
_INSTALL_LIMIT_S = 1200  # some peers come with gigabytes
_LIBRARIES = ("numpy", "pydicom", "SimpleITK", "highdicom", "nibabel", "dicom2nifti", "dcm2niix")


# ---- the environments

def product_python(script: str, help_text: str, arguments: list[str]) -> Path:
    """Return the Python that runs this project: this one where its libraries are here, else that of ``.venv``."""
    if all(importlib.util.find_spec(name) for name in ("numpy", "pydicom", "SimpleITK", "highdicom", "numba")):
        return Path(sys.executable)
    from environment import start

    return start(script, help_text, arguments, tests=False)[0]


def again(python: Path, script: str, arguments: list[str]) -> int:
    """Run a script once more in the environment of this project; return its exit code."""
    return subprocess.run([python, script, *arguments], env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode


def peer_python(
    say: Callable[[str], None] = lambda text: None, packages: tuple[str, ...] = PACKAGES
) -> Path | None:
    """Return the Python of the throw-away environment, made at the first call; ``None`` where it cannot be made."""
    wanted = hashlib.sha256(repr((packages, sys.version_info[:2], platform.machine())).encode()).hexdigest()[:16]
    for base in (Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"), Path(tempfile.gettempdir())):
        folder = base / "anatomy-twin" / f"peers-{wanted}"
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if (folder / "ready").exists() and python.exists():
            return python
        say(f"installing {' and '.join(name.split('>')[0] for name in packages)} (once)")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            subprocess.run(
                [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input", *packages],
                check=True, capture_output=True, timeout=_INSTALL_LIMIT_S,
            )
            (folder / "ready").touch()
        except OSError:
            continue  # not to be written to: the temporary folder may be
        except subprocess.SubprocessError:
            return None
        return python
    return None


def machine_facts(python: Path, peers: Path | None) -> dict[str, str]:
    """Return what a measurement depends on: processor, cores, system, Python and the versions of the libraries."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    facts = {"processor": model, "cores": str(os.cpu_count()), "system": f"{platform.system()} {platform.release()}",
             "python": platform.python_version()}
    with contextlib.suppress(OSError):
        facts["load before"] = f"{os.getloadavg()[0]:.2f}"
    code = ("import importlib.metadata as m, json, sys\nfound = {}\n"
            "for name in sys.argv[1:]:\n    try: found[name] = m.version(name)\n"
            "    except m.PackageNotFoundError: pass\nprint(json.dumps(found))")
    for own in (python, peers):
        if own is not None:
            done = subprocess.run([own, "-c", code, *_LIBRARIES], capture_output=True, text=True, timeout=60)
            for name, version in json.loads(done.stdout or "{}").items():
                facts.setdefault(name, version)
    return facts


# ---- one reading in a process of its own

@dataclass(frozen=True)
class Outcome:
    """What a child process said: ``reply`` of a reader that came back, or ``failure`` in one line; ``output`` is what
    it wrote to its terminal meanwhile."""

    reply: dict[str, Any] | None
    failure: str
    output: str


def run_reader(request: dict[str, Any], python: Path, limit_s: float) -> Outcome:
    """Serve one request (see ``serve``) in a fresh process, which is killed after ``limit_s`` with all it started."""
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as scratch:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": scratch}
        output = Path(scratch) / "output.txt"
        with output.open("wb") as terminal:
            child = subprocess.Popen(
                [python, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=terminal, env=environment,
                start_new_session=os.name == "posix",
            )
            try:
                answer, _ = child.communicate(json.dumps(request).encode(), timeout=limit_s)
            except subprocess.TimeoutExpired:
                return Outcome(None, f"no answer within {limit_s:g} s", "")
            finally:
                _end(child)
        text = output.read_text(errors="replace")
    if not answer:
        return Outcome(None, f"its process ended with code {child.returncode}", text)
    reply = json.loads(answer)
    return Outcome(None, reply["failure"], text) if "failure" in reply else Outcome(reply, "", text)


def _end(child: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Read a folder with one reader, in the child process.

    ``request`` holds ``reader`` (a key of ``READERS``), ``folder`` and ``files`` (sorted along the slice normal). With
    ``warm_up`` (folder and files of a tiny series) the reading is measured after the imports and one reading of the
    tiny series. With ``truth`` (array file and index-to-LPS matrix) the voxels are compared with the truth; with
    ``save`` they are written there as ``N.npz``.
    """
    load, arrays_of = READERS[request["reader"]]()
    files = [Path(file) for file in request["files"]]
    if "warm_up" in request:
        folder, small = request["warm_up"]
        load(Path(folder), [Path(file) for file in small])
        result, reply = _measured(partial(load, Path(request["folder"]), files))
    else:
        result, reply = load(Path(request["folder"]), files), {}
    arrays, words = arrays_of(result)
    reply |= {"words": list(words), "count": len(arrays)}
    if arrays:
        kind = "file" if request["reader"] in PROGRAMS else str(arrays[0][0].dtype)
        reply |= {"dtype": kind, "shape": list(arrays[0][0].shape)}
    if "truth" in request:
        reply["agrees"] = agreement(arrays, *request["truth"])
    if "save" in request:
        import numpy as np

        for number, (array, affine) in enumerate(arrays):
            np.savez(Path(request["save"]) / f"{number}.npz", array=array, affine=affine)
    return reply


def agreement(arrays: Sequence[tuple[Any, Any]], truth_file: str, truth_affine: Sequence[Sequence[float]]) -> str:
    """Say whether a reader's voxels are those of the truth at the same places in the patient.

    A reader may index its array in any order and direction: the two index-to-LPS matrices tell how the axes map.
    """
    import numpy as np

    truth, wanted = np.load(truth_file, mmap_mode="r"), np.asarray(truth_affine)
    if len(arrays) != 1:
        return f"{len(arrays)} volumes"
    array, affine = arrays[0]
    turn = np.linalg.inv(affine) @ wanted  # index of the truth -> index of the reader
    signs = np.rint(turn[:3, :3])
    if np.abs(turn[:3, :3] - signs).max() > 1e-3 or np.abs(signs).sum() != 3:
        return "other places"
    axes = [int(np.argmax(np.abs(signs[:, n]))) for n in range(3)]
    moved = np.transpose(array, axes)
    moved = moved[tuple(slice(None, None, int(signs[axes[n], n])) for n in range(3))]
    corner = affine @ [*(0 if signs[axis].sum() > 0 else array.shape[axis] - 1 for axis in range(3)), 1]
    if moved.shape != truth.shape or np.abs(corner - wanted[:, 3]).max() > 0.01:
        return "other places"
    worst = max(float(np.abs(moved[k].astype(np.float64) - truth[k]).max()) for k in range(len(truth)))
    return "same" if worst == 0 else f"values differ by up to {worst:g}"


# ---- wall clock, processor time and memory of a process with its children

def _measured(work: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    import gc
    import resource

    gc.collect()
    before = {pid: _status_bytes(pid, "VmRSS") for pid in _descendants()}
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # peak memory counts from here
    baseline = _status_bytes(os.getpid(), "VmRSS")
    cpu, wall = _cpu_s(), time.perf_counter()
    result = work()
    wall, cpu = time.perf_counter() - wall, _cpu_s() - cpu
    peak: float | None = _status_bytes(os.getpid(), "VmHWM") - baseline
    # children: those that live still above what they had, and the largest of those that have ended
    peak += sum(max(0, _status_bytes(pid, "VmHWM") - before.get(pid, 0)) for pid in _descendants())
    since = resource.getrusage(resource.RUSAGE_CHILDREN)
    bound = False
    if since.ru_utime + since.ru_stime > ended.ru_utime + ended.ru_stime:
        # a child's figure begins with its parent's memory at the fork, and the warm-up's child may be the largest
        bound = since.ru_maxrss == ended.ru_maxrss or since.ru_maxrss * 1024 < 1.1 * baseline
        peak += since.ru_maxrss * 1024
    if not baseline:
        peak = None  # no /proc on this system
    return result, {"wall_s": wall, "cpu_s": cpu, "peak_bytes": peak, "peak_is_upper_bound": bound,
                    "baseline_bytes": baseline}


def _cpu_s() -> float:
    """Return the processor seconds of this process, its ended children and its living descendants."""
    import resource

    total = sum(usage.ru_utime + usage.ru_stime for usage in
                map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
    for pid in _descendants():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def _descendants() -> list[int]:
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(entry.parent.name)] = int(entry.read_text().rsplit(")", 1)[1].split()[1])
    found, fresh = [], [os.getpid()]
    while fresh:
        fresh = [pid for pid, parent in parents.items() if parent in fresh]
        found += fresh
    return found


def _status_bytes(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _child() -> None:
    """Answer the request on standard input with one JSON document; what libraries print goes to standard error."""
    reply_to = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.read())
    try:
        reply = serve(request)
    except BaseException as error:  # noqa: BLE001 - a reader that raises anything has refused
        words = " ".join(str(error).split())
        reply = {"failure": f"{type(error).__name__}: {words}"[:300]}
    with os.fdopen(reply_to, "w") as stream:
        json.dump(reply, stream)


if __name__ == "__main__":
    _child()
