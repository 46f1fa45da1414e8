"""Drawing the heart into its chest: what is placed first keeps its room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.chest import bones, organs
from anatomy_twin.phantom.chest import lungs as lungs_of
from anatomy_twin.phantom.chest import patient as chest_patient
from anatomy_twin.phantom.chest.form import Cage, PartCanvas, make_cage
from anatomy_twin.phantom.chest.ways import Ways, grow_ways
from anatomy_twin.phantom.heart.chambers import (
    UPPER_CAVA,
    Chambers,
    aorta_path,
    make_chambers,
    vein_paths,
)
from anatomy_twin.phantom.heart.form import AXIS, BASE, FRONT, SIDE, HeartForm
from anatomy_twin.phantom.intensity import hounsfield
from anatomy_twin.phantom.shapes import Field, blend, carve, smooth_step

EXCLUSIVE: Final = (
    "unknown_tissue", "skin", "fat", "muscle", "diaphragm", "bone", "lung_right", "lung_left", "pleural_recess",
    "airways", "heart", "left_atrium", "left_atrium_wall", "left_ventricle", "left_ventricle_myocardium",
    "right_atrium", "right_ventricle", "aorta", "pulmonary_artery", "superior_vena_cava", "inferior_vena_cava",
    "oesophagus", "liver", "spleen", "kidney_right", "kidney_left", "stomach",
)
ATRIAL_PARTS: Final = (
    "left_atrial_appendage", "pulmonary_vein_left_superior", "pulmonary_vein_left_inferior",
    "pulmonary_vein_left_common", "pulmonary_vein_right_superior", "pulmonary_vein_right_inferior",
    "pulmonary_vein_right_middle",
)
PARTS: Final = (*chest_patient.PARTS, "aortic_root", *ATRIAL_PARTS)
PART: Final = {name: number for number, name in enumerate(PARTS, start=1)}
ROOT_MM: Final = 22.0  # from the valve to the sinotubular junction: the root, from which the coronaries come
# HU in native and arterial phase before the seed's factor (this project's choice within what scans show)
BLOOD_HU: Final = {
    "left_atrium": (44, 360), "left_ventricle": (44, 345), "aorta": (44, 345), "right_atrium": (44, 330),
    "right_ventricle": (44, 330), "pulmonary_artery": (44, 340), "superior_vena_cava": (44, 480),
    "inferior_vena_cava": (43, 90), "lung_vein": (44, 355), "coronary": (44, 330), "coronary_sinus": (44, 160),
}
MUSCLE_HU: Final = (48, 105)
PERICARDIUM_MM: Final = 1.4
CORONARIES: Final = {
    "left": ((13, -31, 56, 2.4), (20, -31, 58, 2.2), (25, -34, 55, 2.1)),
    "right": ((0, -50, 54, 2.1), (-6, -56, 52, 2.0), (-17, -54, 42, 1.9), (-24, -48, 26, 1.8), (-20, -36, 6, 1.7)),
}


def blood_hu(form: HeartForm, name: str) -> float:
    """Return the HU of blood in one place; contrast medium beyond what native blood reads varies with the seed."""
    native, arterial = BLOOD_HU[name]
    if form.chest.phase == "native":
        return float(native)
    share = form.contrast
    if name in ("right_atrium", "right_ventricle", "pulmonary_artery"):
        share *= form.right_share
    return float(native + share * (arterial - native))


def before_lungs(form: HeartForm, canvas: PartCanvas, ways: Ways | None) -> tuple[Cage, Field, Chambers]:
    """Draw bones, heart and vessels; returns the frame, the distance to what lies between the lungs, the chambers."""
    chest = form.chest
    cage = make_cage(chest, canvas)
    bones.draw_spine(chest, canvas, PART[bones.LEVELS[0][0]])
    bones.draw_ribs(chest, canvas, PART["ribs"])
    bones.draw_sternum(chest, canvas, PART["sternum"])
    start, stop, near, far = lungs_of.airway_pieces(chest)
    chambers = make_chambers(form, canvas, ways)
    veins = [path for _, path, _ in vein_paths(form, ways)]
    heart = draw_heart(form, cage, canvas, chambers, veins)
    box, lumen, _, _ = canvas.tubes(start, stop, near, far, 4.0)
    canvas.place("airways", lumen, box, -985.0, clip=False)
    organs.draw_great_vessels(chest, canvas, aorta_path(form)[1:])
    central = np.full(canvas.geometry.shape, np.float32(30))
    box, distance, _, _ = canvas.tube(form.path(UPPER_CAVA), 8.0)
    if distance.size:
        canvas.place("unknown_tissue", distance, box, blood_hu(form, "superior_vena_cava"), clip=False)
        central[box] = np.minimum(central[box], distance)
    for path in veins:
        box, distance, _, _ = canvas.tube(path, 8.0)
        if distance.size:
            central[box] = np.minimum(central[box], distance)
    for path in (*organs.LUNG_ARTERIES[2:], *organs.UPPER_CAVA[1:]):
        box, distance = organs.tube_of(chest, canvas, path)
        name = "pulmonary_artery" if path in organs.LUNG_ARTERIES else "superior_vena_cava"
        if distance.size:
            canvas.place("unknown_tissue", distance, box, blood_hu(form, name), clip=False)
            central[box] = np.minimum(central[box], distance)
    for name in ("pulmonary_artery", "superior_vena_cava", "aorta"):
        central[chambers.box] = np.minimum(central[chambers.box], chambers[name])
        # their walls, where no sac is around
        canvas.place("unknown_tissue", chambers[name] - 1.6, chambers.box, hounsfield("heart_wall", chest.phase),
                     clip=False)
    box, distance = organs.tube_of(chest, canvas, aorta_path(form))
    if distance.size:
        central[box] = np.minimum(central[box], distance)
    return cage, lungs_of.mediastinum(chest, canvas, heart, central), chambers


def draw_heart(
    form: HeartForm, cage: Cage, canvas: PartCanvas, at: Chambers, veins: Sequence[NDArray[np.float64]]
) -> Field:
    """Draw chambers, walls, coronaries and the fat in the pericardium; returns the distance to all over the grid."""
    box, chest = at.box, form.chest
    lumps, ripple = canvas.noise(chest.lumps, box), canvas.noise(chest.ripple, box)
    dome, cavity = cage.dome[box], cage.cavity[box]
    limit = np.maximum(4.0 - dome, 4.0 - cavity)
    swirl = smooth_step(lumps + 0.5 * ripple, -1.5, 1.5)

    def put(name: str, shape: Field, hu: Field | float, part: Field | int = 0, room: float = 0.0) -> None:
        canvas.place(name, carve(shape, limit + np.float32(room), 8), box, hu, clip=False, part=part)

    put("left_atrium", at["left_atrium"], blood_hu(form, "left_atrium"), _atrial_parts(at), 2)
    put("left_ventricle", at["left_ventricle"], _left_ventricle_hu(form, at, ripple), 0, 6)
    root = np.where(at["root_height"] < ROOT_MM * form.size, np.uint8(PART["aortic_root"]), np.uint8(0))
    put("aorta", at["aorta"], blood_hu(form, "aorta"), root)
    for name in ("pulmonary_artery", "superior_vena_cava"):
        put(name, at[name], blood_hu(form, name))
    # in the right heart dense blood from above and fresh blood from below still mix
    low, dense = blood_hu(form, "inferior_vena_cava"), blood_hu(form, "superior_vena_cava")
    evenly = blood_hu(form, "right_ventricle")
    stream = evenly + (dense - evenly) * (1 - smooth_step(at["superior_vena_cava"], 0, 16))
    stream = low + (stream - low) * (0.55 + 0.45 * swirl)
    calm = smooth_step(at["tricuspid"], -14, 8)
    mixed = stream + (evenly * (0.94 + 0.06 * swirl) - stream) * calm
    put("right_atrium", at["right_atrium"], mixed, 0, 2.5)
    put("right_ventricle", at["right_ventricle"], mixed, 0, 3)
    put("inferior_vena_cava", np.maximum(at["inferior_vena_cava"], -1 - dome), low)
    for path in veins:  # they go on beyond their stumps, so they come before any wall
        at_box, distance, _, _ = canvas.tube(path, 4.0)
        if distance.size:
            canvas.place("unknown_tissue", distance, at_box, blood_hu(form, "lung_vein"), clip=False)
    muscle = float(MUSCLE_HU[0 if chest.phase == "native" else 1])
    put("left_ventricle_myocardium", at["left_ventricle_outer"], muscle)
    put("left_atrium_wall", at["left_atrium"] - form.wall_mm, muscle)
    put("heart", np.minimum(at["right_ventricle"] - 3.0, at["right_atrium"] - 2.2), muscle)
    put("heart", at["coronary_sinus"], blood_hu(form, "coronary_sinus"))
    nearest = np.full(canvas.geometry.shape, np.float32(30))
    for path in coronary_paths(form):
        at_box, distance, _, _ = canvas.tube(form.path(path, 2.0), 4.0)
        if distance.size:
            canvas.place("heart", distance, at_box, blood_hu(form, "coronary"), clip=False)
            nearest[at_box] = np.minimum(nearest[at_box], distance)
    trunk = np.minimum(at["aorta"], at["pulmonary_artery"]) - 2.0
    whole = near = np.maximum(trunk, np.maximum(at["root_height"] - 40.0, at["behind"]))
    for name, more, fillet in (("left_ventricle_outer", 0.0, 8), ("left_atrium", form.wall_mm, 10),
                               ("right_ventricle", 3.0, 12), ("right_atrium", 2.2, 10)):
        near = np.minimum(near, at[name] - more)
        whole = blend(whole, at[name] - more, fillet)
    # fillets fill grooves; where all is far they mean nothing
    sac = np.maximum(np.where(near > 12, np.float32(40), whole - 2.0 - 0.7 * lumps), limit - 2)
    put("heart", np.abs(sac) - PERICARDIUM_MM / 2, hounsfield("diaphragm", chest.phase) - 30, 0, -3)
    put("heart", sac, hounsfield("visceral_fat", chest.phase) + 6 * ripple, 0, -3)
    result = np.full(canvas.geometry.shape, np.float32(40))
    result[box] = sac
    return result


def _atrial_parts(at: Chambers) -> NDArray[np.uint8]:
    """Number the appendage and the stumps of the veins: what lies outside the body of the left atrium."""
    numbers = [0] + [PART["left_atrial_appendage" if name == "appendage" else f"pulmonary_vein_{name}"]
                     for name in at.parts]
    return np.where((at.away > 1.5) & (at["mitral"] > 0), np.array(numbers, np.uint8)[at.part], np.uint8(0))


def _left_ventricle_hu(form: HeartForm, at: Chambers, ripple: Field) -> Field:
    """Blood with two papillary muscles and the leaflets of the mitral valve; they count as cavity."""
    blood, muscle = blood_hu(form, "left_ventricle"), 105.0 if form.chest.phase != "native" else 48.0
    u, inside = at.u / np.float32(form.size), -at["left_ventricle"]
    leaf = np.abs(at["mitral"] + 0.35 * u) - 0.7
    leaf = np.maximum(leaf, np.maximum(u - 17, -u))
    cover = np.clip(0.5 - leaf, 0, 1)
    rough = smooth_step(1.6 + 0.9 * ripple - inside, -0.6, 0.6) * smooth_step(u, 8, 18)  # smooth below the valves
    share = np.maximum(np.maximum(cover, rough), np.clip(0.5 - at["papillary"], 0, 1))
    return np.asarray(blood + (muscle - blood) * share, np.float32)


def coronary_paths(form: HeartForm) -> list[object]:
    """Return the first stretches of the coronary arteries in the design frame."""
    outer = (form.chamber_mm + form.muscle_mm) / form.size + 2.4

    def over(heights: tuple[float, ...], front: float, side: float, radius: float) -> list[tuple[float, ...]]:
        way = front * FRONT + side * SIDE
        way = way / np.linalg.norm(way)
        spots = []
        for height in heights:
            reach = outer * np.sqrt(max(0.05, 1 - ((height - 15) / 80) ** 2))
            spots.append((*(BASE + height * AXIS + reach * way), radius))
        return spots

    left = list(CORONARIES["left"])
    return [
        CORONARIES["left"], CORONARIES["right"], [left[-1], *over((2, 14, 30, 46, 60), 0.80, 0.60, 1.7)],
        [left[-1], *over((-1, -2, -2), 0.10, 1.0, 1.7), *over((-1, 0), -0.55, 0.84, 1.5)],
    ]


def lung_scene(
    form: HeartForm, canvas: PartCanvas, cage: Cage, middle: Field, ways: Ways
) -> NDArray[np.bool_]:
    """Draw lungs, hila, diaphragm, the top of the abdomen and the wall; returns the vessels of the lungs."""
    chest = form.chest
    lungs = lungs_of.shape_lungs(chest, cage, canvas, middle)
    layers = np.zeros((2, *canvas.geometry.shape), np.uint8)
    hu = lungs_of.lung_hu(chest, canvas, lungs, ways, (), layers)
    for name, shape in (("lung_right", lungs.right), ("lung_left", lungs.left)):
        canvas.place(name, shape, canvas.all, hu, clip=False, part=chest_patient.lobe_numbers(lungs, name))
    in_lung = (canvas.labels == canvas.value["lung_right"]) | (canvas.labels == canvas.value["lung_left"])
    chest_patient.draw_hila(chest, canvas, ways)
    recess = np.maximum(np.maximum(np.abs(cage.cavity - 1.2) - 1.4, -cage.recess_mm), cage.recess_mm - 34)
    soft = hounsfield("diaphragm", chest.phase)
    canvas.place("pleural_recess", np.maximum(recess, -middle), canvas.all, 0.6 * soft - 30, clip=False)
    organs.draw_diaphragm(chest, cage, canvas)
    organs.draw_upper_abdomen(chest, cage, canvas)
    organs.draw_wall(chest, cage, canvas, PART["subcutaneous_fat"])
    return np.asarray((layers[0] > 0) & in_lung)


def settle(form: HeartForm) -> Ways:
    """The reference pass on a coarse grid that does not depend on the wanted one: the vessels of the lungs."""
    canvas, low = lungs_of.reference_canvas(form.chest, EXCLUSIVE)
    cage, middle, _ = before_lungs(form, canvas, None)
    lungs = lungs_of.shape_lungs(form.chest, cage, canvas, middle)
    return grow_ways(form.chest, lungs_of.lobe_fields(lungs, canvas, low, canvas.geometry.spacing_mm[0]))
