"""Cases on disk: a folder of open files, written whole or not at all, with a checksum for every byte."""

from anatomy_twin.store.load import load_case
from anatomy_twin.store.plan_file import load_plan, save_plan
from anatomy_twin.store.save import check_place, save_case
from anatomy_twin.store.seg_nrrd import load_labels
from anatomy_twin.store.verify import VerifyReport, verify_case

__all__ = [
    "VerifyReport", "check_place", "load_case", "load_labels", "load_plan", "save_case", "save_plan", "verify_case",
]
