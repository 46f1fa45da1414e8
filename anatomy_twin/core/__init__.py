"""The types of the package: frozen data on read-only numpy arrays, no input or output."""

from anatomy_twin.core.anatomy import FROM_A_FILE, Anatomy, Certificate, Structure, Tissue, is_foreign
from anatomy_twin.core.assessment import Assessment, Cost, PlanCheck, Quantity, Rule
from anatomy_twin.core.case import Case, Patient, Step
from anatomy_twin.core.confirmation import Confirmation
from anatomy_twin.core.display import Display, LayerDisplay
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.geometry import VolumeGeometry, inverse_axes, reindex
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber, Fibres, Myocardium, Opening, Substrate
from anatomy_twin.core.induction import ARRHYTHMIAS, Induction, LesionRound, LesionSearch, SiteOutcome
from anatomy_twin.core.labels import ABSENT_STATES, Code, LabelMap, Segment, is_lesion
from anatomy_twin.core.measurements import Angle, Area, Ball, Diameters, Distance, Measurement
from anatomy_twin.core.mesh import SurfaceMesh, TetMesh
from anatomy_twin.core.monitor import SILENT, Monitor, SilentMonitor, check_cancelled, next_stage, part_of
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.core.plans import (
    AblationPlan,
    Applicator,
    LesionLine,
    LesionPlan,
    LesionPoint,
    Plan,
    PlaneCut,
    PositionPlan,
    ResectionPlan,
    SegmentCut,
    SurfaceCut,
)
from anatomy_twin.core.promise import Ellipsoid, TableZone, union_depth_mm
from anatomy_twin.core.results import ElectroResult, Result, ThermalResult, Zoned
from anatomy_twin.core.robustness import Influence, Probability, Robustness, Spread
from anatomy_twin.core.seeds import Seeds, as_seeds, named_seeds
from anatomy_twin.core.transform import Transform
from anatomy_twin.core.tree import VesselTree
from anatomy_twin.core.volume import Volume

__all__ = [
    "ABSENT_STATES", "ARRHYTHMIAS", "FROM_A_FILE", "SILENT", "SUBSTRATE_CLASSES", "AblationPlan", "Anatomy", "Angle",
    "Applicator", "Area", "Assessment", "Ball", "Case", "Certificate", "Chamber", "Code", "Confirmation", "Cost",
    "Diameters", "Display", "Distance", "ElectroResult", "Ellipsoid", "Fibres", "FrozenMapping", "Induction",
    "Influence", "LabelMap", "LayerDisplay", "LesionLine", "LesionPlan", "LesionPoint", "LesionRound", "LesionSearch",
    "Measurement", "Monitor", "Myocardium", "Opening", "PacingProtocol", "Patient", "Plan", "PlanCheck", "PlaneCut",
    "PositionPlan", "Probability", "Quantity", "ResectionPlan", "Result", "Robustness", "Rule", "Seeds", "Segment",
    "SegmentCut", "SilentMonitor", "SiteOutcome", "Spread", "Step", "Structure", "Substrate", "SurfaceCut",
    "SurfaceMesh", "TableZone", "TetMesh", "ThermalResult", "Tissue", "Transform", "VesselTree", "Volume",
    "VolumeGeometry", "Zoned", "as_seeds", "check_cancelled", "inverse_axes", "is_foreign", "is_lesion", "named_seeds",
    "next_stage", "part_of", "reindex", "union_depth_mm",
]
