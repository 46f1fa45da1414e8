"""Commands of the simulate menu: what the program computes, beside the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anatomy_twin.core import AblationPlan, LesionPlan
from anatomy_twin.pipeline.procedures import unmeasured
from anatomy_twin.pipeline.targets import candidates
from anatomy_twin.view.commands import Command
from anatomy_twin.view.jobs import Job
from anatomy_twin.view.simulation_choices import choices_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

TASKS = "anatomy_twin.pipeline.tasks:"
STAGES = "anatomy_twin.pipeline:"
SIMULATED = (AblationPlan, LesionPlan)
ALL = (
    "labels", "anatomy", "plans", "checks", "results", "robustness", "assessments", "volumes", "transforms",
    "confirmations",
)


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu, organs = tr("Simulate"), tr("Find organs")
    return (
        Command("simulate.organs", tr("Abdomen"), lambda w: find_organs(w, "ct-abdomen"), menu, submenu=organs,
                tip=tr("Segment the scan anew; what stands on the old outlines is dropped (can be undone)")),
        Command("simulate.organs_chest", tr("Chest"), lambda w: find_organs(w, "ct-thorax"), menu, submenu=organs,
                tip=tr("Segment the scan anew as a CT of the chest")),
        Command("simulate.organs_head", tr("Head"), lambda w: find_organs(w, "ct-head"), menu, submenu=organs,
                tip=tr("Segment the scan anew as a CT of the head")),
        Command("simulate.organs_heart", tr("Heart (CT with contrast)"), lambda w: find_organs(w, "cta-heart"), menu,
                submenu=organs, tip=tr("Segment the scan anew as a contrast CT of the heart")),
        Command("simulate.organs_lge", tr("Left atrium (late enhancement)"),
                lambda w: find_organs(w, "lge-left-atrium"), menu, submenu=organs,
                tip=tr("Segment the scan anew as late-enhancement MR of the left atrium")),
        Command("simulate.surfaces", tr("Make surfaces and vessels"), make_surfaces, menu, enabled=has_labels,
                tip=tr("Surfaces of all outlines, vessel trees and liver segments"), why=no_labels),
        Command("simulate.vessels", tr("Follow vessels, divide the liver"), follow_vessels, menu, enabled=has_labels,
                tip=tr("Only vessel trees and liver segments; surfaces stay"), why=no_labels),
        Command("simulate.propose", tr("Propose an ablation"), propose, menu, ("Ctrl+Shift+P",), enabled=has_target,
                divided=True, tip=tr("The best path to the lesion at the crosshair, or to the target of the plan"),
                why=lambda w: no_labels(w) or tr("no lesion is outlined")),
        Command("simulate.check", tr("Check the plan shown"), check, menu, enabled=has_measured, why=not_measured,
                tip=tr("Hard rules: what lies in the way, how deep, how near")),
        Command("simulate.run", tr("Simulate the plan shown"), run_plan, menu, ("F5",), enabled=has_simulated, bar=True,
                divided=True, tip=tr("The full simulation, and the numbers read off it"), icon="simulate",
                short=tr("Simulate"), why=lambda w: no_plan(w) or tr("resections are not simulated")),
        Command("simulate.again", tr("Simulate again"), run_again, menu, enabled=has_moments, why=no_moments,
                tip=tr("Simulate the plan shown once more; the result it has is replaced")),
        Command("simulate.run_all", tr("Simulate all plans"), run_all, menu, ("Shift+F5",), enabled=has_plan,
                tip=tr("Those that have no result yet, one after the other"), why=no_plan),
        Command("simulate.measure", tr("Read numbers off the plan"), measure, menu, enabled=has_labels, why=no_labels,
                tip=tr("Volumes, margins and verdicts, without simulating again")),
        Command("simulate.follow", tr("Simulate when the hand rests"), toggle_follow, menu,
                checked=lambda w: bool(w.live.following),
                tip=tr("The full simulation follows by itself after a plan was moved")),
        Command("simulate.play", tr("Play or pause"), play, menu, ("Space",), enabled=has_moments, divided=True,
                tip=tr("Play the simulated time"), icon="play", why=no_moments),
        Command("simulate.earlier", tr("A moment earlier"), lambda w: go(w, -1), menu, (",",), enabled=has_moments,
                why=no_moments),
        Command("simulate.later", tr("A moment later"), lambda w: go(w, 1), menu, (".",), enabled=has_moments,
                why=no_moments),
        Command("simulate.field", tr("Show the next field"), next_field, menu, enabled=has_moments, why=no_moments,
                tip=tr("None, temperature or damage over slices and surfaces")),
        Command("simulate.course", tr("Course of the generator"), lambda w: w.show_panel("course"), menu,
                tip=tr("Power, impedance and temperatures over time")),
        Command("simulate.tasks", tr("Show tasks"), lambda w: w.show_panel("jobs"), menu, divided=True),
        Command("simulate.stop", tr("Stop all tasks"), lambda w: w.jobs.cancel_all(), menu, ("Ctrl+.",), icon="stop",
                enabled=lambda w: w.jobs.busy, tip=tr("The case stays as it is"), why=lambda _: tr("nothing runs")),
    )  # fmt: skip


def no_labels(window: RehearsalWindow) -> str:
    """Return why what needs outlines cannot be done, "" where there are some."""
    return "" if has_labels(window) else tr("the scan has no outlines yet")


def no_plan(window: RehearsalWindow) -> str:
    """Return why what needs a plan cannot be done, "" where one is shown."""
    return no_labels(window) or ("" if has_plan(window) else tr("no plan is shown"))


def no_moments(window: RehearsalWindow) -> str:
    """Return why nothing can be played."""
    return tr("the plan shown is not simulated")


def has_labels(window: RehearsalWindow) -> bool:
    """True where the scan was segmented."""
    return window.desk is not None and window.desk.case.primary in window.desk.case.labels


def has_target(window: RehearsalWindow) -> bool:
    """True where there is a lesion."""
    return has_labels(window) and window.desk is not None and bool(candidates(window.desk.case.label_map))


def has_plan(window: RehearsalWindow) -> bool:
    """True where a plan is shown."""
    return has_labels(window) and window.desk is not None and window.desk.plan_name in window.desk.case.plans


def has_measured(window: RehearsalWindow) -> bool:
    """True where a plan is shown of which something is computed."""
    return has_plan(window) and window.desk is not None and not unmeasured(window.desk.plan)


def not_measured(window: RehearsalWindow) -> str:
    """Return why nothing is read off the plan shown, "" where something is."""
    from anatomy_twin.view.plan_words import speaker

    return no_plan(window) or ("" if window.desk is None else speaker()(unmeasured(window.desk.plan)))


def has_simulated(window: RehearsalWindow) -> bool:
    """True where a plan is shown that can be simulated: an ablation, or lesions on the heart."""
    desk = window.desk
    known = desk is not None and desk.plan_name in desk.case.plans
    return known and desk is not None and isinstance(desk.case.plans[desk.plan_name], SIMULATED)


def has_moments(window: RehearsalWindow) -> bool:
    """True where a simulated result is shown."""
    return window.desk is not None and window.desk.snapshot_count > 0


def start_once(window: RehearsalWindow, step: str, title: str, function: str, *args: Any, **options: Any) -> Job:
    """Start work on the case that shows at a step how far it is; the same work is not begun a second time."""
    known = window.jobs.awaited(title)
    if known is not None:
        window.tell(tr("{title}: this runs already").format(title=title))
        return known
    return window.jobs.start_on_case(title, function, *args, step=step, **options)


def find_organs(window: RehearsalWindow, segmenter: str) -> Job:
    """Segment the scan."""
    return start_once(window, "organs", tr("Finding organs"), STAGES + "segment_case", segmenter, writes=ALL,
                      reads=("volumes", "labels"), name=tr("Organs found"))  # fmt: skip


def make_surfaces(window: RehearsalWindow, done: Callable[[object], object] | None = None) -> Job:
    """Build surfaces, vessel trees and segments."""
    return start_once(window, "organs", tr("Making surfaces"), STAGES + "mesh_case", reads=("volumes", "labels"),
                      writes=("anatomy",), name=tr("Surfaces made"), done=done)  # fmt: skip


def follow_vessels(window: RehearsalWindow) -> Job:
    """Build vessel trees and segments."""
    return start_once(window, "organs", tr("Following vessels"), STAGES + "vessels_case", writes=("anatomy",),
                      reads=("volumes", "labels", "anatomy"), name=tr("Vessels followed"))  # fmt: skip


def propose(window: RehearsalWindow) -> Job | None:
    """Propose an ablation of the target of the plan shown, else of the lesion at the crosshair, else of the first."""
    desk = window.desk
    if desk is None:
        return None
    labels = desk.case.label_map
    known = candidates(labels)
    shown = getattr(desk.plan, "target", "")
    here = [name for name in known if labels.geometry.contains(desk.focus_mm)
            and labels.mask(name)[labels.geometry.nearest_voxel(desk.focus_mm)]]  # fmt: skip
    target = here[0] if here else shown if shown in known else known[0]

    before = set(desk.case.plans)

    def choose(case: object) -> None:
        fresh = [name for name in getattr(case, "plans", {}) if name not in before]
        if fresh and window.desk is desk:
            desk.choose_plan(fresh[-1])

    words = target.replace("_", " ")
    return start_once(
        window, "plan", tr("Planning an ablation of {target}").format(target=words), TASKS + "plan_target", target,
        reads=("volumes", "labels"), writes=ALL, name=tr("Plan for {target}").format(target=words), done=choose,
    )


def check(window: RehearsalWindow) -> Job | None:
    """Check the plan shown."""
    if window.desk is None:
        return None
    name = window.desk.plan_name
    return start_once(
        window, "plan", tr("Checking plan {name}").format(name=name), TASKS + "check_plans", [name], short=True,
        reads=("labels", f"plans:{name}"), writes=("checks",), name=tr("Plan {name} checked").format(name=name),
    )


def run_plan(window: RehearsalWindow) -> Job | None:
    """Simulate the plan shown, unless it has a result by the same choices: that would be the same one."""
    desk = window.desk
    if desk is None:
        return None
    known = desk.plan_name in desk.case.results or desk.plan_name in desk.case.activations
    if known and not choices_of(desk).differ(desk.plan_name, desk.plan):
        window.tell(tr("Plan {name} is simulated already").format(name=desk.plan_name))
        return None
    return simulate(window, desk.plan_name)


def run_again(window: RehearsalWindow) -> Job | None:
    """Simulate the plan shown once more."""
    return None if window.desk is None else simulate(window, window.desk.plan_name)


def simulate(window: RehearsalWindow, name: str) -> Job:
    """Simulate one plan by the choices of now and read its numbers off."""
    assert window.desk is not None
    kit = choices_of(window.desk)
    choices = kit.choices.options(window.desk.case.plans.get(name))
    return start_once(
        window, "simulate", tr("Simulating plan {name}").format(name=name), TASKS + "simulate_plans", [name], choices,
        reads=("labels", "chambers", f"plans:{name}"), writes=("results", "activations", "assessments"),
        name=tr("Plan {name} simulated").format(name=name), done=lambda _: kit.ran(name, choices),
    )


def run_all(window: RehearsalWindow) -> list[Job]:
    """Simulate every ablation that has no result, each as a step of its own."""
    if window.desk is None:
        return []
    case = window.desk.case
    wanted = [name for name, plan in case.plans.items() if isinstance(plan, SIMULATED)
              and name not in case.results and name not in case.activations]  # fmt: skip
    if not wanted:
        window.tell(tr("All plans that can be simulated are"))
    return [simulate(window, name) for name in wanted]


def measure(window: RehearsalWindow) -> Job | None:
    """Read numbers off the anatomy and the plan shown."""
    if window.desk is None:
        return None
    name = window.desk.plan_name
    shown = [name] if name in window.desk.case.plans and not unmeasured(window.desk.plan) else []
    return start_once(
        window, "compare", tr("Reading numbers"), TASKS + "measure_plans", shown, writes=("assessments",), short=True,
        reads=("labels", "anatomy", "patient", *(f"{part}:{name}" for part in ("plans", "results") if shown)),
        name=tr("Numbers read"),
    )


def toggle_follow(window: RehearsalWindow) -> None:
    """Let the full simulation follow the hand, or not."""
    window.live.set_following(not window.live.following)


def play(window: RehearsalWindow) -> None:
    """Play or pause the simulated time."""
    if window.time_bar is not None:
        window.time_bar.play_button.toggle()


def go(window: RehearsalWindow, by: int) -> None:
    """Show an earlier or a later moment."""
    if window.desk is not None:
        window.desk.set_snapshot(window.desk.snapshot + by)


def next_field(window: RehearsalWindow) -> None:
    """Show the next of the fields that the result has, or none."""
    desk = window.desk
    if desk is not None:
        names = ["", *(series.name for series in desk.fields)]
        at = names.index(desk.field_shown) if desk.field_shown in names else 0
        desk.show_field(names[(at + 1) % len(names)])
