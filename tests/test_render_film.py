"""Films as MP4 by the user's own ffmpeg: playable, complete or not at all, and words where there is none."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.errors import Cancelled, RenderError
from anatomy_twin.rehearsal import build_scene
from anatomy_twin.render import animation, can_render
from anatomy_twin.render.animation import Sight, over_time, turntable
from tests.support.toy_case import planned_case

needs_graphics = pytest.mark.skipif(not can_render()[0], reason=can_render()[1])
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="ffmpeg is not installed here: it is the user's own",
)
pytestmark = needs_graphics
PLAIN = Sight(legend=False)


@pytest.fixture(scope="module")
def scene():
    return build_scene(planned_case(), masks=False)


def stream_of(file):
    """What ffprobe says of a film, every frame counted."""
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(file)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert told.stderr == b"", told.stderr
    found = json.loads(told.stdout)
    assert len(found["streams"]) == 1, "pictures only, no sound"
    return found["streams"][0] | {"container": found["format"]["format_name"]}


def pictures_of(file, width, height):
    """Every picture of a film, as a player shows it."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(file), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert raw.stderr == b"", raw.stderr
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, height, width, 3).astype(int)


@needs_ffmpeg
def test_a_round_trip_is_playable(scene, tmp_path):
    file = turntable(scene, tmp_path / "round.mp4", (160, 120), PLAIN, frames=6, per_second=4)
    stream = stream_of(file)
    assert "mp4" in stream["container"] and stream["codec_type"] == "video" and stream["pix_fmt"] == "yuv420p"
    assert (stream["width"], stream["height"], int(stream["nb_read_frames"])) == (160, 120, 6)
    assert stream["avg_frame_rate"] == "4/1" and float(stream["duration"]) == pytest.approx(1.5)
    shown = pictures_of(file, 160, 120)
    assert len(shown) == 6 and np.abs(shown[0] - shown[3]).mean() > 1, "it turns"
    still = turntable(scene, tmp_path / "round.png", (160, 120), PLAIN, frames=2, per_second=4)
    from PIL import Image

    with Image.open(still) as first:
        expected = np.asarray(first.convert("RGB")).astype(int)
    assert np.abs(shown[0] - expected).mean() < 6, "with its colours, not mirrored, not upside down"
    assert file.read_bytes().find(b"moov") < file.read_bytes().find(b"mdat"), "it plays while it is still loaded"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["round.mp4", "round.png"]


@needs_ffmpeg
def test_a_simulation_is_playable_in_odd_sizes_too_and_its_end_is_held(scene, tmp_path):
    file = over_time(scene, tmp_path / "heat.mp4", (161, 121), PLAIN, per_second=5, hold_s=1.0)
    stream = stream_of(file)
    moments = scene.fields[0].times_s.size
    assert (stream["width"], stream["height"], int(stream["nb_read_frames"])) == (160, 120, moments + 5)
    assert float(stream["duration"]) == pytest.approx((moments + 5) / 5)
    shown = pictures_of(file, 160, 120)
    assert np.abs(shown[0] - shown[-1]).max() > 30 and np.abs(shown[-1] - shown[-4]).mean() < 1


@needs_ffmpeg
def test_a_film_that_is_stopped_leaves_the_old_one(scene, tmp_path):
    class Later:
        """Stops at the third picture."""

        count = 0
        stage = warn = staticmethod(lambda *_: None)

        def progress(self, fraction):
            self.count += 1

        @property
        def cancelled(self):
            return self.count >= 2

    (tmp_path / "film.mp4").write_bytes(b"old")
    with pytest.raises(Cancelled):
        turntable(scene, tmp_path / "film.mp4", (160, 120), PLAIN, frames=20, monitor=Later())
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"] and (tmp_path / "film.mp4").read_bytes() == b"old"


def test_without_ffmpeg_the_words_say_what_to_do(scene, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError) as refused:
        turntable(scene, tmp_path / "film.mp4", (160, 120))
    assert "ffmpeg, which is not installed here" in refused.value.line
    assert "install ffmpeg, or choose PNG or WebP" in refused.value.line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("script", "words"), [
    ("cat > /dev/null; echo Unknown encoder libx264 >&2; exit 1", "Unknown encoder libx264"),
    ("echo No space left on device >&2; exit 1", "No space left on device"),
    ("exec 0<&-; sleep 60", "took longer than"),
    ("kill -9 $$", "no reason given"),
], ids=["no encoder", "full disk", "hangs", "killed"])  # fmt: skip
def test_an_ffmpeg_that_fails_is_told_and_leaves_nothing(scene, tmp_path, monkeypatch, script, words):
    tools, out = tmp_path / "tools", tmp_path / "out"
    tools.mkdir()
    out.mkdir()
    (tools / "ffmpeg").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(animation, "ENCODING_S", 1.0)
    with pytest.raises(RenderError) as refused:
        turntable(scene, out / "film.mp4", (160, 120), PLAIN, frames=4)
    assert words in refused.value.line and "choose PNG or WebP" in refused.value.line
    assert not list(out.iterdir())


@pytest.mark.gui
def test_the_window_says_what_to_do_where_there_is_no_ffmpeg(qtbot, tmp_path, monkeypatch):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.scene_pictures import start_film
    from tests.support.windows import shown_window

    monkeypatch.setenv("PATH", str(tmp_path))
    window = shown_window(qtbot, Session(replace(planned_case())))
    told = []
    window.desk.told.connect(lambda level, line: told.append((level, line)))
    start_film(window, "anatomy_twin.render.animation:turntable", str(tmp_path / "film.mp4"), (160, 120), "white", 1.0)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=60_000)
    assert [line for level, line in told if level == "error" and "install ffmpeg, or choose PNG or WebP" in line]
    assert not list(tmp_path.iterdir())
    window.close()


@pytest.mark.gui
@needs_ffmpeg
def test_the_window_writes_a_film_beside_it(qtbot, tmp_path):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.scene_pictures import start_film
    from tests.support.windows import shown_window

    window = shown_window(qtbot, Session(planned_case()))
    start_film(window, "anatomy_twin.render.animation:over_time", str(tmp_path / "film.mp4"), (160, 120), "dark", 1.0)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=60_000)
    assert window.jobs.jobs[-1].state == "done", window.jobs.jobs[-1].lines
    stream = stream_of(tmp_path / "film.mp4")
    assert (stream["width"], stream["height"]) == (160, 120) and int(stream["nb_read_frames"]) >= 4
    window.close()
