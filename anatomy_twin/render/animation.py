"""Pictures and animations of a scene, off-screen: snapshots, once round the patient, and a simulation over time.

Animations are PNG (every colour, every program shows the first frame), WebP (small) or MP4. Nothing that encodes MP4
comes with this package: ffmpeg is used where it is installed.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, Plan
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.errors import RenderError, UsageError
from anatomy_twin.rehearsal import Scene, Shape
from anatomy_twin.rehearsal.picking import Camera
from anatomy_twin.render.picture3d import legend_of
from anatomy_twin.render.probe import can_render, choose_window
from anatomy_twin.render.still import FINER, scaled_down
from anatomy_twin.render.text import annotate, legend_width, write_png
from anatomy_twin.units import Point

Picture = NDArray[np.uint8]
FORMATS: Final = (".png", ".webp", ".mp4")
SMALLEST, LARGEST = 64, 7680
MOST_FRAMES: Final = 2000
ENCODING_S: Final = 120.0  # what ffmpeg may take after its last picture


@dataclass(frozen=True, eq=False)
class Sight:
    """How a scene is looked at for pictures.

    ``camera`` as a view had it, else a name of ``VIEWS`` in ``view``. ``background`` is "white" or "dark". ``planes``
    (point, normal) cut away what lies against any normal, with the scan's slice on a single one (``capped``).
    ``slices_at_mm`` stands the three slices there. ``volume`` names a look of the scan itself, ``field`` a result's
    field on surfaces at moment ``snapshot`` (-1: the last), ``plan`` a resection whose part is coloured.
    """

    camera: Camera | None = None
    view: str = "anterior"
    background: str = "white"
    planes: tuple[tuple[Point, Point], ...] = ()
    capped: bool = True
    slices_at_mm: Point | None = None
    volume: str = ""
    field: str = ""
    snapshot: int = -1
    plan: Plan | None = None
    shapes: tuple[Shape, ...] = ()
    legend: bool = True


def snapshot_picture(
    scene: Scene, file: str | Path | None = None, size: tuple[int, int] = (1920, 1080), sight: Sight | None = None,
) -> Picture:
    """Draw a scene once; return RGB (rows, columns, 3), and write it as PNG where ``file`` is given.

    Raises ``RenderError`` where this machine cannot draw or the file cannot be written.
    """
    sight = sight or Sight()
    with _studio(scene, size, sight) as studio:
        picture = studio.take(sight.snapshot)
    if file is not None:
        write_png(picture, file)
    return picture


def turntable(
    scene: Scene, file: str | Path, size: tuple[int, int] = (960, 720), sight: Sight | None = None, *,
    frames: int = 72, per_second: float = 18.0, monitor: Monitor = SILENT,
) -> Path:
    """Write an animation that goes once round the patient about the vertical of the view; return the file.

    Parameters: ``frames`` for the whole round, ``per_second`` how many are shown. The format is that of the file's
    name (.png, .webp, .mp4). Raises ``UsageError`` for another one or impossible numbers, ``RenderError`` where this
    machine cannot draw, write or encode, ``Cancelled`` when asked to stop: then there is no new file.
    """
    sight = sight or Sight()
    count = _checked("frames", frames, 2, MOST_FRAMES)
    file = _ready(file, per_second)
    with _studio(scene, size, sight) as studio:
        monitor.stage("drawing the animation")

        def pictures() -> Iterator[Picture]:
            start = studio.camera
            for number in range(count):
                check_cancelled(monitor)
                studio.camera = start.turned(-360.0 * number / count, 0.0)
                yield studio.take(sight.snapshot)
                monitor.progress((number + 1) / count)

        return _write(pictures(), file, size, per_second)


def over_time(
    scene: Scene, file: str | Path, size: tuple[int, int] = (960, 720), sight: Sight | None = None, *,
    per_second: float = 6.0, hold_s: float = 1.5, monitor: Monitor = SILENT,
) -> Path:
    """Write an animation of the simulated moments of a scene, the last one held for ``hold_s``; return the file.

    See ``turntable`` for formats and errors. Raises ``UsageError`` where the scene has no simulated moments.
    """
    if not scene.fields or scene.fields[0].times_s.size < 2:
        raise UsageError("nothing was simulated that could be shown over time", advice="simulate the plan first")
    sight, count = sight or Sight(), int(scene.fields[0].times_s.size)
    file = _ready(file, per_second)
    with _studio(scene, size, sight) as studio:
        monitor.stage("drawing the animation")

        def pictures() -> Iterator[Picture]:
            for number in range(count):
                check_cancelled(monitor)
                picture = studio.take(number)
                yield picture
                monitor.progress((number + 1) / count)
            for _ in range(max(round(hold_s * per_second), 0)):
                yield picture

        return _write(pictures(), file, size, per_second)


class _Studio:
    """A stage off-screen, twice as large as its pictures."""

    def __init__(self, scene: Scene, size: tuple[int, int], sight: Sight) -> None:
        import pyvista

        from anatomy_twin.render.live_stage import LiveStage
        from anatomy_twin.render.stage import place_camera

        self._scene, self._size, self._sight = scene, size, sight
        self._dark = sight.background == "dark"
        self.plotter: Any = pyvista.Plotter(
            off_screen=True, window_size=[FINER * side for side in size], lighting="none"
        )
        self._stage = LiveStage(self.plotter, scene, "dark" if self._dark else "light", finer=FINER)
        self._stage.hide_letters()
        self._stage.cross_at(None)
        self._stage.needles.show(scene.needles)
        self._stage.shapes.show(sight.shapes)
        self._stage.cut(sight.planes)
        self._stage.capped = sight.capped
        self._stage.stand_slices(sight.slices_at_mm, scene.window)
        if sight.volume:
            self._stage.show_volume(sight.volume)
        if sight.camera is None:
            room = legend_width(legend_of(scene), size) if sight.legend else 0
            place_camera(self.plotter, scene, sight.view, size, left_px=room)
        else:
            self._stage.camera = sight.camera
        self._surfaces(-1)
        self._stage.frame("resting")  # tells what draws here
        self._stage.pace.resting.triangles = 1e12

    @property
    def camera(self) -> Camera:
        """From where pictures are taken."""
        return self._stage.camera

    @camera.setter
    def camera(self, camera: Camera) -> None:
        self._stage.camera = camera

    def take(self, snapshot: int) -> Picture:
        """Return the picture of a moment, with words on it."""
        self._surfaces(snapshot)
        self._stage.frame("best")
        drawn = self._stage.picture()
        letters = {side: text for side, text in self._stage.edge_letters().items() if text}
        return annotate(
            scaled_down(drawn, FINER), notice=self._scene.notice, title=self._title(snapshot), letters=letters,
            legend=legend_of(self._shown) if self._sight.legend else (), dark=self._dark,
        )

    def close(self) -> None:
        """Release it."""
        self._stage.close()
        self.plotter.close()

    def _surfaces(self, snapshot: int) -> None:
        from anatomy_twin.render.live_zone import layers_at

        layers = layers_at(self._scene, snapshot)
        self._shown = replace(self._scene, surfaces=layers)
        self._stage.show(layers, {}, (), self._scene.markers)
        field = next((one for one in self._scene.fields if one.name == self._sight.field), None)
        if field is not None or self._sight.plan is not None:
            self._stage.paint(self._sight.plan, field, snapshot)

    def _title(self, snapshot: int) -> str:
        if not self._scene.fields or snapshot < 0:
            return self._scene.title
        seconds = float(self._scene.fields[0].times_s[snapshot])
        return f"{self._scene.title}    {int(seconds // 60)}:{int(seconds % 60):02d} min"


@contextlib.contextmanager
def _studio(scene: Scene, size: tuple[int, int], sight: Sight) -> Iterator[_Studio]:
    for side in size:
        _checked("size", side, SMALLEST, LARGEST)
    if sight.background not in ("white", "dark"):
        raise UsageError(f"no background is called {sight.background!r}", advice="use white or dark")
    works, message = can_render()
    if not works:
        raise RenderError(message)
    choose_window()
    studio = _Studio(scene, size, sight)
    try:
        yield studio
    finally:
        studio.close()


def _checked(name: str, value: float, least: float, most: float) -> int:
    if not least <= value <= most:
        raise UsageError(f"{name} cannot be {value}", advice=f"use {least:g} to {most:g}")
    return int(value)


def _ready(file: str | Path, per_second: float) -> Path:
    """Return the file's path once it is known that its format can be written."""
    path = Path(file)
    _checked("frames per second", per_second, 0.5, 60)
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"an animation cannot be written as {path.suffix or path.name!r}",
                         advice=f"let the name end in {', '.join(FORMATS)}")  # fmt: skip
    if path.suffix.lower() == ".mp4" and shutil.which("ffmpeg") is None:
        raise RenderError("MP4 is written by ffmpeg, which is not installed here", where=path.name,
                          advice="install ffmpeg, or choose PNG or WebP")  # fmt: skip
    return path


