"""An anatomy as open files: one description in JSON, surfaces as VTP, trees as JSON, territories as .seg.nrrd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Anatomy, FrozenMapping, Structure, VesselTree
from anatomy_twin.errors import StoreError, TwinError
from anatomy_twin.store.codec import decode, encode
from anatomy_twin.store.folder import safe_names
from anatomy_twin.store.results import Jobs, Read
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.seg_nrrd import decode_seg_nrrd, encode_seg_nrrd
from anatomy_twin.store.vtp import decode_vtp, encode_vtp
from anatomy_twin.store.vtu import decode_vtu, encode_vtu

ANATOMY: Final = "anatomy.json"
TERRITORIES: Final = "territories.seg.nrrd"
_LINES: Final = tuple[str, ...]
_SURFACES: Final = {"surface": "surfaces", "coarse": "surfaces/coarse"}
# what the first version of the format did not know, in a certificate and in a structure
_NEW_IN_CERTIFICATE: Final = (
    "manifold", "boundary_p95_mm", "boundary_max_mm", "smallest_angle_deg", "angle_p5_deg", "pieces",
    "crossing_triangles",
)


def anatomy_jobs(anatomy: Anatomy) -> Jobs:
    """Return {relative path: function that gives its bytes}; the description is ``ANATOMY``."""
    jobs: Jobs = {}
    content: dict[str, Any] = {
        "structures": _structures(anatomy, jobs),
        "notes": encode(_LINES, anatomy.notes),
        "trees": _named(anatomy.trees, "trees", ".json", _tree_bytes, jobs),
        "tetrahedra": _named(anatomy.tetrahedra, "tetrahedra", ".vtu", encode_vtu, jobs),
        "territories": None,
    }
    if anatomy.territories is not None:
        territories = anatomy.territories
        content["territories"] = TERRITORIES
        jobs[TERRITORIES] = lambda: encode_seg_nrrd(territories)
    jobs[ANATOMY] = lambda: dump(content)
    return jobs


def read_anatomy(relative: str, read: Read) -> Anatomy:
    """Return the anatomy whose description is the file ``relative``; ``read`` gives the checked bytes of a file."""
    content: Any = parse(read(relative), relative)
    structures = {}
    for entry in content["structures"]:
        key = decode(str, entry.pop("key"), relative)
        surfaces = {name: entry.pop(name, None) for name in _SURFACES}
        certificate = entry.get("certificate")
        if isinstance(certificate, dict):
            for name in _NEW_IN_CERTIFICATE:
                certificate.setdefault(name, None)
        structure = decode(Structure, {**entry, **dict.fromkeys(_SURFACES)}, relative)
        meshes = {name: decode_vtp(read(file), file) for name, file in surfaces.items() if file is not None}
        structures[key] = replace(structure, **meshes)
    territories = content.get("territories")
    return Anatomy(
        structures,
        decode(_LINES, content["notes"], relative),
        FrozenMapping({e["name"]: _tree(read(e["file"]), e["file"]) for e in content.get("trees", ())}),
        None if territories is None else decode_seg_nrrd(read(territories), territories),
        FrozenMapping({e["name"]: decode_vtu(read(e["file"]), e["file"]) for e in content.get("tetrahedra", ())}),
    )


def _structures(anatomy: Anatomy, jobs: Jobs) -> list[dict[str, Any]]:
    names, rows = safe_names(anatomy.structures), []
    for name, structure in anatomy.structures.items():
        entry = encode(Structure, replace(structure, surface=None, coarse=None))
        for part, folder in _SURFACES.items():
            mesh = getattr(structure, part)
            if mesh is not None:
                entry[part] = f"{folder}/{names[name]}.vtp"
                jobs[entry[part]] = lambda mesh=mesh: encode_vtp(mesh)
        rows.append({"key": name, **entry})
    return rows


def _named(
    items: Mapping[str, Any], folder: str, suffix: str, write: Callable[[Any], bytes], jobs: Jobs
) -> list[dict[str, Any]]:
    names, rows = safe_names(items), []
    for name, item in items.items():
        file = f"{folder}/{names[name]}{suffix}"
        jobs[file] = lambda item=item: write(item)
        rows.append({"name": name, "file": file})
    return rows


def _tree_bytes(tree: VesselTree) -> bytes:
    """Return a tree as JSON: LPS mm, three numbers a node, the parent of each (-1 at a root), its radius in mm."""
    return dump({
        "name": tree.name, "state": tree.state, "rules": list(tree.rules), "notes": list(tree.notes),
        "coordinates": "LPS, mm",
        "nodes_mm": tree.nodes_mm.ravel().tolist(), "parents": tree.parents.tolist(),
        "radius_mm": tree.radius_mm.tolist(),
        "bridged": np.flatnonzero(tree.bridged).tolist(),  # type: ignore[arg-type]
        "branch_names": [[str(node), name] for node, name in sorted(tree.branch_names.items())],
    })


def _tree(data: bytes, where: str) -> VesselTree:
    content: Any = parse(data, where)
    try:
        count = len(content["parents"])
        bridged = np.zeros(count, bool)
        bridged[list(decode(tuple[int, ...], content["bridged"], where))] = True
        return VesselTree(
            decode(str, content["name"], where),
            np.array(decode(tuple[float, ...], content["nodes_mm"], where), np.float64).reshape(count, 3),
            np.array(decode(tuple[int, ...], content["parents"], where), np.int64),
            np.array(decode(tuple[float, ...], content["radius_mm"], where), np.float64),
            bridged, decode(str, content["state"], where), decode(_LINES, content["rules"], where),
            decode(_LINES, content["notes"], where),
            {int(node): name for node, name in decode(Mapping[str, str], content["branch_names"], where).items()},
        )
    except StoreError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, TwinError) as error:
        raise StoreError(f"vessel tree cannot be read: {error}", where=where) from error
