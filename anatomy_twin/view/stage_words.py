"""What long work does at the moment, in the language of the window; the rooms below name their stages in English."""

from __future__ import annotations

import re

from anatomy_twin.view.names import named
from anatomy_twin.view.words import tr


def stage_words(stage: str) -> str:
    """Return the name of a stage ("border of liver", "stomach, bowel"); what is not known stays as it is."""
    if tr("Liver") == "Liver" or not stage:
        return stage
    known = _stages().get(stage)
    if known is not None:
        return known
    of_plan = re.fullmatch(r"plan (\w+): (.+)", stage)
    if of_plan:
        return tr("plan {name}: {stage}").format(name=of_plan[1], stage=stage_words(of_plan[2]))
    for form, spoken in _forms():
        found = re.fullmatch(form.replace("{name}", "(.+)"), stage)
        if found:
            return spoken.format(name=named(found[1]))
    return ", ".join(_stages().get(part) or _organ(part) for part in stage.split(", "))


def _organ(name: str) -> str:
    """Return the name of a structure; one that both languages share ("aorta") begins as names do there."""
    spoken = named(name)
    return spoken[:1].upper() + spoken[1:]


def _forms() -> tuple[tuple[str, str], ...]:
    return (
        ("border of {name}", tr("border of {name}")), ("surface: {name}", tr("surface: {name}")),
        ("threshold: {name}", tr("threshold: {name}")),
    )  # fmt: skip


def _stages() -> dict[str, str]:
    return {
        "airways": tr("airways"), "body": tr("body"), "bones": tr("bones"), "kidneys": tr("kidneys"),
        "labels": tr("outlines"), "lobes": tr("lobes of the lung"), "lungs": tr("lungs"), "nodules": tr("nodules"),
        "pulmonary vessels": tr("vessels of the lung"), "skeleton": tr("skeleton"), "skin": tr("skin"),
        "fat": tr("fat"), "muscle": tr("muscle"), "vessels and lesions": tr("vessels and lesions"),
        "outline and spine": tr("outline and spine"), "brain": tr("brain"),
        "skull and mandible": tr("skull and mandible"), "voxels of the scan": tr("voxels of the scan"),
        "segmenting organs": tr("finding organs"), "reading labels": tr("reading outlines"),
        "editing labels": tr("changing outlines"), "reading the scan": tr("reading the scan"),
        "reading the surface": tr("reading the surface"), "reading cases": tr("reading cases"),
        "reading headers": tr("reading headers"), "reading its labels": tr("reading its outlines"),
        "bringing labels back": tr("bringing outlines back"), "building surfaces": tr("building surfaces"),
        "following the vessels": tr("following the vessels"), "dividing the liver": tr("dividing the liver"),
        "filling with tetrahedra": tr("filling with tetrahedra"),
        "outlining the target": tr("outlining the target"), "planning the ablation": tr("looking for a way"),
        "checking the plan": tr("checking the rules"), "simulating the heat": tr("simulating the heat"),
        "sampling treatments": tr("sampling treatments"), "searching applicators": tr("searching applicators"),
        "measuring margins": tr("reading numbers off"), "compiling kernels": tr("preparing the program"),
        "drawing the animation": tr("drawing the animation"), "saving the case": tr("saving the case"),
        "writing files": tr("writing files"), "writing the report": tr("writing the report"),
        "taking out": tr("taking out"), "reading the scan after": tr("reading the scan after"),
        "confirming the ablation": tr("confirming the ablation"), "aligning the scans": tr("aligning the scans"),
        "following the deformation": tr("following the deformation"),
        "measuring the ablation zone": tr("measuring the ablation zone"),
        "bringing the zone back": tr("bringing the zone back"),
    }  # fmt: skip
