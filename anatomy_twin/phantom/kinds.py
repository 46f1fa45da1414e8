"""The kinds of synthetic patient: what each shows and, where it is not the abdomen, which function makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from anatomy_twin.phantom.intensity import PHASES


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: ``title`` and ``region`` for headers, and ``make``: "module:function" if another module makes it.

    The function takes the arguments of ``make_patient`` in their order and returns a ``SyntheticPatient``.
    ``phases`` are those it can be shown in. ``detailed`` : drawn with what the model learned later (bile duct, thicker
    back, more bowel, own enhancement); the first two kinds are not, as the sample scans are made of them and their
    pictures stay as they are. ``patient`` : the kind whose patient of the same seed is shown, if it is another one's.
    """

    title: str
    region: str = "abdomen"
    make: str = ""
    detailed: bool = False
    phases: tuple[str, ...] = PHASES
    patient: str = ""


TABLE: Final[dict[str, Kind]] = {
    "liver_tumour": Kind("Liver tumour"),
    "healthy_abdomen": Kind("Healthy abdomen"),
    "abdomen": Kind("Abdomen without lesions", detailed=True),
    "liver_metastases": Kind("Liver metastases", detailed=True),
    "liver_carcinoma": Kind("Liver carcinoma", detailed=True),
    "liver_cysts": Kind("Liver cysts", detailed=True),
    "kidney_lesions": Kind("Kidney lesions", detailed=True),
    "chest": Kind("Chest", "chest", "anatomy_twin.phantom.chest.patient:make_chest", phases=PHASES[:3]),
    "heart": Kind("Heart", "heart", "anatomy_twin.phantom.heart.patient:make_heart", phases=PHASES[:2]),
    "heart_lge": Kind("Left atrium, late enhancement", "heart", "anatomy_twin.phantom.heart.lge:make_heart_lge",
                      phases=("delayed",), patient="heart"),
    "head": Kind("Head", "head", "anatomy_twin.phantom.head.patient:make_head", phases=PHASES[:1]),
    "head_fillings": Kind(
        "Head with metal fillings", "head", "anatomy_twin.phantom.head.patient:make_head", phases=PHASES[:1]
    ),
}
KINDS: Final = tuple(TABLE)


def maker_of(kind: str) -> Callable[..., Any] | None:
    """Return the function that makes this kind, loaded now; None where it is an abdomen."""
    module, _, function = TABLE[kind].make.partition(":")
    return getattr(import_module(module), function) if module else None
