"""The desktop window: 3-D and three linked slices of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anatomy_twin.errors import RenderError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

__all__ = ["open_window"]


def open_window(case: Case, plan_name: str | None = None) -> int:
    """Show a case in the rehearsal window until it is closed; return 0.

    Raises ``RenderError`` in one line where Qt is not installed or no window can be drawn here.
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
    from anatomy_twin.view.application import run_application

    return run_application(case, plan_name)
