"""A slow stand-in for what follows the hand, and a program with a server that is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from anatomy_twin.core import Case, Volume, VolumeGeometry, check_cancelled
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.live import NeedsPreparing, Preview
from anatomy_twin.pipeline.live_server import LiveServer

GATE = "ANATOMY_TWIN_TEST_GATE"  # names the folder of the gate


def prepare(case, plan):
    return case


def preview(prepared, plan, monitor):
    for _ in range(50):
        check_cancelled(monitor)
        time.sleep(0.02)
    return Preview(plan, caption="slow")


def prepare_target(case, plan):
    return plan.target


def quick(prepared, plan, monitor):
    """Answer at once, for the target that was prepared."""
    check_cancelled(monitor)
    if prepared != plan.target:
        raise NeedsPreparing
    return Preview(plan, caption=prepared)


def serve_and_sleep(note):
    grid = VolumeGeometry.upright((8, 8, 8), (1.0, 1.0, 1.0))
    server = LiveServer(Case.new(volume=Volume(np.zeros((8, 8, 8), np.int16), grid)), listener=lambda answer:
                        Path(note).write_text(str(server.process_id)))  # fmt: skip
    server.start()
    time.sleep(600)


def prepare_at_the_gate(case, plan):
    """Note the plan and wait until a file is there: a test says when preparing ends."""
    folder = Path(os.environ[GATE])
    with (folder / "prepared").open("a") as note:
        note.write(f"{plan.target} {plan.margin_mm:g}\n")
    while not (folder / "open").exists():
        time.sleep(0.01)
    return plan.target


def prepare_elsewhere(case, plan):
    """Prepare at once, for another kind of plan."""
    return plan.target


def refuse_at_the_gate(case, plan):
    """Wait as above, then refuse the plan that was prepared for."""
    prepare_at_the_gate(case, plan)
    raise PlanError(f"no ground for a margin of {plan.margin_mm:g} mm")
