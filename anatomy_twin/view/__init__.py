"""The desktop window: 3-D and three linked slices of a case."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from anatomy_twin.errors import RenderError

if TYPE_CHECKING:
    from anatomy_twin.core import Case
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow

__all__ = ["open_window"]


def open_window(
    case: Case | str | Path | None = None, plan_name: str | None = None,
    shown: Callable[[RehearsalWindow], object] | None = None,
) -> int:
    """Show a case (or the folder of one, which can then be saved) until the window is closed; return 0.

    Without a case the start page is shown; a scan is offered for import there. The case is read while the libraries of
    the window are loaded. ``shown`` is called with the window as soon as it stands on the screen, before anything is
    painted. Raises ``RenderError`` in one line where Qt is not installed or no window can be drawn here, ``StoreError``
    where no case can be read.
    """
    from anatomy_twin.pipeline.scans import may_be_scan
    from anatomy_twin.render.probe import can_render
    from anatomy_twin.view.allocator import keep_together

    keep_together()
    scan = Path(case) if isinstance(case, str | Path) and may_be_scan(case) else None
    pool = ThreadPoolExecutor(3)
    reading = pool.submit(_session_of, None if scan is not None else case)
    drawing = pool.submit(can_render)
    handed_over = False

    def session() -> Session | None:
        nonlocal handed_over
        found = reading.result()
        handed_over = True  # from here on the window closes it
        return found

    try:
        display = pool.submit(_check_display)
        _load_libraries()
        works, message = drawing.result()
        if not works:
            raise RenderError(message)
        display.result()
        from anatomy_twin.view.application import run_application

        return run_application(session, plan_name, shown if scan is None else _importing(scan, shown))
    except RenderError:
        reading.result()  # that no case is there is told first
        raise
    finally:
        pool.shutdown()
        if not handed_over:
            _close(reading)


def _importing(
    scan: Path, shown: Callable[[RehearsalWindow], object] | None
) -> Callable[[RehearsalWindow], object]:
    """Return what looks through a scan as soon as the window is there."""
    from anatomy_twin.view.opening import Opening

    def begin(window: RehearsalWindow) -> None:
        if shown is not None:
            shown(window)
        Opening.of(window).open_path(scan)

    return begin


def _session_of(case: Case | str | Path | None) -> Session | None:
    from anatomy_twin.pipeline.session import Session

    if case is None:
        return None
    return Session.open(case) if isinstance(case, str | Path) else Session(case)


def _check_display() -> None:
    from anatomy_twin.view.display import check_display

    check_display()


def _load_libraries() -> None:
    from anatomy_twin.view.charts_later import charts_later

    try:
        import PySide6.QtWidgets  # noqa: F401

        with charts_later():
            import pyvistaqt  # noqa: F401
    except ImportError as error:
        raise RenderError(
            "the window needs PySide6 and pyvistaqt", where=str(error), advice="pip install 'anatomy-twin[desktop]'"
        ) from error


def _close(reading: Future[Session | None]) -> None:
    """Give back the lock of a case that was read and is not shown."""
    session = None if reading.exception() is not None else reading.result()
    if session is not None:
        session.close()
