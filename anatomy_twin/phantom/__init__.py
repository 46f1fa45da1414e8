"""A seed makes a synthetic patient: labels, image, vessel trees, DICOM series. No data of a person goes in."""

from anatomy_twin.core import VesselTree
from anatomy_twin.phantom.abdomen.lesions import Tumour
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.kinds import KINDS
from anatomy_twin.phantom.patient import PHASES, SyntheticPatient, make_patient, make_patient_with
from anatomy_twin.phantom.post_scan import STILL, AblatedZone, Bump, Deformation, breathing, make_second_scan
from anatomy_twin.phantom.samples import sample_folder
from anatomy_twin.phantom.series import write_series
from anatomy_twin.phantom.truth import write_truth_seg

__all__ = [
    "KINDS", "PHASES", "STILL", "USUAL", "AblatedZone", "Bump", "Conditions", "Deformation", "SyntheticPatient",
    "Tumour", "VesselTree", "breathing", "make_patient", "make_patient_with", "make_second_scan", "sample_folder",
    "write_series", "write_truth_seg",
]
