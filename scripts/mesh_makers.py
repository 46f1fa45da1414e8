"""Those that make surfaces of labels, for the script that compares them: how each is called, and what came out.

Each runs in a process of its own (``python mesh_makers.py``, a request in JSON on standard input), so that imports and
compiled kernels of one do not help another, and one that crashes costs one row of a table.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NAMES = ("organ", "neighbour", "vessel", "lesion")  # labels 1 to 4
LESION, ORGAN = 4, 1
LESION_RADIUS_MM = 5.0
SPACING_MM = (2.5, 0.8, 0.8)
PASS_BAND, SINC_ITERATIONS = 0.05, 20
SHARE_KEPT = 0.13  # of the triangles, where makers decimate to the same number
TETRAHEDRON_MM, FINE_MM = 6.0, 1.5  # far from the lesion and at it
SOLID = 2  # the label that one other maker of tetrahedra gets alone
Surfaces = dict[int, Any]


def scene(shape: tuple[int, int, int]) -> tuple[Any, tuple[float, float, float]]:
    """Return labels uint8 [k, j, i] and the lesion's centre (x, y, z) in mm: an organ, one that touches it, a winding
    vessel that leaves it and a lesion of 5 mm radius in it. Voxel [0, 0, 0] has its centre at the origin."""
    import numpy as np

    size = np.array(shape) * SPACING_MM
    k, j, i = np.ogrid[: shape[0], : shape[1], : shape[2]]
    z, y, x = (index * step - 0.5 * extent for index, step, extent in zip((k, j, i), SPACING_MM, size, strict=True))
    c, b, a = 0.5 * size
    labels = np.zeros(shape, np.uint8)
    labels[((x + 0.1 * a) / (0.78 * a)) ** 2 + (y / (0.75 * b)) ** 2 + (z / (0.7 * c)) ** 2 < 1] = 1
    labels[((x - 0.6 * a) / (0.33 * a)) ** 2 + ((y - 0.45 * b) / (0.45 * b)) ** 2 + (z / (0.5 * c)) ** 2 < 1] = 2
    axis = np.hypot(x + 0.1 * a - 0.15 * a * np.sin(5 * z / c), y - 0.2 * b * np.cos(4 * z / c))
    labels[(axis < 4.0) & (np.abs(z) < 0.85 * c)] = 3
    centre = np.array([-0.42 * a + 0.13, -0.21 * b - 0.27, 0.11 * c + 0.41])
    labels[(x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < LESION_RADIUS_MM**2] = LESION
    return labels, tuple(float(value) for value in centre + 0.5 * size[::-1])


# ---- makers: prepare() imports and returns make(labels, spacing [k, j, i]) -> label -> surface in x, y, z mm

def _label_map(labels: Any, spacing: Any) -> Any:
    from anatomy_twin.core import LabelMap, Segment, VolumeGeometry
    from anatomy_twin.core.labels import Code

    code = Code("99BENCH", "1", "structure of the bench")
    segments = tuple(Segment(name, 0, n + 1, code, (200, 80, 60)) for n, name in enumerate(NAMES))
    return LabelMap(labels[None], VolumeGeometry.upright(labels.shape, tuple(spacing)), segments)


def _ours(decimate: bool) -> Callable[..., Surfaces]:
    from anatomy_twin.anatomy.surface.complexes import complex_of, decimated, structure_surface
    from anatomy_twin.anatomy.surface.regions import regions_of

    def make(labels: Any, spacing: Any) -> Surfaces:
        whole = complex_of(regions_of(_label_map(labels, spacing), NAMES))
        if decimate:
            whole = decimated(whole, math.inf, int(SHARE_KEPT * len(whole.triangles)))
        return {n + 1: structure_surface(whole, n) for n in range(len(NAMES))}

    return make


def _ours_certified() -> Callable[..., Surfaces]:
    import numpy as np

    from anatomy_twin.anatomy import build_anatomy
    from anatomy_twin.core import Volume

    def make(labels: Any, spacing: Any) -> Surfaces:
        found = _label_map(labels, spacing)
        image = np.broadcast_to(np.int16(0), found.geometry.shape)
        anatomy = build_anatomy(Volume(image, found.geometry), found)
        return {n + 1: anatomy[name].surface for n, name in enumerate(NAMES)}

    return make


def _scikit_image() -> Callable[..., Surfaces]:
    import numpy as np
    from skimage.measure import marching_cubes

    def make(labels: Any, spacing: Any) -> Surfaces:
        found = {}
        for label in range(1, len(NAMES) + 1):
            points, faces, _, _ = marching_cubes(np.pad(labels == label, 1).view(np.uint8), 0.5, spacing=spacing)
            found[label] = (points - np.asarray(spacing))[:, ::-1], faces  # k, j, i to x, y, z mirrors: outward
        return found

    return make


def _image(labels: Any, spacing: Any) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    image.SetDimensions(*labels.shape[::-1])
    image.SetSpacing(*spacing[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(labels.ravel(), deep=False))
    return image


def _arrays(data: Any) -> tuple[Any, Any]:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(data.GetPoints().GetData()), vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)


def _parted(data: Any) -> Surfaces:
    """Take one mesh with the labels on both sides of its triangles apart: not timed, its users would do without."""
    import numpy as np
    from vtkmodules.util.numpy_support import vtk_to_numpy

    points, triangles = _arrays(data)
    arrays = data.GetCellData()
    names = [arrays.GetArrayName(n) for n in range(arrays.GetNumberOfArrays())]
    sides = vtk_to_numpy(arrays.GetArray(next(name for name in names if name.lower().startswith("boundary"))))
    found = {}
    for label in range(1, len(NAMES) + 1):
        own = (sides == label).any(axis=1)
        turned = sides[own][:, 1] == label
        found[label] = points, np.where(turned[:, None], triangles[own][:, ::-1], triangles[own])
    return found


def _surface_nets() -> Callable[..., Any]:
    from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

    def make(labels: Any, spacing: Any) -> Any:
        nets = vtkSurfaceNets3D()
        nets.SetInputData(_image(labels, spacing))
        nets.SetBackgroundLabel(0)
        nets.GenerateLabels(len(NAMES), 1, len(NAMES))
        nets.SetOutputMeshTypeToTriangles()
        nets.Update()
        return partial(_parted, nets.GetOutput())

    return make


def _contour_labels() -> Callable[..., Any]:
    import pyvista

    def make(labels: Any, spacing: Any) -> Any:
        image = pyvista.ImageData(dimensions=labels.shape[::-1], spacing=spacing[::-1])
        image.point_data["labels"] = labels.ravel()
        return partial(_parted, image.contour_labels(boundary_style="all", simplify_output=False))

    return make


def _flying_edges() -> Callable[..., Surfaces]:
    import fast_simplification
    import numpy as np
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter
    from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

    def make(labels: Any, spacing: Any) -> Surfaces:
        found = {}
        for label in range(1, len(NAMES) + 1):
            edges = vtkDiscreteFlyingEdges3D()
            edges.SetInputData(_image(np.pad(labels, 1), spacing))
            edges.SetValue(0, label)
            sinc = vtkWindowedSincPolyDataFilter()
            sinc.SetInputConnection(edges.GetOutputPort())
            sinc.SetNumberOfIterations(SINC_ITERATIONS)
            sinc.SetPassBand(PASS_BAND)
            sinc.BoundarySmoothingOff()
            sinc.FeatureEdgeSmoothingOff()
            sinc.NonManifoldSmoothingOn()
            sinc.NormalizeCoordinatesOn()
            sinc.Update()
            points, faces = _arrays(sinc.GetOutput())
            points, faces = fast_simplification.simplify(
                (points - np.asarray(spacing[::-1])).astype(np.float32), faces.astype(np.int32),
                target_count=max(4, int(SHARE_KEPT * len(faces))), agg=7.0,
            )
            found[label] = points, faces
        return found

    return make


def _thinned(name: str, labels: Any, spacing: Any) -> Callable[[], Surfaces]:
    """Make our surfaces, and return what reduces their triangles."""
    import fast_simplification
    import numpy as np
    from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

    from anatomy_twin.anatomy.surface.complexes import complex_of, decimated, structure_surface
    from anatomy_twin.anatomy.surface.regions import regions_of
    from anatomy_twin.core import SurfaceMesh

    whole = complex_of(regions_of(_label_map(labels, spacing), NAMES))
    surfaces = {n + 1: structure_surface(whole, n) for n in range(len(NAMES))}

    def ours() -> Surfaces:
        fewer = decimated(whole, math.inf, int(SHARE_KEPT * len(whole.triangles)))
        return {n + 1: structure_surface(fewer, n) for n in range(len(NAMES))}

    def fast(mesh: SurfaceMesh) -> tuple[Any, Any]:
        return fast_simplification.simplify(mesh.points_mm.astype(np.float32), mesh.triangles.astype(np.int32),
                                            target_count=int(SHARE_KEPT * len(mesh.triangles)), agg=7.0)  # fmt: skip

    def vtk(mesh: SurfaceMesh) -> tuple[Any, Any]:
        import pyvista

        faces = np.column_stack([np.full(len(mesh.triangles), 3), mesh.triangles]).ravel()
        thin = vtkQuadricDecimation()
        thin.SetInputData(pyvista.PolyData(mesh.points_mm, faces))
        thin.SetTargetReduction(1.0 - SHARE_KEPT)
        thin.Update()
        return _arrays(thin.GetOutput())

    one_by_one = {"fast-simplification per structure": fast, "vtkQuadricDecimation per structure": vtk}
    if name not in one_by_one:
        return ours
    return lambda: {label: one_by_one[name](mesh) for label, mesh in surfaces.items()}


THINNERS = ("anatomy_twin", "fast-simplification per structure", "vtkQuadricDecimation per structure")
MAKERS: dict[str, Callable[[], Callable[..., Any]]] = {
    "anatomy_twin, smooth": partial(_ours, False),
    "anatomy_twin, smooth, decimated": partial(_ours, True),
    "anatomy_twin, decimated, certified, coarse copies": _ours_certified,
    "scikit-image per label, not smooth": _scikit_image,
    "VTK surface nets, smooth": _surface_nets,
    "PyVista contour_labels, its default smoothing": _contour_labels,
    "flying edges, windowed sinc, fast-simplification": _flying_edges,
}


# ---- what came out

def figures(made: Surfaces, labels: Any, spacing: Any, centre: Any) -> dict[str, Any]:
    """Return the named figures of the surfaces of all labels (see the script's help)."""
    import numpy as np

    from anatomy_twin.anatomy.surface.certificate import VoxelBoundary, certify
    from anatomy_twin.core import SurfaceMesh, VolumeGeometry
    from anatomy_twin.kernels.mesh_crossings import crossing_triangles

    geometry = VolumeGeometry.upright(labels.shape, tuple(spacing))
    surfaces, certificates = {}, {}
    for label, found in made.items():
        mesh = found if isinstance(found, SurfaceMesh) else _compact(*found)
        boundary = VoxelBoundary(labels, np.arange(256) == label, geometry)
        surfaces[label] = mesh
        volume_ml = np.count_nonzero(labels == label) * geometry.voxel_volume_ml
        certificates[label] = certify(mesh, volume_ml, boundary=boundary)
    lesion = surfaces[LESION]
    off_mm = np.abs(np.linalg.norm(lesion.points_mm - np.asarray(centre), axis=1) - LESION_RADIUS_MM)
    gaps = np.concatenate([_gaps(surfaces, labels, spacing, one, other)
                           for one, other in ((1, 2), (2, 1), (1, 3), (3, 1), (1, LESION), (LESION, 1))])  # fmt: skip
    every = certificates.values()
    return {
        "triangles": sum(one.triangle_count for one in every),
        "watertight": sum(one.watertight for one in every), "manifold": sum(bool(one.manifold) for one in every),
        "outward": sum(one.outward for one in every), "structures": len(made),
        "lesion_error_percent": certificates[LESION].volume_error_percent,
        "lesion_error_to_sphere_percent": 100 * (lesion.volume_ml / (math.pi * LESION_RADIUS_MM**3 / 750) - 1),
        "lesion_off_mean_mm": float(off_mm.mean()), "lesion_off_max_mm": float(off_mm.max()),
        "organ_error_percent": certificates[ORGAN].volume_error_percent,
        "vessel_error_percent": certificates[3].volume_error_percent,
        "boundary_p95_mm": max(one.boundary_p95_mm or 0.0 for one in every),
        "boundary_max_mm": max(one.boundary_max_mm or 0.0 for one in every),
        "gap_p95_voxels": float(np.percentile(gaps, 95)), "gap_max_voxels": float(gaps.max()),
        "crossing": sum(int(crossing_triangles(one.points_mm, one.triangles).sum()) for one in surfaces.values()),
        "smallest_angle_deg": min(one.smallest_angle_deg for one in every),
        "angle_p5_deg": min(one.angle_p5_deg for one in every),
    }


def _compact(points: Any, triangles: Any) -> Any:
    import numpy as np

    from anatomy_twin.core import SurfaceMesh

    used, corners = np.unique(np.asarray(triangles), return_inverse=True)
    mesh = SurfaceMesh(np.asarray(points, dtype=np.float64)[used], corners.reshape(-1, 3))
    # which way a library turns its triangles is a convention, not a fault
    return mesh if mesh.volume_ml > 0 else SurfaceMesh(mesh.points_mm, mesh.triangles[:, ::-1])


def _gaps(surfaces: Surfaces, labels: Any, spacing: Any, one: int, other: int) -> Any:
    """Distances in voxels from the points of one surface, where it meets only the other, to that other surface."""
    import numpy as np
    import pyvista

    points = surfaces[one].points_mm
    padded = np.pad(labels, 2)
    index = np.rint(points[:, ::-1] / spacing).astype(int) + 2
    around = itertools.product((-1, 0, 1), repeat=3)
    near = np.stack([padded[tuple((index + np.array(step)).T)] for step in around])
    meets = ((near == one) | (near == other)).all(axis=0) & (near == one).any(axis=0) & (near == other).any(axis=0)
    if not meets.any():
        return np.empty(0)
    faces = surfaces[other].triangles
    mesh = pyvista.PolyData(surfaces[other].points_mm, np.column_stack([np.full(len(faces), 3), faces]).ravel())
    _, nearest = mesh.find_closest_cell(points[meets], return_closest_point=True)
    return np.linalg.norm((np.asarray(nearest) - points[meets]) / np.asarray(spacing)[::-1], axis=1)


def _tetrahedra(names: list[str]) -> Callable[..., Any]:
    from anatomy_twin.anatomy.tetra.build import build_tetrahedra
    from anatomy_twin.anatomy.warm import warm_up

    warm_up()

    def make(labels: Any, spacing: Any) -> Any:
        fine = {"fine_mm": FINE_MM, "near": "lesion"} if "lesion" in names else {}
        return build_tetrahedra(_label_map(labels, spacing), names, size_mm=TETRAHEDRON_MM, **fine)

    return make


def _tetrahedra_figures(made: Any, labels: Any) -> dict[str, Any]:
    from anatomy_twin.anatomy.tetra.build import tetrahedra_report

    report = tetrahedra_report(made, _label_map(labels, SPACING_MM))
    names = ("tetrahedra", "inverted", "smallest_angle_deg", "angle_p1_deg", "below_10_percent", "below_5_percent",
             "conforming", "boundary_p95_mm")  # fmt: skip
    errors = {f"{region.name}_error_percent": region.volume_error_percent for region in report.regions}
    return {name: getattr(report, name) for name in names} | errors


def save_outline(labels: Any, label: int, file: str) -> None:
    """Write the decimated surface of one label as points and faces, for makers of tetrahedra that begin with one."""
    import numpy as np

    mesh = _ours(True)(labels, SPACING_MM)[label]
    np.savez(file, points=mesh.points_mm, faces=mesh.triangles.astype(np.int32))


def others_tetrahedra(file: str) -> dict[str, Any]:
    """Return the figures of tetrahedra that another program wrote (points, tetrahedra)."""
    import numpy as np

    from anatomy_twin.kernels.tet_quality import dihedral_degrees

    made = np.load(file)
    points, cells = np.ascontiguousarray(made["points"], np.float64), np.ascontiguousarray(made["cells"], np.int64)
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    mirrored = np.linalg.det(edges).sum() < 0  # which way a library turns them is a convention
    angles = dihedral_degrees(points, cells[:, [0, 1, 3, 2]] if mirrored else cells)
    return {"tetrahedra": len(cells), "inverted": int((angles.min(axis=1) < 0).sum()),
            "smallest_angle_deg": float(angles.min()), "below_10_percent": float(100 * (angles < 10).mean()),
            "volume_ml": float(abs(np.linalg.det(edges)).sum() / 6000)}  # fmt: skip


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Make the surfaces of ``request["labels"]`` (array file) once, after a warm-up on small ones, and measure it.

    ``maker`` is one of ``MAKERS``. With ``thinner``, one of ``THINNERS``, our surfaces are made unmeasured, and their
    triangles reduced; with ``tetrahedra``, labels in order, tetrahedra are made. ``figures`` asks for what came out.
    ``outline`` and ``others`` serve ``save_outline`` and ``others_tetrahedra``.
    """
    import numpy as np

    if "others" in request:
        return others_tetrahedra(request["others"])
    if "outline" in request:
        save_outline(np.load(request["labels"]), SOLID, request["outline"])
        return {}

    solid = request.get("tetrahedra")
    small, _ = scene((48, 60, 60) if solid else (24, 40, 40))
    labels = np.load(request["labels"])
    if "thinner" in request:
        _thinned(request["thinner"], small, SPACING_MM)()
        work = _thinned(request["thinner"], labels, SPACING_MM)
    else:
        make = _tetrahedra([NAMES[label - 1] for label in solid]) if solid else MAKERS[request["maker"]]()
        make(small, SPACING_MM)
        work = partial(make, labels, SPACING_MM)
    cpu, wall = time.process_time(), time.perf_counter()
    made = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    reply: dict[str, Any] = {"wall_s": wall, "cpu_s": cpu}
    if request["figures"]:
        made = made() if callable(made) else made
        found = _tetrahedra_figures(made, labels) if solid else figures(made, labels, SPACING_MM, request["centre"])
        reply["figures"] = found
    return reply


if __name__ == "__main__":
    print(json.dumps(serve(json.loads(sys.stdin.read()))))
