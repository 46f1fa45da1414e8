"""Scenes as pictures, without a screen and without Qt. The plotter's side (``stage``) loads PyVista when it is used.

The names of the room are loaded when they are first used: a window needs few of the sheets' libraries.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "anatomy_sheet": ["kind_of", "surfaces_picture"],
        "chamber_picture": ["ChamberRow", "Site", "chamber_picture"],
        "ecg_picture": ["ecg_picture"],
        "entry_picture": ["entries_picture"],
        "overview": ["overview_picture"],
        "picture3d": ["legend_of", "render_scene"],
        "probe": ["can_render", "choose_window"],
        "robustness_picture": ["robustness_picture", "target_picture", "weakest_side"],
        "slices": ["slice_picture"],
        "territory_picture": ["territories_picture"],
        "tet_picture": ["tetrahedra_picture"],
        "text": ["to_png"],
        "tree_picture": ["trees_picture"],
        "views": ["VIEWS"],
        "zone_picture": ["zone_panes", "zones_picture"],
    },
)