def _write(pictures: Iterator[Picture], file: Path, size: tuple[int, int], per_second: float) -> Path:
    """Write pictures to a file: complete, or not at all."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(prefix=".film-", suffix=file.suffix, dir=file.parent, delete=False) as made:
            temporary = Path(made.name)
        if file.suffix.lower() == ".mp4":
            _encode(pictures, temporary, size, per_second)
        else:
            _save(pictures, temporary, per_second)
        temporary.chmod(0o644)
        temporary.replace(file)
        temporary = None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise RenderError(f"the animation cannot be written: {reason}", where=file.name,
                          advice="choose a folder that you may write to, on a disk with room") from error  # fmt: skip
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return file


def _save(pictures: Iterator[Picture], file: Path, per_second: float) -> None:
    from PIL import Image

    duration = round(1000 / per_second)
    if file.suffix.lower() == ".webp":
        images = (Image.fromarray(picture) for picture in pictures)
        next(images).save(file, "WEBP", save_all=True, append_images=images, duration=duration, loop=0, quality=88,
                          method=4)  # fmt: skip
        return
    with tempfile.TemporaryFile() as spool:  # the writer of PNG goes through the frames twice
        first, count = next(pictures), 0
        for picture in pictures:
            spool.write(np.ascontiguousarray(picture).tobytes())
            count += 1
        spool.flush()
        Image.fromarray(first).save(
            file, "PNG", save_all=True, append_images=_Spooled(spool, count, first.shape), duration=duration, loop=0,
            compress_level=6,
        )


class _Spooled:
    """Frames in a file, as images, one at a time."""

    def __init__(self, spool: IO[bytes], count: int, shape: tuple[int, ...]) -> None:
        self._spool, self._count, self._shape = spool, count, shape

    def __iter__(self) -> Iterator[Any]:
        from PIL import Image

        size = int(np.prod(self._shape))
        for number in range(self._count):
            self._spool.seek(number * size)
            yield Image.fromarray(np.frombuffer(self._spool.read(size), np.uint8).reshape(self._shape))


def _encode(pictures: Iterator[Picture], file: Path, size: tuple[int, int], per_second: float) -> None:
    width, height = (side - side % 2 for side in size)  # the format has even sides
    command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
               "-r", f"{per_second:g}", "-i", "-", "-an", "-pix_fmt", "yuv420p", "-movflags", "+faststart",
               str(file)]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert process.stdin is not None
        whole = False
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended early: what it said tells why
                for picture in pictures:
                    process.stdin.write(np.ascontiguousarray(picture[:height, :width]).tobytes())
                process.stdin.close()
                whole = True
            code = process.wait(ENCODING_S)
        except subprocess.TimeoutExpired:
            raise RenderError(f"ffmpeg took longer than {ENCODING_S:g} s after the last picture", where=file.suffix,
                              advice="choose PNG or WebP") from None  # fmt: skip
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(20)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        if code or not whole:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise RenderError("ffmpeg could not write the film", where=lines[-1], advice="choose PNG or WebP")
