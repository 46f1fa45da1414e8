"""Still pictures off-screen: drawn larger and scaled down, which smooths edges and leaves depth peeling alone.

VTK's own supersampling pass takes the place of depth peeling: translucent surfaces then show their triangles in the
order in which they are stored.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FINER: Final = 2  # pixels drawn along each side of a pixel of the picture; widths of lines must grow as much
PEELS: Final = 8


def new_plotter(size: tuple[int, int]) -> Any:
    """Return a plotter whose pictures, by ``take_still``, have ``size`` (width, height) in pixels."""
    import pyvista

    plotter: Any = pyvista.Plotter(off_screen=True, window_size=[FINER * int(side) for side in size], lighting="none")
    plotter.render_window.SetMultiSamples(0)  # with more, depth peeling loses whatever is translucent
    return plotter


def take_still(plotter: Any, sheer: bool) -> NDArray[np.uint8]:
    """Return what a plotter of ``new_plotter`` shows, RGB (rows, columns, 3); ``sheer``: parts are translucent."""
    if sheer:
        plotter.enable_depth_peeling(number_of_peels=PEELS, occlusion_ratio=0.0)
    return scaled_down(np.asarray(plotter.screenshot(return_img=True))[..., :3], FINER)


def scaled_down(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Return a picture whose pixels are the means of ``factor`` x ``factor`` pixels."""
    total = np.zeros((picture.shape[0] // factor, picture.shape[1] // factor, picture.shape[2]), dtype=np.uint16)
    for row in range(factor):
        for column in range(factor):
            total += picture[row::factor, column::factor][: total.shape[0], : total.shape[1]]
    return ((total + factor * factor // 2) // (factor * factor)).astype(np.uint8)
