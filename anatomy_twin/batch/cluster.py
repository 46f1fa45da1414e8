"""Dask: a scheduler of our own in this process, or one that runs elsewhere.

The own one opens no port but one of Dask's that cannot be left out: an HTTP server, bound to 127.0.0.1 and without a
single page. Its workers are threads here: all they do is to wait for the child process in which a study runs.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import queue
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import dask
from dask.system import CPU_COUNT
from distributed import Client, Scheduler, SpecCluster, Worker
from distributed.system import MEMORY_LIMIT

from anatomy_twin import __version__
from anatomy_twin.batch.study import Outcome, Settings, Study
from anatomy_twin.batch.task import run_study
from anatomy_twin.errors import TwinError, UsageError, WorkerError

CONNECT_S: Final = 20.0
ALONE_S: Final = 120.0
_LOOK_S: Final = 5.0
# what this program may use: less than the machine has where it runs in a container
CORES, MEMORY_BYTES = int(CPU_COUNT), int(MEMORY_LIMIT)
_EACH_BYTES: Final = 6 * 2**30  # what a large scan may take
_SHARE: Final = 0.9
_QUIET: Final = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.limit": "1h",  # a busy machine is no news
    "distributed.comm.timeouts.connect": f"{CONNECT_S:g}s",
}


@contextlib.contextmanager
def connected(workers: int, address: str | None, folder: Path) -> Iterator[Client]:
    """Give a client of the scheduler at ``address``, or of one that is started for the time of the block.

    ``folder`` takes what the own workers may write. Raises ``UsageError`` where nothing answers in ``CONNECT_S``.
    """
    with _quiet(), dask.config.set({**_QUIET, "temporary-directory": str(folder)}):
        if address is not None:
            with contextlib.closing(_client(address)) as client:
                yield client
            return
        http = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
        worker = {"nthreads": 1, "memory_limit": 0, "local_directory": str(folder), "protocol": "inproc", **http}
        with (
            SpecCluster(
                scheduler={"cls": Scheduler, "options": {"protocol": "inproc", **http}},
                workers={number: {"cls": Worker, "options": worker} for number in range(workers)},
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client


def _client(address: str) -> Client:
    try:
        return Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise UsageError(f"no Dask scheduler answers there within {CONNECT_S:g} s", where=address[:80],
                         advice="give its address as in tcp://HOST:8786, and see that it runs") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what Dask logs: it may quote what a task was given."""
    names = ["distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))]
    levels = {name: logging.getLogger(name).level for name in names}  # Dask gives levels to some of them
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def default_workers() -> int:
    """Return how many studies this machine can run side by side."""
    return max(1, min(CORES, MEMORY_BYTES // _EACH_BYTES))


def check_workers(client: Client, mark: Path) -> int:
    """Return the memory in bytes that each study can have, the smallest share of any machine.

    ``mark`` is a file that every worker has to see: studies and results travel over a disk that all machines share.

    Raises ``UsageError`` where there is no worker, or where one has another version or another disk.
    """
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError as error:
        raise UsageError(f"the scheduler has had no worker for {CONNECT_S:g} s",
                         advice="start one with: dask worker ADDRESS") from error
    try:
        found = client.run(_look, str(mark))
    except Exception as error:
        raise UsageError(f"a worker cannot run the studies: {type(error).__name__}",
                         advice="install the same anatomy-twin on every worker") from error
    looks = [_Look(*look) for look in found.values()]
    if any(look.version != __version__ for look in looks):
        others = ", ".join(sorted({look.version for look in looks} - {__version__}))
        raise UsageError(f"a worker has version {others} of anatomy-twin, here it is {__version__}",
                         advice="install the same on every worker")
    if not all(look.sees for look in looks):
        raise UsageError("a worker does not see the folder of results",
                         advice="choose one for --out on a disk that all machines share, under the same path")
    threads: dict[str, int] = {}
    for look in looks:
        threads[look.machine] = threads.get(look.machine, 0) + look.threads
    return min(int(_SHARE * look.memory_bytes / threads[look.machine]) for look in looks)


class _Look(NamedTuple):
    version: str
    sees: bool
    machine: str
    threads: int
    memory_bytes: int


def _look(mark: str, dask_worker: Any = None) -> tuple[str, bool, str, int, int]:
    return __version__, Path(mark).is_file(), platform.node(), dask_worker.state.nthreads, MEMORY_BYTES


def run_all(client: Client, studies: Sequence[Study], settings: Settings) -> Iterator[Outcome]:
    """Run all studies and yield what became of each as it ends.

    Raises ``WorkerError`` where there is no worker left for ``ALONE_S``.
    """
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    futures = {}
    for study in studies:
        future = client.submit(run_study, study, settings, key=f"{settings.work.name}-{study.name}", pure=False)
        futures[future] = study
        future.add_done_callback(ended.put)
    try:
        alone_since = None
        while futures:
            try:
                future = ended.get(timeout=_LOOK_S)
            except queue.Empty:
                alone_since = None if client.scheduler_info()["workers"] else alone_since or time.monotonic()
                if alone_since is not None and time.monotonic() - alone_since > ALONE_S:
                    raise WorkerError(f"no worker has been left for {ALONE_S:g} s",
                                      advice="call it again: finished studies are kept") from None
                continue
            yield _outcome(future, futures.pop(future))
            future.release()
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(futures))


def _outcome(future: Any, study: Study) -> Outcome:
    if future.status == "finished":
        outcome: Outcome = future.result()
        return outcome
    if future.status == "cancelled":
        return Outcome(study.name, "failed", "the scheduler ended, or gave it up")
    error = future.exception()
    if isinstance(error, TwinError):
        return Outcome(study.name, "failed", error.line)
    return Outcome(study.name, "failed", f"its worker failed: {type(error).__name__}")
