"""A chamber of the heart as tissue that conducts: cells and conduction by the class of its muscle, lesions left out.

    model = electro_model("atrium_two_variable")
    system = tissue_of(chamber, model, dead=ablated(chamber, lesions).dead)

Velocities are what a model asks for; the diffusivity is tuned to them on the chamber's mean edge. Both are told by
``told``. A surface stands for the whole thin wall: where inner and outer fibres differ, each carries half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber, Myocardium
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import drugs, eikonal, pipeline
from anatomy_twin.simulation.electro.assembly import element_rates, fibre_tensors
from anatomy_twin.simulation.electro.base import Multirate, TissueSystem
from anatomy_twin.simulation.electro.bricks import bricks_of
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.models.model import Parameters
from anatomy_twin.simulation.electro.spread import Spread, rows_of
from anatomy_twin.simulation.electro.velocity import Tuning, tuned
from anatomy_twin.units import check_positive, check_range

USUAL: Final = "atrium_two_variable"
USUAL_MUSCLE: Final = "ventricle_two_variable"
ACTIVATED_MV: Final = -40.0  # on the upstroke of every model
WATCH_MS: Final = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassTissue:
    """Muscle of one class: the velocity it is to conduct with along and across fibres (m/s), the kind of cell
    (``variant`` of the ionic model and ``parameters`` changed in it), and whether it conducts at all."""

    along_m_s: float
    across_m_s: float
    variant: str = ""
    parameters: Mapping[str, float] = field(default_factory=FrozenMapping)
    conducts: bool = True

    def __post_init__(self) -> None:
        for name in ("along_m_s", "across_m_s"):
            object.__setattr__(self, name, check_range(name, getattr(self, name), 0.02, 5.0))
        if self.across_m_s > self.along_m_s:
            raise SimulationError(f"{self.across_m_s:g} m/s across fibres and {self.along_m_s:g} along them",
                                  advice="muscle conducts faster along its fibres")
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def any_way_m_s(self) -> float:
        """The velocity where no fibres are known."""
        return float(np.sqrt(self.along_m_s * self.across_m_s))


def _usual(key: str) -> Any:
    return load("electro_models")["models"][USUAL][key]


def _classes(entries: Mapping[str, Mapping[str, Any]]) -> FrozenMapping[str, ClassTissue]:
    return FrozenMapping({name: ClassTissue(**entry) for name, entry in entries.items()})


@dataclass(frozen=True, eq=False)
class ElectroModel:
    """Choices of how a chamber's muscle behaves; the default is the catalog's two-variable atrium.

    ``classes`` has a ``ClassTissue`` for each of ``SUBSTRATE_CLASSES``. ``drug`` (of the catalog) acts on all cells
    with ``drug_nm`` free in plasma, None for its concentration in treatment. ``needs_fibres`` refuses chambers that
    have none; else they conduct alike in all directions, and that is told.
    """

    name: str = USUAL
    ionic_model: str = field(default_factory=lambda: str(_usual("ionic_model")))
    classes: Mapping[str, ClassTissue] = field(default_factory=lambda: _classes(_usual("classes")))
    dt_ms: float = field(default_factory=lambda: float(_usual("dt_ms")))
    multirate: Multirate | None = None
    drug: str = ""
    drug_nm: float | None = None
    needs_fibres: bool = False

    def __post_init__(self) -> None:
        ionic_model(self.ionic_model)
        check_positive("dt_ms", self.dt_ms, 1.0)
        object.__setattr__(self, "classes", FrozenMapping(self.classes))
        if missing := [name for name in SUBSTRATE_CLASSES if name not in self.classes]:
            raise SimulationError(f"the model {self.name!r} says nothing of {missing[0]} muscle",
                                  advice=f"give {', '.join(SUBSTRATE_CLASSES)}")
        for name in SUBSTRATE_CLASSES:
            self.cells(name)

    def cells(self, name: str) -> Parameters:
        """Return the parameters of the cells of a class, under the drug if there is one."""
        ionic, tissue = ionic_model(self.ionic_model), self.classes[name]
        found: Parameters = ionic.parameters(tissue.variant, **tissue.parameters)
        return drugs.blocked(ionic, found, self.drug, self.drug_nm) if self.drug else found


def electro_model(
    name: str = USUAL, *, dense_conducts: bool | None = None, drug: str = "", drug_nm: float | None = None
) -> ElectroModel:
    """Return a set of the catalog (``electro_models.json``), dense scar conducting or not, with a drug.

    Raises ``SimulationError`` for a set or a drug that the catalog does not have.
    """
    known = load("electro_models")["models"]
    if name not in known:
        raise SimulationError(f"the catalog has no electrical model {name!r}", advice=f"it has {', '.join(known)}")
    entry = known[name]
    entries = {key: dict(value) for key, value in entry["classes"].items()}
    if dense_conducts is not None:
        entries["dense"]["conducts"] = dense_conducts
    every = entry.get("multirate")
    return ElectroModel(
        name, entry["ionic_model"], _classes(entries), float(entry["dt_ms"]),
        None if every is None else Multirate(every), drug, drug_nm,
    )


def usual_model(chamber: Chamber | Myocardium) -> ElectroModel:
    """Return the catalog's two-variable set for an atrium's wall, or for the muscle of ventricles."""
    return electro_model(USUAL if isinstance(chamber, Chamber) else USUAL_MUSCLE)


def tissue_of(
    chamber: Chamber | Myocardium, model: ElectroModel | None = None, dead: ArrayLike | None = None
) -> TissueSystem:
    """Return a chamber's wall (or muscle) as tissue, ready to run; its nodes are the N points (or voxels).

    ``dead`` (N,) bool and muscle of classes that do not conduct are out: nothing flows to or from them. Raises
    ``SimulationError`` where fibres are needed and missing, for ``dead`` that does not fit or leaves nothing, and
    what tuning and ``pipeline.tissue`` refuse.
    """
    chosen = model or usual_model(chamber)
    out, classes, tunings = dead_nodes(chamber, chosen, dead), classes_of(chamber), conduction_of(chamber, chosen)
    along, across = np.zeros(len(SUBSTRATE_CLASSES)), np.zeros(len(SUBSTRATE_CLASSES))
    for name, (first, second) in tunings.items():
        place = SUBSTRATE_CLASSES.index(name)
        along[place], across[place] = first.diffusivity_mm2_ms, second.diffusivity_mm2_ms
    if isinstance(chamber, Chamber):
        points = chamber.surface.points_mm
        values = _of_triangles(chamber, out, along[classes]), _of_triangles(chamber, out, across[classes])
        tensors = _wall(chamber, lambda fibres: fibre_tensors(fibres, *values))
        spread: Spread = rows_of(element_rates(points, chamber.surface.triangles, tensors, out))
    else:
        points = chamber.points_mm()
        tensors = fibre_tensors(chamber.fibres, along[classes], across[classes])
        spread = bricks_of(chamber.mask, chamber.geometry, tensors, ~out)
    kinds = [chosen.cells(name) for name in SUBSTRATE_CLASSES]
    return pipeline.tissue(
        points, spread, ionic_model(chosen.ionic_model), kinds, chosen.dt_ms, kind_of_node=classes,
        multirate=chosen.multirate, threshold_mv=ACTIVATED_MV, watch_ms=WATCH_MS,
    )


def eikonal_of(
    chamber: Chamber | Myocardium, model: ElectroModel | None = None, dead: ArrayLike | None = None
) -> eikonal.EikonalSystem:
    """Return the eikonal system of a chamber with the velocities of a model; what is ``dead`` is never reached.

    For other lesions on the same wall keep one system without and give ``blocked`` to ``eikonal.activation``.
    """
    chosen = model or usual_model(chamber)
    out, classes = dead_nodes(chamber, chosen, dead), classes_of(chamber)
    along, across = np.array([_ways(chamber, chosen, name) for name in SUBSTRATE_CLASSES])[classes].T
    if isinstance(chamber, Myocardium):
        tensors = eikonal.velocity_squared(along, across, chamber.fibres)
        return replace(eikonal.on_bricks(chamber.mask, chamber.geometry, tensors), closed=out)
    fast, slow = (np.sqrt(_of_triangles(chamber, out, way**2)) for way in (along, across))
    tensors = _wall(chamber, lambda fibres: eikonal.velocity_squared(fast, slow, fibres))
    return replace(eikonal.on_triangles(chamber.surface, tensors), closed=out)


def dead_nodes(chamber: Chamber | Myocardium, model: ElectroModel, dead: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Tell (N,) which nodes do not conduct: those given, and muscle of classes that the model leaves out."""
    classes = classes_of(chamber)
    out = np.isin(classes, [n for n, name in enumerate(SUBSTRATE_CLASSES) if not model.classes[name].conducts])
    if dead is not None:
        given = np.asarray(dead)
        if given.dtype != bool or given.shape != out.shape:
            raise SimulationError(f"dead tissue of {chamber.name!r} is given as {given.dtype} {given.shape}",
                                  advice=f"give True or False for each of its {len(out)} nodes")
        out = out | given
    if out.all():
        raise SimulationError(f"nothing of {chamber.name!r} is left alive")
    return out


