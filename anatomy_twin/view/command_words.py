"""Other words by which people look for a command: what other programs, papers and colleagues call it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from anatomy_twin.view.words import tr

Say = Callable[[str], str]


def other_words(name: str) -> str:
    """Return the words of a command by its name, else those of its group; in the window's language and in English."""
    group, _, rest = name.partition(".")
    english, spoken = _tables(tr("Liver"))
    keys = (name, f"{group}.{rest.partition('_')[0]}_*", f"{group}.{rest.partition('.')[0]}.*")
    key = next((key for key in keys if key in english), "")
    return ", ".join(dict.fromkeys((spoken[key], english[key]))) if key else ""


@lru_cache(maxsize=2)
def _tables(language: str) -> tuple[dict[str, str], dict[str, str]]:
    return tables(str), tables(tr)


def tables(tr: Say) -> dict[str, str]:
    """Return {command or group of commands (with an asterisk): its other words}, as ``tr`` says them."""
    return {**_of_files(tr), **_of_views(tr), **_of_slices(tr), **_of_scene(tr), **_of_hands(tr), **_of_plans(tr)}


def _of_files(tr: Say) -> dict[str, str]:
    return {
        "file.open": tr("load, read, patient"),
        "file.import_folder": tr("load DICOM, CT, MR, new case, new patient, study, series"),
        "file.import_file": tr("load NIfTI, NRRD, MHA, CT, volume, new case"),
        "file.recent_*": tr("last cases, open again, history"),
        "file.library": tr("patients, archive, worklist, find a case"),
        "file.add_to_library": tr("archive, keep"),
        "file.save": tr("store, keep"),
        "file.save_as": tr("store, rename case, copy of the case"),
        "file.save_zip": tr("archive, pack, send, share"),
        "file.revert": tr("discard, reload, throw away"),
        "file.report": tr("PDF, print, document, summary, protocol"),
        "file.export": tr("STL, OBJ, PLY, GLB, mesh, NIfTI, 3-D print, Slicer, segmentation"),
        "file.close": tr("leave"),
        "file.quit": tr("exit, leave"),
    }


def _of_views(tr: Say) -> dict[str, str]:
    return {
        "edit.undo": tr("back, take back, revert"),
        "edit.redo": tr("forward, again"),
        "edit.history": tr("undo list, steps, log"),
        "edit.cancel": tr("abort, drop"),
        "edit.copy_picture": tr("screenshot, screen shot, image, clipboard, capture"),
        "edit.preferences": tr("settings, options, configuration"),
        "look.four": tr("layout, four-up, quad view, 2 x 2"),
        "look.scene": tr("layout, 3-D large, conventional"),
        "look.axial": tr("layout, axial large"),
        "look.slices": tr("layout, MPR, multiplanar, hide 3-D"),
        "look.maximise": tr("maximize, enlarge, zoom view, single view"),
        "look.full_screen": tr("fullscreen, presentation, projector"),
        "look.large_panel": tr("maximize panel, enlarge table, big"),
        "look.views_only": tr("clean, hide panels, presentation"),
        "look.steps": tr("sidebar, hide steps, workflow"),
        "look.right": tr("sidebar, hide structures"),
        "look.below": tr("bottom, hide numbers"),
        "look.unlock": tr("dock, undock, detach, float, arrange"),
        "look.reset": tr("default layout, restore windows"),
        "look.theme_*": tr("dark mode, light mode, night, appearance, background"),
        "look.larger": tr("font size, text size, bigger letters"),
        "look.smaller": tr("font size, text size, smaller letters"),
        "look.usual_type": tr("font size, text size, reset"),
        "look.palette_*": tr("colors, color scheme, colour blind"),
        "look.language_*": tr("German, English, translation"),
        "look.panel_steps": tr("workflow"),
        "look.panel_tree": tr("hide, show, organs, model, objects, opacity, transparency"),
        "look.panel_segment": tr("segmentation, edit outline, contour"),
        "look.panel_numbers": tr("results, volumes, margin, values"),
        "look.panel_messages": tr("log, warnings, errors"),
        "look.panel_jobs": tr("tasks, progress, running"),
        "help.keys": tr("shortcuts, hotkeys, keyboard, cheat sheet, manual, help"),
        "help.check": tr("diagnostics, test, GPU, graphics card, driver"),
        "help.messages_folder": tr("log, crash, bug report"),
        "help.about": tr("version, licence, license"),
    }


