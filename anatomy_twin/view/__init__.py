"""The desktop window: 3-D and three linked slices of a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anatomy_twin.errors import RenderError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

__all__ = ["open_window"]


def open_window(case: Case | str | Path | None = None, plan_name: str | None = None) -> int:
    """Show a case (or the folder of one, which can then be saved) until the window is closed; return 0.

    Without a case the start page is shown. Raises ``RenderError`` in one line where Qt is not installed or no window
    can be drawn here, ``StoreError`` where no case can be read.
    """
    from anatomy_twin.render import can_render

    works, message = can_render()
    if not works:
        raise RenderError(message)
    try:
        import PySide6.QtWidgets  # noqa: F401
        import pyvistaqt  # noqa: F401
    except ImportError as error:
        raise RenderError(
            "the window needs PySide6 and pyvistaqt", where=str(error), advice="pip install 'anatomy-twin[desktop]'"
        ) from error
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.application import run_application

    if case is None:
        session = None
    elif isinstance(case, str | Path):
        session = Session.open(case)
    else:
        session = Session(case)
    return run_application(session, plan_name)
