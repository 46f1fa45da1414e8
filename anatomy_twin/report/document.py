"""The report as a PDF on A4: the same content as the page, with the intended use on every sheet."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from anatomy_twin.report.document_heart import HeartSections
from anatomy_twin.report.document_parts import INK, SOFT, judged, shortened
from anatomy_twin.report.pdf_ground import BOLD, REGULAR, binary_images, register_fonts
from anatomy_twin.report.pictures import Figure

MARGIN_PT = 42.0
SMALL_PT = 190.0  # of charts and of pictures that stand elsewhere too
FACTS = 600  # letters that a step of the provenance gets: what a simulation used is told before


def make_pdf(content: dict[str, Any], figures: list[Figure], missing: list[str]) -> bytes:
    """Return the bytes of the PDF; equal content gives equal bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    register_fonts()
    buffer = io.BytesIO()
    title = f"{content['pseudonym']}: rehearsal report"
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=MARGIN_PT, rightMargin=MARGIN_PT, topMargin=56, bottomMargin=44,
        title=title, author=content["software"], subject=content["notice"], invariant=1,
    )

    def decorate(canvas: Any, _: Any) -> None:
        width, height = A4
        canvas.saveState()
        canvas.setFillColor("#16263a")
        canvas.rect(0, height - 26, width, 26, stroke=0, fill=1)
        canvas.setFillColor("#ffffff")
        canvas.setFont(BOLD, 9.5)
        canvas.drawCentredString(width / 2, height - 17, content["notice"])
        canvas.setFillColor(SOFT)
        canvas.setFont(REGULAR, 7.5)
        foot = f"{title}{'  (generated patient)' if content['synthetic'] else ''}"
        canvas.drawString(MARGIN_PT, 24, foot[:110])
        canvas.drawRightString(width - MARGIN_PT, 24, f"{content['software']}   page {canvas.getPageNumber()}")
        canvas.restoreState()

    story = _Story(content, figures, document.width - 12).build(missing)
    with binary_images():
        document.build(story, onFirstPage=decorate, onLaterPages=decorate)
    return buffer.getvalue()