def _of_slices(tr: Say) -> dict[str, str]:
    return {
        "slices.window.*": tr("window level, W/L, contrast, brightness, greyscale, HU, preset"),
        "slices.outlines": tr("hide, segmentation, overlay, contours, borders"),
        "slices.fills": tr("hide, segmentation, overlay, tint, colour wash"),
        "slices.bare": tr("hide, overlay, segmentation, outlines, original image"),
        "slices.crosshair": tr("hide, cursor, cross, reference lines"),
        "slices.fill.*": tr("opacity, transparency, overlay"),
        "slices.slab.off": tr("thin, slab off, MIP off"),
        "slices.slab.*": tr("thick slab, slab thickness, MIP, projection"),
        "slices.slab.maximum": tr("maximum intensity projection, thick slab, angiography"),
        "slices.slab.minimum": tr("minimum intensity projection, thick slab, airways"),
        "slices.slab.mean": tr("average, thick slab, AIP"),
        "slices.plane.*": tr("oblique, reformat, MPR, orientation, reslice"),
        "slices.plane.along": tr("needle view, oblique, in plane, probe, along the needle"),
        "slices.plane.across": tr("needle view, oblique, probe's eye, down the needle"),
        "slices.next": tr("scroll, up"),
        "slices.previous": tr("scroll, down"),
        "slices.larger": tr("zoom in, enlarge"),
        "slices.smaller": tr("zoom out"),
        "slices.reset": tr("fit, zoom reset"),
        "slices.reset_all": tr("fit, zoom reset"),
        "slices.centre": tr("jump to tumour, find lesion, center"),
        "slices.field.*": tr("heat, heatmap, heat map, isotherm, thermal, colour map, overlay"),
    }


def _of_scene(tr: Say) -> dict[str, str]:
    return {
        "scene.anterior": tr("frontal, camera, AP"),
        "scene.posterior": tr("dorsal, camera, back"),
        "scene.left": tr("lateral, camera"),
        "scene.right": tr("lateral, camera"),
        "scene.head": tr("cranial, superior, top, camera"),
        "scene.foot": tr("caudal, inferior, bottom, camera"),
        "scene.reset": tr("home, camera, fit"),
        "scene.fit": tr("zoom to tumour, lesion, center"),
        "scene.centre": tr("rotation centre, pivot, center"),
        "scene.perspective": tr("parallel, orthographic, camera"),
        "scene.slices": tr("planes in 3-D, show slices, textured"),
        "scene.show_all": tr("unhide, visible, nothing hidden"),
        "scene.cut_none": tr("whole, clip off, clipping off"),
        "scene.cut_*": tr("clip, clipping plane, cutaway, section, crop"),
        "scene.cut_box": tr("crop, clip, region of interest, ROI"),
        "scene.volume_none": tr("rendering off, volume rendering off"),
        "scene.volume_*": tr("volume rendering, render, VRT, ray casting, DVR"),
        "scene.volume_mip": tr("maximum intensity projection, volume rendering, render, angiography"),
        "scene.field_*": tr("heat, heatmap, heat map, isotherm, thermal, colour map"),
        "scene.field_damage": tr("heat, necrosis, Arrhenius, ablation zone, cell death"),
        "scene.snapshot": tr("screenshot, screen shot, photo, image, PNG, capture, render"),
        "scene.turntable": tr("video, movie, film, GIF, rotate, spin"),
        "scene.film": tr("video, movie, film, GIF"),
    }


