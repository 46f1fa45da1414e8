"""A generated patient whose tumour of 22 mm lies against a hepatic vein of 9 mm, and a plan that its table covers."""

from __future__ import annotations

from functools import cache

import anatomy_twin as at
from anatomy_twin.phantom import Tumour, make_patient_with

SEED = 2
# the place was searched among those with a vein of more than 8 mm on one side and no portal branch within 4 mm; entry,
# tip, power and time are what ``at.propose`` gives for a margin of 5 mm
TUMOUR = Tumour("tumour_1", (-82.9, 11.8, 172.1), 11.0, 0.3)
NEEDLE = at.Applicator("mwa-generic", (25.05, -253.11, -609.7), (-95.55, -130.9, -564.02), 100.0, 575.0)


@cache
def case_beside_vein() -> at.Case:
    """The case with exact labels, plan A and its check."""
    patient = make_patient_with(SEED, [TUMOUR], matrix=256)
    case = at.Case.new(volume=patient.volume, labels=patient.truth)
    plan = at.AblationPlan("A", "tumour_1", (NEEDLE,))
    return case.with_plan(plan, at.check_plan(case, plan))
