"""What all tests share: rendering without a screen, real scans, one simulated toy case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.real_scans import DATA, GIVEN, NOT_GIVEN

# threads that wait for work sleep: test processes run side by side, and one that spins takes another's core
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


# files that take longest, by seconds of a processor: begun first, so that no core is left alone with one at the end.
# Of the first two only one makes a generated patient: two would compile the phantom's kernels side by side.
# The demo comes later: it takes the kernels that the others have compiled along.
LONGEST = (
    "test_segmentation_organs_real", "test_cli", "test_segmentation_thorax", "test_seeded_tools", "test_demo",
    "test_confirmation", "test_batch", "test_view_monkey", "test_view_workflow", "test_view", "test_view_plans",
    "test_segmentation_heart", "test_segmentation_lge", "test_ionic_models", "test_table_beside_vein",
    "test_phantom_conditions", "test_phantom_patient", "test_segmentation_organs", "test_confirm_verb",
    "test_view_jobs", "test_mesh_verb_keeps", "test_phantom_anatomy", "test_view_bad_ground", "test_view_scene",
    "test_cryo_simulate", "test_view_memory", "test_search_applicators", "test_view_opening",
    "test_search_verbs", "test_tetrahedra_multi", "test_view_library", "test_view_confirmation",
    "test_anatomy_complex", "test_view_robustness", "test_registration", "test_segmentation_head",
    "test_freezing_published", "test_view_unsaved", "test_view_segment", "test_robustness", "test_freezing",
    "test_phantom_head", "test_thermal_electric", "test_fuzz", "test_fuzz_meshes", "test_golden", "test_library",
    "test_reindexing", "test_ionic_numerics", "test_eikonal", "test_tissue", "test_ventricle_fibres",
)


WITH_DRAFTS = ("test_view_unsaved", "test_view_opening", "test_view_monkey", "test_view_workflow")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let VTK draw by EGL where pytest-xvfb has started no screen.

    Never beside one: with windows on X and EGL in one process depth peeling loses what is translucent. Of test
    processes side by side the first only hands out tests and has no screen; what it sets the others would inherit.
    """
    hands_out = config.getoption("dist", "no") != "no" and "PYTEST_XDIST_WORKER" not in os.environ
    if not hands_out and not os.environ.get("DISPLAY"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; skip the tests on real scans where none are given."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
    for item in items:
        if not GIVEN and item.get_closest_marker("real_data"):
            item.add_marker(pytest.mark.skip(reason=NOT_GIVEN))


@pytest.fixture(autouse=True)
def own_places(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of tests neither read nor change the preferences and the journals of whoever runs them.

    Only where it is tested do they write a draft of each case without a place, which takes a second or two.
    """
    if request.node.get_closest_marker("gui"):
        folder = request.getfixturevalue("tmp_path_factory").mktemp("user")
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            monkeypatch.setenv(name, str(folder / name.lower()))
        if request.path.stem not in WITH_DRAFTS:
            monkeypatch.setattr("anatomy_twin.view.opening_keep.FIRST_MS", 3_600_000)
        # nor do they look through all of this process's memory for every case that they let go
        if request.path.stem != "test_view_memory":
            monkeypatch.setattr("anatomy_twin.view.window.GIVE_BACK_MS", 3_600_000)
        # nor does the full simulation follow by itself what a test moves
        monkeypatch.setattr("anatomy_twin.view.following.REST_MS", 3_600_000)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scans; the test is skipped where it is not given."""
    if not GIVEN:
        pytest.skip(NOT_GIVEN)
    assert DATA.is_dir(), f"ANATOMY_TWIN_TEST_DATA names {DATA}, which is not there"
    return DATA


@pytest.fixture(scope="session")
def toy_case():
    """The toy patient with surfaces, a plan made by hand, its simulation and its numbers."""
    import anatomy_twin as at
    from tests.support.toy_patient import toy_patient

    volume, labels = toy_patient()
    case = at.Case.new(volume=volume, labels=labels, anatomy=at.build_anatomy(volume, labels))
    applicator = at.Applicator("mwa-generic", (-138.0, -45.0, 27.0), (-61.0, -11.0, 25.0), 60.0, 240.0)
    plan = at.AblationPlan("A", "tumour_1", (applicator,), margin_mm=5.0)
    case = case.with_plan(plan, at.check_plan(case, plan))
    # few moments: what tests load, save and hand from process to process is so many times smaller
    case = case.with_result(at.simulate(case, plan, at.ThermalModel(snapshots=6))).with_assessment(at.assess(case))
    return case.with_assessment(at.assess(case, plan, case.results["A"]))


@pytest.fixture
def plan_window(qtbot, toy_case, tmp_path, monkeypatch):
    """A window on the toy patient with its plan, active on the screen."""
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.style import apply_style
    from tests.support.windows import shown_window

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    apply_style(QApplication.instance(), "dark", 100)
    window = shown_window(qtbot, Session(toy_case), (1300, 850))
    with qtbot.waitActive(window):
        window.activateWindow()
    yield window
    window.close()


@pytest.fixture(scope="module")
def shell(toy_case, tmp_path_factory, qapp):
    """One window for all tests that leave it as they found it, with preferences of its own."""
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.preferences import Preferences
    from anatomy_twin.view.style import apply_style
    from anatomy_twin.view.window import RehearsalWindow
    from anatomy_twin.view.words import install_language

    apply_style(qapp, "dark", 100)
    install_language("en")
    file = tmp_path_factory.mktemp("preferences") / "window.ini"
    window = RehearsalWindow(Session(toy_case), None, Preferences(file))
    window.preferences["language"] = "en"
    window.resize(1280, 720)
    window.show()
    yield window
    window.close()
    apply_style(qapp, "dark", 100)
    install_language("en")


@pytest.fixture
def shell_window(shell, qtbot):
    """That window with the keyboard on the axial slice."""
    qtbot.waitUntil(lambda: shell.views is not None and shell.views.isVisible(), timeout=5000)
    shell.activateWindow()
    shell.views.set_layout("four")
    shell.views.slice_panes["axial"].setFocus()
    qtbot.waitUntil(lambda: shell.views.slice_panes["axial"].hasFocus(), timeout=5000)
    return shell
