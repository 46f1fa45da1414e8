"""Words of the numbered steps: their names, why each is as it is, and short names of their commands."""

from __future__ import annotations

from anatomy_twin.rehearsal.workflow import Reason
from anatomy_twin.view.words import tr


def step_name(name: str) -> str:
    """Return what a step is called."""
    return {"load": tr("Load"), "check": tr("Check"), "organs": tr("Organs"), "plan": tr("Plan"),
            "simulate": tr("Simulate"), "compare": tr("Compare"), "report": tr("Report"),
            "confirm": tr("Confirm")}[name]  # fmt: skip


def state_words(state: str) -> str:
    """Return what a state is called, for readers of the screen."""
    return {"done": tr("done"), "current": tr("next"), "open": tr("open"), "attention": tr("to be looked at")}[state]


def reason_words(reason: Reason) -> str:
    """Return why a step is as it is, in the language of the window."""
    words = {
        "no case": tr("open a case or a scan"),
        "loaded": tr("{modality}, {slices} slices every {step} mm"),
        "scan warnings": tr("{count} warnings about the scan"),
        "one scan warning": tr("1 warning about the scan"),
        "scan is sound": tr("the program found no fault in it"),
        "follows": tr("follows step {number}"),
        "no organs": tr("organs are not outlined yet"),
        "structures to check": tr("{count} structures to check"),
        "one structure to check": tr("1 structure to check"),
        "no surfaces": tr("outlined; surfaces are not made yet"),
        "organs are there": tr("{count} structures outlined"),
        "no target": tr("no target is outlined yet"),
        "no plan": tr("no plan yet"),
        "rules broken": tr("plan {plans}: {count} rules broken"),
        "one rule broken": tr("plan {plans}: 1 rule broken"),
        "rules open": tr("plan {plans}: {count} rules not checked"),
        "one rule open": tr("plan {plans}: 1 rule not checked"),
        "rules not checked": tr("plan {plans}: rules not checked"),
        "plans": tr("plan {plans}"),
        "not simulated": tr("plan {plans} is not simulated"),
        "simulated": tr("plan {plans} simulated"),
        "nothing to simulate": tr("not needed: a resection is not simulated"),
        "one plan": tr("a second plan makes a comparison"),
        "comparable": tr("{count} plans to compare"),
        "not assessed": tr("plan {plans}: numbers are to be read off (Simulate menu)"),
        "reading": tr("plan {plans}: numbers follow by themselves"),
        "report ready": tr("ready to be written"),
        "report written": tr("written"),
        "after treatment": tr("after the treatment, with a second scan"),
        "confirmed complete": tr("{scan}: complete with margin"),
        "confirmed borderline": tr("{scan}: borderline"),
        "confirmed incomplete": tr("{scan}: incomplete"),
        "confirmed uncertain": tr("{scan}: uncertain"),
    }
    return words[reason.kind].format(**reason.facts)


def command_words(name: str, text: str) -> str:
    """Return what a command is called in this narrow panel: a short name, else its ``text``."""
    return {
        "file.open": tr("Open case"), "file.import_folder": tr("Import scan"), "file.library": tr("Library"),
        "measure.distance": tr("Distance"), "segment.sample": tr("Sample HU"), "simulate.organs": tr("Find organs"),
        "simulate.surfaces": tr("Make surfaces"), "segment.next_flagged": tr("Next flagged"),
        "segment.confirm": tr("Mark checked"), "segment.grow": tr("Grow by clicks"), "simulate.propose": tr("Propose"),
        "plan.new_ablation": tr("New ablation"), "plan.new_resection": tr("New resection"),
        "plan.edit": tr("Edit handles"), "plan.check": tr("Check rules"), "simulate.run": tr("Simulate"),
        "simulate.run_all": tr("Simulate all"), "simulate.play": tr("Play"), "simulate.field": tr("Next field"),
        "plan.duplicate": tr("Copy plan"), "plan.compare": tr("Compare plans"),
        "plan.next": tr("Next plan"), "plan.copy_comparison": tr("Copy table"), "file.report": tr("Write report"),
        "file.export": tr("Export"), "file.save": tr("Save"), "file.add_to_library": tr("Add to library"),
        "confirm.scan": tr("Second scan"), "confirm.worst": tr("Worst point"), "confirm.look": tr("Compare scans"),
        "confirm.next": tr("Next scan"),
    }.get(name, text)
