"""The desktop window: 3-D and three linked slices of a case."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from anatomy_twin.errors import RenderError

if TYPE_CHECKING:
    from anatomy_twin.core import Case
    from anatomy_twin.pipeline.session import Session

__all__ = ["open_window"]


def open_window(case: Case | str | Path | None = None, plan_name: str | None = None) -> int:
    """Show a case (or the folder of one, which can then be saved) until the window is closed; return 0.

    Without a case the start page is shown. The case is read while the libraries of the window are loaded. Raises
    ``RenderError`` in one line where Qt is not installed or no window can be drawn here, ``StoreError`` where no case
    can be read.
    """
    from anatomy_twin.render.probe import can_render

    pool = ThreadPoolExecutor(3)
    reading = pool.submit(_session_of, case)
    drawing = pool.submit(can_render)
    shown = False

    def session() -> Session | None:
        nonlocal shown
        found = reading.result()
        shown = True  # from here on the window closes it
        return found

    try:
        display = pool.submit(_check_display)
        _load_libraries()
        works, message = drawing.result()
        if not works:
            raise RenderError(message)
        display.result()
        from anatomy_twin.view.application import run_application

        return run_application(session, plan_name)
    except RenderError:
        reading.result()  # that no case is there is told first
        raise
    finally:
        pool.shutdown()
        if not shown:
            _close(reading)


def _session_of(case: Case | str | Path | None) -> Session | None:
    from anatomy_twin.pipeline.session import Session

    if case is None:
        return None
    return Session.open(case) if isinstance(case, str | Path) else Session(case)


def _check_display() -> None:
    from anatomy_twin.view.display import check_display

    check_display()


def _load_libraries() -> None:
    try:
        import PySide6.QtWidgets  # noqa: F401
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
