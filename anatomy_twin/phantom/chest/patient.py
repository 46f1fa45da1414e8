"""The generated chest: an adult's thorax on full inspiration with arms raised, and the top of the abdomen.

What is modelled
----------------
- skin, fat under the skin and inside, muscles of the wall and shoulders, diaphragm with crura;
- vertebrae (C7 to T12, L1; what of C6 and L2 is in the field) one by one, with canal, arch and processes, twelve pairs
  of ribs with costal cartilage, sternum, clavicles, scapulae, part of the humeri;
- lungs with three and two lobes, divided by fissures of about 1 mm which are partly missing, costophrenic recesses;
- trachea, main, lobar, segmental bronchi with walls; in every lobe an artery that runs along the bronchi and a vein
  between them, grown until they fill the lobe (radius 1.3 mm at the tips);
- four to six solid nodules of 5 to 30 mm: free, on a vessel, or on the pleura;
- heart with four chambers, aorta from its root to L1 with the branches of the arch, pulmonary trunk and arteries,
  mouths of the veins, upper and lower vena cava, oesophagus with some air;
- liver, stomach, spleen and upper poles of the kidneys as simple shapes under the diaphragm.

Truth: ``airways`` is the air in trachea and bronchi, their walls belong to the lung or to unknown tissue. The lungs
include their vessels and nodules; ``pulmonary_vessels`` (layer 2) are those inside the lungs, the hilar ones are
unknown tissue, as is costal cartilage. Lobes, vertebrae, ribs, sternum and the two kinds of fat are parts (layer 1).

Not modelled: breasts, coronary arteries, lymph nodes, thyroid, emphysema, effusion, movement of heart and lungs,
streaks of dense contrast medium, the veins of the wall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.phantom.abdomen.lesions import Tumour
from anatomy_twin.phantom.abdomen.vessels import moved
from anatomy_twin.phantom.chest import bones, organs
from anatomy_twin.phantom.chest import lungs as lungs_of
from anatomy_twin.phantom.chest.form import Cage, Form, PartCanvas, draw_form, make_cage
from anatomy_twin.phantom.chest.lungs import Lungs
from anatomy_twin.phantom.chest.nodules import Nodule, place_nodules
from anatomy_twin.phantom.chest.ways import LOBE_NAMES, LOBES, Ways, grow_ways
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.labels import truth_segment
from anatomy_twin.phantom.patient import SyntheticPatient
from anatomy_twin.phantom.scanner import acquire, table_mask
from anatomy_twin.phantom.shapes import Field
from anatomy_twin.phantom.uids import make_uid
from anatomy_twin.units import check_point

EXCLUSIVE: Final = (
    "unknown_tissue", "skin", "fat", "muscle", "diaphragm", "bone", "lung_right", "lung_left", "pleural_recess",
    "airways", "heart", "aorta", "inferior_vena_cava", "oesophagus", "liver", "spleen", "kidney_right", "kidney_left",
    "stomach",
)
PARTS: Final = (*(name for name, _ in bones.LEVELS), "ribs", "sternum", *(LOBE_NAMES[lobe] for lobe in LOBES),
                "subcutaneous_fat", "visceral_fat")
PART: Final = {name: number for number, name in enumerate(PARTS, start=1)}
FIELD_MM: Final = (-118.0, 190.0)


@dataclass(frozen=True, eq=False)
class Inside:
    """What the reference pass settles for all grids (model frame)."""

    ways: Ways
    nodules: tuple[Nodule, ...]


def make_chest(
    seed: int, kind: str = "chest", phase: str = "arterial", noise_hu: float = 14.0, matrix: int = 288,
    slice_mm: float = 2.5, table: bool = True, monitor: Monitor = SILENT, conditions: Conditions = USUAL,
) -> SyntheticPatient:
    """Return the synthetic chest of ``seed``; see ``make_patient`` for the parameters and the module for what it holds.

    Of ``conditions`` only ``field_of_view`` counts here. ``tumours`` of the result are the nodules, ``trees`` the
    vessels of the lobes ("artery_rul" ...). ``facts`` tells of each nodule its diameter in mm, lobe and site.
    """
    form = draw_form(seed, phase)
    inside = _settle(form)
    monitor.progress(0.35)
    check_cancelled(monitor)
    shift = np.round(form.rng("position").uniform((-6, -165, -420), (6, -145, -220)), 1)
    pixel = round((2 * 168 * form.wide + 2 * (form.fat_mm - 13) + 48) / matrix, 4)
    low_z, high_z = (FIELD_MM[0] + share * (FIELD_MM[1] - FIELD_MM[0]) for share in conditions.field_of_view)
    count = max(1, round((high_z - low_z) / slice_mm))
    half = (matrix - 1) / 2 * pixel
    low = np.round(np.add(shift, (-half, 8 - half, low_z)), 3)
    geometry = VolumeGeometry.upright(
        (count, matrix, matrix), (slice_mm, pixel, pixel), tuple(low), make_uid("frame", kind, seed, phase)
    )
    canvas = PartCanvas(geometry, tuple(shift), form.warp, form.warp_mm, EXCLUSIVE)
    layers = _draw(form, canvas, inside)
    monitor.progress(0.8)
    check_cancelled(monitor)
    return _finish(form, kind, canvas, inside, layers, noise_hu, table, shift)


def _before_lungs(form: Form, canvas: PartCanvas) -> tuple[Cage, Field]:
    """Draw bones, heart and vessels; returns the frame and the distance to what lies between the lungs."""
    cage = make_cage(form, canvas)
    bones.draw_spine(form, canvas, PART[bones.LEVELS[0][0]])
    bones.draw_ribs(form, canvas, PART["ribs"])
    bones.draw_sternum(form, canvas, PART["sternum"])
    bones.draw_shoulders(form, canvas, cage)
    start, stop, near, far = lungs_of.airway_pieces(form)
    box, lumen, _, _ = canvas.tubes(start, stop, near, far, 4.0)
    canvas.place("airways", lumen, box, -985.0, clip=False)
    organs.draw_great_vessels(form, canvas)
    central = organs.draw_central_vessels(form, canvas)
    heart = organs.draw_heart(form, cage, canvas)
    for paths in (organs.BRANCHES, (organs.AORTA,)):
        for path in paths:
            box, distance = organs.tube_of(form, canvas, path)
            if distance.size:
                central[box] = np.minimum(central[box], distance)
    return cage, lungs_of.mediastinum(form, canvas, heart, central)


def _settle(form: Form) -> Inside:
    """The reference pass on a coarse grid that does not depend on the wanted one: vessels and nodules."""
    canvas, low = lungs_of.reference_canvas(form, EXCLUSIVE)
    cage, middle = _before_lungs(form, canvas)
    lungs = lungs_of.shape_lungs(form, cage, canvas, middle)
    step = canvas.geometry.spacing_mm[0]
    lobes = lungs_of.lobe_fields(lungs, canvas, low, step)
    sides = lungs_of.side_fields(lungs, low, step)
    ways = grow_ways(form, lobes)
    nodules, ways = place_nodules(form, sides, lobes, ways)
    return Inside(ways, nodules)


def _draw(form: Form, canvas: PartCanvas, inside: Inside) -> NDArray[np.uint8]:
    """Draw everything; returns the layers of vessels and nodules [2, k, j, i]."""
    cage, middle = _before_lungs(form, canvas)
    lungs = lungs_of.shape_lungs(form, cage, canvas, middle)
    layers = np.zeros((2, *canvas.geometry.shape), np.uint8)
    nodules = tuple(nodule.tumour for nodule in inside.nodules)
    hu = lungs_of.lung_hu(form, canvas, lungs, inside.ways, nodules, layers)
    for name, shape in (("lung_right", lungs.right), ("lung_left", lungs.left)):
        canvas.place(name, shape, canvas.all, hu, clip=False, part=lobe_numbers(lungs, name))
    del hu
    in_lung = (canvas.labels == canvas.value["lung_right"]) | (canvas.labels == canvas.value["lung_left"])
    layers[1] *= in_lung
    layers[0] *= in_lung & (layers[1] == 0)
    draw_hila(form, canvas, inside.ways)
    recess = np.maximum(np.maximum(np.abs(cage.cavity - 1.2) - 1.4, -cage.recess_mm), cage.recess_mm - 34)
    soft = organs.hounsfield("diaphragm", form.phase)
    canvas.place("pleural_recess", np.maximum(recess, -middle), canvas.all, 0.6 * soft - 30, clip=False)
    organs.draw_diaphragm(form, cage, canvas)
    organs.draw_upper_abdomen(form, cage, canvas)
    organs.draw_wall(form, cage, canvas, PART["subcutaneous_fat"])
    return layers


def lobe_numbers(lungs: Lungs, side: str) -> NDArray[np.uint8]:
    """Return the number in ``PARTS`` of the lobe that each voxel of a side ("lung_right", "lung_left") lies in."""
    lower, upper = ("rll", "rul") if side == "lung_right" else ("lll", "lul")
    numbers = np.where(lungs.oblique < 0, np.uint8(PART[LOBE_NAMES[lower]]), np.uint8(PART[LOBE_NAMES[upper]]))
    if side == "lung_right":
        middle = (lungs.oblique >= 0) & (lungs.horizontal < 0)
        numbers[middle] = PART[LOBE_NAMES["rml"]]
    return numbers


def draw_hila(form: Form, canvas: PartCanvas, ways: Ways) -> None:
    """Walls of the airways and roots of the vessels outside the lungs."""
    for name, tree in ways.trees.items():
        start, stop, radius = tree.pieces()
        box, distance, _, _ = canvas.tubes(start, stop, radius, radius, 4.0)
        if distance.size:
            hu = organs.chest_hu(f"lung_{name.partition('_')[0]}", form.phase)
            canvas.place("unknown_tissue", distance, box, hu, clip=False)
    wall = lungs_of.WALL_MM
    box, distance, _, _ = canvas.tubes(ways.start, ways.stop, ways.radius_start + wall, ways.radius_stop + wall, 4.0)
    canvas.place("unknown_tissue", distance, box, organs.chest_hu("airway_wall", form.phase), clip=False)


def _finish(
    form: Form, kind: str, canvas: PartCanvas, inside: Inside, layers: NDArray[np.uint8], noise_hu: float, table: bool,
    shift: NDArray[np.float64],
) -> SyntheticPatient:
    body = canvas.labels > 0
    canvas.image += canvas.free * np.float32(-1000)
    if table and body.any():
        back = float(canvas.y[np.flatnonzero(body.any(axis=(0, 2)))[-1]])
        couch = table_mask(canvas.x, canvas.y, -shift[0], back + 3.0)
        canvas.image += np.where(body, 0, np.array([0, 720, 90], np.float32)[couch])
    array = acquire(canvas.image, body, canvas.geometry.spacing_mm, noise_hu, form.seed)
    # layer 2 holds vessels as value 1 and the nodules after them
    inner = np.where(layers[1] > 0, layers[1] + np.uint8(1), layers[0])
    stack = np.concatenate([canvas.labels[None], canvas.parts[None], inner[None], body[None].astype(np.uint8)])
    found = [truth_segment(name, 0, canvas.value[name], stack) for name in EXCLUSIVE]
    found += [truth_segment(name, 1, PART[name], stack) for name in PARTS]
    found.append(truth_segment("pulmonary_vessels", 2, 1, stack))
    for number, nodule in enumerate(inside.nodules, start=1):
        side = "lung_right" if nodule.lobe[0] == "r" else "lung_left"
        found.append(truth_segment(nodule.tumour.name, 2, number + 1, stack, side))
    found.append(truth_segment("body", 3, 1, stack))
    facts = {
        "source": "synthetic patient, generated from a seed", "kind": kind, "seed": str(form.seed),
        "phase": form.phase, "noise_hu": f"{noise_hu:g}", **_nodule_facts(inside.nodules),
    }
    volume = Volume(array, canvas.geometry, warnings=("synthetic patient: not a scan of a person",), facts=facts,
                    synthetic=True)
    nodules = tuple(_moved(nodule.tumour, shift) for nodule in inside.nodules)
    return SyntheticPatient(
        volume, LabelMap(stack, canvas.geometry, tuple(s for s in found if s)),
        {name: moved(tree, shift) for name, tree in inside.ways.trees.items()}, nodules, facts,
    )


def _nodule_facts(nodules: tuple[Nodule, ...]) -> dict[str, str]:
    return {
        n.tumour.name: f"{2 * n.tumour.radius_mm:.1f} mm, {LOBE_NAMES[n.lobe].replace('_', ' ')}, {n.site}"
        for n in nodules
    }


def _moved(tumour: Tumour, shift: NDArray[np.float64]) -> Tumour:
    return replace(tumour, centre_mm=check_point("centre_mm", np.add(tumour.centre_mm, shift)))
