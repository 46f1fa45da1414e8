"""Scenes as pictures, without a screen and without Qt. The plotter's side (``stage``) loads PyVista when it is used."""

from anatomy_twin.render.anatomy_sheet import kind_of, surfaces_picture
from anatomy_twin.render.overview import overview_picture
from anatomy_twin.render.picture3d import legend_of, render_scene
from anatomy_twin.render.probe import can_render, choose_window
from anatomy_twin.render.slices import slice_picture
from anatomy_twin.render.territory_picture import territories_picture
from anatomy_twin.render.tet_picture import tetrahedra_picture
from anatomy_twin.render.text import to_png
from anatomy_twin.render.tree_picture import trees_picture
from anatomy_twin.render.views import VIEWS

__all__ = [
    "VIEWS", "can_render", "choose_window", "kind_of", "legend_of", "overview_picture", "render_scene",
    "slice_picture", "surfaces_picture", "territories_picture", "tetrahedra_picture", "to_png", "trees_picture",
]
