"""What a search or a robustness analysis cannot be asked for."""

from __future__ import annotations

from typing import Final

from anatomy_twin.assess.margin import resolvable
from anatomy_twin.core import LabelMap, is_lesion
from anatomy_twin.errors import PlanError, UsageError
from anatomy_twin.plan import load_device

MOST: Final = 12  # applicators of a plan


def check_asked(
    labels: LabelMap, targets: tuple[str, ...], devices: tuple[str, ...], most: int, seed: int
) -> None:
    """Raise ``UsageError`` or ``PlanError`` for targets, devices, a number of applicators or a seed that cannot be."""
    if not targets or len(set(targets)) < len(targets):
        raise UsageError("no target, or one of them twice, was named", advice="name each target once")
    if not devices:
        raise UsageError("no device was named")
    if not 1 <= most <= MOST:
        raise UsageError(f"{most} applicators were allowed", advice=f"allow 1 to {MOST}")
    check_seed(seed)
    for device in devices:
        load_device(device)
    for target in targets:
        check_target(labels, target)
        if not is_lesion(target):
            raise PlanError(f"{target} is no lesion", advice="choose a tumour or lesion")


def check_target(labels: LabelMap, target: str) -> None:
    """Raise ``PlanError`` for a target that is not there, or too small for a margin."""
    reason = resolvable(labels, target) if target in labels else f"there is no {target!r}"
    if reason:
        raise PlanError(reason, advice="choose a target with an outline")


def check_seed(seed: int) -> None:
    """Raise ``UsageError`` for what is no seed."""
    if seed < 0:
        raise UsageError(f"the seed is {seed}", advice="give a whole number that is not negative")