def conduction_of(chamber: Chamber | Myocardium, model: ElectroModel) -> dict[str, tuple[Tuning, Tuning]]:
    """Return what conduction is tuned to along and across fibres, by class; only classes that the chamber has.

    Each ``Tuning`` has the wanted and the reached velocity.
    """
    edge, present = mean_edge_mm(chamber), np.unique(classes_of(chamber))
    found = {}
    for name in (SUBSTRATE_CLASSES[place] for place in present):
        if not model.classes[name].conducts:
            continue
        cells = model.cells(name)
        along, across = (
            tuned(model.ionic_model, cells, wanted, edge, model.dt_ms, triangles=isinstance(chamber, Chamber))
            for wanted in _ways(chamber, model, name)
        )
        found[name] = (along, across)
    return found


def mean_edge_mm(chamber: Chamber | Myocardium) -> float:
    """Return the mean length of a chamber's edges, of a muscle's voxels."""
    if isinstance(chamber, Myocardium):
        return float(np.mean(chamber.geometry.spacing_mm))
    corners = chamber.surface.points_mm[chamber.surface.triangles]
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean())


def told(chamber: Chamber | Myocardium, model: ElectroModel) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the numbers of a model on a chamber, as text with units, and the names of those without a source."""
    entry = load("electro_models")["models"].get(model.name)
    found = {
        "model": model.name if entry is None else entry["label"],
        "cells": ionic_model(model.ionic_model).facts["label"], "time step": f"{model.dt_ms:g} ms",
        "mean edge": f"{mean_edge_mm(chamber):.2f} mm",
    }
    if model.multirate is not None:
        found["tissue at rest"] = f"reacts every {model.multirate.every} steps"
    for name, ways in conduction_of(chamber, model).items():
        found[f"conduction {name}"] = ", ".join(
            f"{way} {one.wanted_m_s:.3g} m/s wanted, {one.reached_m_s:.3g} reached"
            for way, one in zip(("along", "across"), ways, strict=True)
        )
    if model.drug:
        nm = drugs.drug(model.drug)["free_concentration_nm"] if model.drug_nm is None else model.drug_nm
        found["drug"] = f"{drugs.drug(model.drug)['label']}, {nm:g} nM free in plasma"
    if isinstance(chamber, Chamber):
        found["fibres"] = chamber.fibres.source if chamber.fibres else "none: it conducts alike in all directions"
    found["fibrosis"] = chamber.substrate.source if chamber.substrate else "none is known: all of it is healthy"
    return found, ("all of the model",) if entry is None else tuple(entry["assumed"])


def classes_of(chamber: Chamber | Myocardium) -> NDArray[np.int64]:
    """Return the class (N,) of each node by its place in ``SUBSTRATE_CLASSES``; healthy where nothing is known."""
    if chamber.substrate is not None:
        return chamber.substrate.classes
    count = len(chamber.surface.points_mm) if isinstance(chamber, Chamber) else chamber.count
    return np.zeros(count, np.int64)


def _ways(chamber: Chamber | Myocardium, model: ElectroModel, name: str) -> tuple[float, float]:
    """Return the velocities of a class along and across fibres, the same where a chamber has none."""
    tissue = model.classes[name]
    if isinstance(chamber, Myocardium) or chamber.fibres is not None:
        return tissue.along_m_s, tissue.across_m_s
    if model.needs_fibres:
        raise SimulationError(f"{chamber.name!r} has no fibres", advice="lay them by rule or load them")
    return tissue.any_way_m_s, tissue.any_way_m_s


def _of_triangles(chamber: Chamber, out: NDArray[np.bool_], values: Floats) -> Floats:
    """Return the mean (M,) of the values (N,) of each triangle's corners alive, of all where none is."""
    corners = chamber.surface.triangles
    weight = (~out[corners]).astype(np.float64)
    weight[weight.sum(axis=1) == 0.0] = 1.0
    return np.asarray((weight * values[corners]).sum(axis=1) / weight.sum(axis=1))


def _wall(chamber: Chamber, tensors_of: Callable[[Floats], Floats]) -> Floats:
    """Return tensors of a wall whose inner and outer half have fibres of their own, side by side."""
    if chamber.fibres is None:
        return tensors_of(np.tile((1.0, 0.0, 0.0), (len(chamber.surface.triangles), 1)))
    return 0.5 * (tensors_of(chamber.fibres.endo) + tensors_of(chamber.fibres.epi))