class _Story(HeartSections):
    """The sections of the report."""

    def build(self, missing: list[str]) -> list[Any]:
        """Return the flowables in the order of the report."""
        content = self.content
        self._head()
        self._cards()
        lines = [content["synthetic"]] if content["synthetic"] else []
        lines += [f"Out of the plausible range, look at the segmentation: {line}" for line in content["anatomy_alarms"]]
        lines += content["messages"]
        if lines:
            self._section("Read this first", [self._text("\N{BULLET} " + line) for line in lines])
        if content["plan"] or content["cuts"]:
            self._plan()
        self._section("The patient in three dimensions", [*map(self._text, missing), *self._pictures("scene")])
        self._section("Where the margin is smallest, and the course",
                      [*self._pictures("margin"), *self._pictures("course", highest_pt=SMALL_PT)])
        self._heart()
        self._robustness()
        self._confirmations()
        if content["plan"] or content["cuts"] or content["rules"]:
            self._rules()
        if content["simulation"]:
            self._simulation()
        self._overlay()
        self._entries()
        self._numbers()
        self._segments()
        self._vessels()
        self._volumes()
        self._section("Series", self._pairs([(row["name"], row["value"]) for row in content["series"]]))
        self._parameters()
        self._provenance()
        return self.parts

    def _overlay(self) -> None:
        shown = [*self._pictures("overlay"), *self._legend(self.content["legend"])]
        self._section("Segmentation on the scan", [self._together(shown)] if shown else [])

    def _head(self) -> None:
        content = self.content
        title = escape(content["pseudonym"])
        if content["plan_name"]:
            rest = f"plan {content['plan_name']}" + (f", {content['target']}" if content["target"] else "")
            title += f' <font color="{SOFT}" name="{REGULAR}">{escape(rest)}</font>'
        if content["synthetic"]:
            title += '  <font color="#5c2f93" size="10">[ Generated patient ]</font>'
        self.parts.append(self._markup(title, "title"))
        verdict = content["summary"]["verdict"]
        line = f'<font color="{verdict["colour"]}">{verdict["symbol"]} {escape(content["summary"]["text"])}</font>'
        self.parts += [self._markup(line, "verdict"), self._text(content["summary"]["detail"])]
        for found in content["confirmations"]:
            verdict = found["verdict"]
            words = f'{verdict["symbol"]} {escape(found["title"])}: {escape(verdict["word"])}'
            self.parts += [self._markup(f'<font color="{verdict["colour"]}">{words}</font>', "verdict"),
                           self._text(found["summary"])]

    def _cards(self) -> None:
        from reportlab.platypus import Spacer

        numbers = self.content["key_numbers"]
        if not numbers:
            return
        for start in range(0, len(numbers), 3):
            cells = [
                [self._text(row["label"], "small"), self._text(row["shown"], "value"),
                 self._text(f"limit {row['limit']}" if row["limit"] else row["interval"] or " ", "small"),
                 self._verdict(row["verdict"])]
                for row in numbers[start : start + 3]
            ]
            cells += [[] for _ in range(3 - len(cells))]
            self.parts += [Spacer(1, 5), self._table([cells], [1, 1, 1], head=False)]

    def _plan(self) -> None:
        rows = []
        for row in self.content["plan"]:
            device = escape(row["device"])
            if row["assumed_text"]:
                device += f'<br/><font color="#6d4c00" size="7">assumed: {escape(row["assumed_text"])}</font>'
            rows.append([
                self._text(row["number"]), self._markup(device), self._text(row["entry"]), self._text(row["tip"]),
                self._text(row["depth"]), self._text(row["power"]), self._text(row["duration"]),
            ])
        names = ["#", "Device", "Entry on the skin", "Tip", "Depth", "Power", "Time"]
        facts = ". ".join(f"{row['name']}: {row['value']}" for row in self.content["plan_facts"])
        parts = [self._text(facts)]
        if rows:
            parts.append(self._headed(names, rows, [0.3, 2.5, 1.7, 1.7, 0.9, 0.8, 1.5]))
        if self.content["cuts"]:
            keys = ("number", "kind", "through", "removed_side")
            cuts = [[self._text(cut[key]) for key in keys] for cut in self.content["cuts"]]
            parts.append(self._headed(["#", "Cut", "Through", "Removed side"], cuts, [0.3, 1.5, 3.0, 4.0]))
        if self.content["other_plans"]:
            parts.append(self._text("Other plans of this case: " + ", ".join(self.content["other_plans"]), "small"))
        self._section(f"Plan {self.content['plan_name']}", parts)

    def _rules(self) -> None:
        rows = []
        for rule in self.content["rules"]:
            found = escape(rule["reason"]) + (f" <b>({escape(rule['hit'])})</b>" if rule["hit"] else "")
            if rule["source"] and not rule["assumed"]:
                found += f'<br/><font color="{SOFT}" size="6.8">{escape(rule["source"])}</font>'
            rows.append([
                self._verdict(rule["verdict"]), self._text(rule["name"]), self._markup(found),
                self._text(rule["value"]), self._limit(rule), self._text(rule["place"], "small"),
            ])
        if not rows:
            self._section(self.content["rules_title"], [self._text("not checked: no rule was checked for this plan")])
            return
        names = ["Outcome", "Rule", "Found", "Value", "Limit", "Place"]
        parts = [self._headed(names, rows, [1.25, 1.7, 3.0, 0.8, 0.8, 1.3])]
        costs = [
            f"{cost['name']} {cost['value']}" + (f" ({cost['reason']})" if cost["reason"] else "")
            for cost in self.content["costs"]
        ]
        if costs:
            parts.append(self._text("Costs (lower is better): " + ", ".join(costs), "small"))
        self._section(self.content["rules_title"], parts)

    def _entries(self) -> None:
        for number, part in enumerate(self.content["entries"]):
            parts = [self._text(part["title"], "head")] if part["title"] else []
            parts += [self._text(part["text"]), *self._pictures(part["group"]), *self._legend(part["legend"])]
            if part["rows"]:
                rows = [[self._text(cell, "small") for cell in row["cells"]] for row in part["rows"]]
                widths = [0.3, 2.4, 0.6, *(1.0 for _ in part["heads"][3:])]
                parts.append(self._headed(part["heads"], rows, widths))
            parts += [self._text(line, "small") for line in part["lines"]]
            if number == 0:
                self._section("Entries on the skin", parts)
            else:
                self.parts += [self._together(parts[:2]), *parts[2:]]

    def _simulation(self) -> None:
        run = self.content["simulation"]
        text = (f"Zone of {run['coagulated']} by {run['verdict_model']}; {run['extreme']} {run['hottest']}; "
                f"simulated to {run['end']}.")
        words = [self._text(text), *(self._text(f"{line}.", "small") for line in run["generator"])]
        self._section(run["title"], [self._together([*words, *self._pictures("damage")])])
        self._section("Temperature", self._pictures("temperature"))
        zones = self._pictures("zones", highest_pt=SMALL_PT)
        note = [self._text(self.content["zones_note"], "small")] if zones else []
        self._section("The device's table and the simulation", zones + note)

    def _robustness(self) -> None:
        told = self.content["robustness"]
        if not told:
            return
        shares = [[self._text(n[key]) for key in ("what", "shown", "interval", "count")] for n in told["shares"]]
        over = [[self._text(n["name"]), self._text(n["range"]), self._text(n["kind"], "small"),
                 self._markup(f'<font color="#6d4c00">{escape(n["source"])}</font>' if n["assumed"]
                              else escape(n["source"]), "small")] for n in told["sampled_over"]]  # fmt: skip
        lines = [f"Weakest point: {told['weakest']}, left uncovered in {told['uncovered_there']}; {told['margins']}."]
        if told["influences"]:
            lines.append(f"Rank correlation with the minimal margin: {told['influences']}.")
        self._section("Robustness", [
            self._together([
                self._text(f"{told['samples']} simulated treatments of {told['target']} that differ from the plan, "
                           f"sampled over the ranges below (seed {told['seed']})."),
                *self._pictures("robust_target", "robustness"),
            ]),
            self._headed(["Covered", "Probability", "95 % interval", "Treatments"], shares, [3.0, 1.2, 1.6, 1.4]),
            *(self._text(line) for line in lines),
            self._headed(["Sampled over", "Range", "Of what", "Source"], over, [3.2, 1.2, 2.6, 1.2]),
            *(self._text(line, "small") for line in told["notes"]),
        ])

    def _confirmations(self) -> None:
        if len(self.content["confirmations"]) > 1:
            names = ["Scan", "Target", "Registration", "Minimal ablative margin", "Verdict"]
            self._section("Confirmations side by side", [self._headed(names, [
                [self._text(c["name"]), self._text(c["target"]), self._markup(f"{judged(c['grade'])} {c['error']}"),
                 self._text(c["margin"]), self._markup(judged(c["verdict"]))]
                for c in self.content["confirmations"]
            ], [1.2, 1.2, 1.8, 2.0, 1.6])])
        for c in self.content["confirmations"]:
            assumed = f'Contraction of the coagulated tissue: <font color="#6d4c00">{escape(c["contraction"])}</font>'
            rows = [
                [self._text(n["label"]), self._text(n["shown"]),
                 self._text("; ".join(part for part in (n["note"], n["place"]) if part), "small")]
                for n in c["numbers"]
            ]
            last = f"<b>{escape(c['target'])}:</b> "
            last += judged(c["verdict"]) + " "
            quality = f"{judged(c['grade'])} {escape(c['registration'])}"
            self._section(f"Confirmation on the scan {c['name']}", [
                self._together([
                    self._markup(f"<b>Registration of the two scans:</b> {quality}"),
                    *(self._text("\N{BULLET} " + line) for line in c["warnings"]), self._markup(assumed),
                    *self._pictures(f"registration {c['name']}"),
                ]),
                *self._pictures(f"confirmation {c['name']}"),
                self._headed(["Number", "Value", "Note and place"], rows, [2.2, 1.0, 4.2]),
                self._text(f"Worst point: {c['place']} on the scan before, {c['place_after']} on the scan after."),
                self._markup(last + escape(c["reason"])),
            ])

    def _numbers(self) -> None:
        rows = [
            [self._text(n["label"]), self._text(n["shown"]), self._text(n["limit"]), self._verdict(n["verdict"]),
             self._text("; ".join(part for part in (n["note"], n["place"]) if part), "small"),
             self._text(n["source"], "small")]
            for n in self.content["numbers"] if n["table"] == "numbers"
        ]
        if rows:
            names = ["Number", "Value", "Limit", "Verdict", "Note and place", "Source"]
            notes = [self._text(line, "small") for line in self.content["number_notes"]]
            self._section("Numbers", [self._headed(names, rows, [1.9, 0.9, 1.5, 1.3, 2.2, 1.8]), *notes])

    def _segments(self) -> None:
        rows = [
            [self._text(v["label"]), self._text(v["volume"]), self._text(v["share"]), self._state(v),
             self._text(v["note"], "small")]
            for v in self.content["segments"]
        ]
        if rows:
            table = self._headed(["Segment", "Volume", "Share", "State", "Note"], rows, [1.6, 0.8, 0.7, 1.8, 3.6])
            self._section("Segments of the liver", [*self._pictures("territories"), table])

    def _vessels(self) -> None:
        rows = [
            [self._text(v["label"]), self._text(v["length"]), self._text(v["branches"]), self._text(v["generations"]),
             self._state(v), self._text(v["note"], "small")]
            for v in self.content["vessels"]
        ]
        if rows:
            names = ["Tree", "Length", "Branches", "Generations", "State", "Note"]
            table = self._headed(names, rows, [0.9, 1.0, 0.9, 1.1, 1.7, 2.9])
            self._section("Vessel trees", [*self._pictures("trees"), table])

    def _state(self, row: dict[str, Any]) -> Any:
        colour = {"caution": "#6d4c00", "absent": SOFT}.get(row["kind"], INK)
        state = escape(row.get("judged", row["state"]))
        return self._markup(f'<font color="{colour}">{state if row["kind"] == "plain" else f"<b>{state}</b>"}</font>')

    def _volumes(self) -> None:
        rows = [
            [self._text(v["label"]), self._text(v["volume"]), self._state(v), self._text(v["certificate"], "small"),
             self._text(v["note"], "small")]
            for v in self.content["volumes"]
        ]
        if rows:
            names = ["Structure", "Volume", "State", "Surface", "Note"]
            self._section("Structures", [self._headed(names, rows, [1.7, 0.9, 1.3, 2.6, 2.2])])

    def _parameters(self) -> None:
        run = self.content["simulation"]
        if not run:
            return
        assumed = '<font color="#6d4c00"><b>assumed</b></font>'
        rows = [
            [self._text(p["name"]), self._text(p["value"]), self._markup(assumed) if p["assumed"] else ""]
            for p in run["parameters"]
        ]
        lines = [[self._text(line, "small"), self._markup(assumed)] for line in run["assumed_lines"]]
        parts = [self._text("\N{BULLET} " + line) for line in run["warnings"]]
        if rows:
            parts.append(self._table(rows, [1.6, 4.2, 0.8], head=False))
        if lines:
            parts.append(self._table(lines, [5.8, 0.8], head=False))
        self._section("What the simulation used", parts)

    def _provenance(self) -> None:
        rows = []
        for step in self.content["provenance"]:
            facts = shortened("; ".join(f"{key}: {value}" for key, value in step["facts"].items()), FACTS)
            seconds = self.content["timings_s"].get(step["stage"], "")
            rows.append([self._text(step["stage"]), self._text(facts, "small"), self._text(seconds)])
        rows += [[self._text(f"{key} of the input"), self._text(value, "small"), ""]
                 for key, value in self.content["sums"].items()]
        if rows:
            self._section("Provenance", [self._headed(["Stage", "Settings", "Seconds"], rows, [1.4, 5, 0.6])])