def _of_hands(tr: Say) -> dict[str, str]:
    return {
        "segment.threshold": tr("HU range, window, intensity"),
        "segment.paint": tr("brush, draw, correct"),
        "segment.draw": tr("contour, lasso, outline, polygon, freehand"),
        "segment.erase": tr("rubber, remove, brush"),
        "segment.trace": tr("edge, live wire, magnetic lasso"),
        "segment.grow": tr("region growing, smart click, AI, seed, auto segment"),
        "segment.scissors": tr("cut, crop, lasso"),
        "segment.keep_island": tr("connected component, islands"),
        "segment.remove_island": tr("connected component, islands, delete"),
        "segment.fill_between": tr("interpolate, interpolation"),
        "segment.grow_margin": tr("dilate, expand, margin"),
        "segment.shrink_margin": tr("erode, reduce"),
        "segment.smooth": tr("median, Gaussian, clean"),
        "segment.split": tr("connected components, islands"),
        "segment.combine": tr("boolean, union, subtract, intersect, merge, logical"),
        "segment.confirm": tr("approve, accept, verify, sign off, done"),
        "segment.flag": tr("doubt, review"),
        "segment.new": tr("add structure, add tumour, new lesion, label"),
        "segment.clear": tr("empty, delete all"),
        "segment.delete": tr("remove structure"),
        "segment.surfaces": tr("mesh, remesh, model, 3-D"),
        "measure.distance": tr("ruler, length, caliper, line, tape, mm"),
        "measure.angle": tr("protractor, degrees"),
        "measure.area": tr("ROI, region of interest, polygon, freehand"),
        "measure.ball": tr("ROI, sphere, volume, HU, mean, density"),
        "measure.diameters": tr("RECIST, caliper, long axis, short axis, size"),
        "measure.lesion": tr("RECIST, tumour size, long axis, short axis"),
        "measure.targets": tr("RECIST, tumour size, all lesions"),
        "measure.remove": tr("delete measurement, ruler"),
        "measure.list": tr("results, table, rulers"),
    }


def _of_plans(tr: Say) -> dict[str, str]:
    return {
        "plan.edit": tr("move needle, drag handles, change plan"),
        "plan.new_ablation": tr("needle, probe, antenna, microwave, MWA, RFA, electrode"),
        "plan.new_resection": tr("cut, hepatectomy, plane, liver surgery, remnant, FLR"),
        "plan.propose": tr("suggest, automatic, best path, trajectory, needle"),
        "plan.entries": tr("skin, access, trajectory, safe path, heat map, weights, Pareto"),
        "plan.table": tr("vendor's ellipsoid, manufacturer, zone, compare, physics"),
        "plan.duplicate": tr("copy plan, variant, alternative"),
        "plan.delete": tr("remove plan"),
        "plan.next": tr("switch plan"),
        "plan.previous": tr("switch plan"),
        "plan.add_part": tr("second needle, probe, antenna, another plane"),
        "plan.remove_part": tr("delete needle, probe, antenna"),
        "plan.check": tr("safety, collision, constraints, risk"),
        "plan.compare": tr("versus, table, side by side, best plan"),
        "plan.copy_comparison": tr("Excel, spreadsheet, clipboard"),
        "simulate.organs": tr("segment, segmentation, auto segment, AI, liver, outline, detect"),
        "simulate.organs_*": tr("segment, segmentation, auto segment, AI, outline, detect"),
        "simulate.surfaces": tr("mesh, model, 3-D, reconstruct"),
        "simulate.vessels": tr("vessel tree, portal vein, Couinaud, segments, centreline"),
        "simulate.propose": tr("suggest, automatic, best path, trajectory, needle"),
        "simulate.check": tr("safety, collision, constraints, risk"),
        "simulate.run": tr("heat, ablation zone, compute, calculate, bioheat, start"),
        "simulate.again": tr("recompute, recalculate, repeat"),
        "simulate.run_all": tr("compute, calculate, batch"),
        "simulate.measure": tr("margin, volumes, evaluate, assess, quantify"),
        "simulate.follow": tr("automatic, live, auto simulate"),
        "simulate.play": tr("animation, movie, time, growth"),
        "simulate.earlier": tr("time, back, frame"),
        "simulate.later": tr("time, forward, frame"),
        "simulate.field": tr("heat, heatmap, temperature, damage"),
        "simulate.tasks": tr("progress, jobs, running"),
        "simulate.stop": tr("cancel, abort, kill"),
        "confirm.scan": tr("follow-up, control, post-ablation, after treatment, registration, success"),
        "confirm.look": tr("overlay, blend, checkerboard, registration quality, fusion"),
        "confirm.switch": tr("before and after, toggle scans, flicker"),
    }
