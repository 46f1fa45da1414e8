"""The heart in the report's PDF: chambers, isolation, inducibility, rounds of a search, sets compared."""

from __future__ import annotations

from typing import Any, Final
from xml.sax.saxutils import escape

from anatomy_twin.report.document_parts import Sheet, judged, shortened

TALL_PT: Final = 600.0  # of a sheet of pictures: with its caption it fits on a page
ASSUMED: Final = "#6d4c00"


class HeartSections(Sheet):
    """The sections on a heart; none where the case has no chamber."""

    def _heart(self) -> None:
        told = self.content["heart"]
        if not told:
            return
        parts = []
        if told["made_up"]:
            parts.append(self._assumed("The fibrosis is made up, it was not read from this patient."))
        for chamber in told["chambers"]:
            parts.append(self._markup(f"<b>{escape(chamber['name'])}</b>"))
            parts += [self._text(f"\N{BULLET} {line}", "small") for line in chamber["lines"]]
        self._section("The heart", [*parts, *self._pictures("heart", highest_pt=TALL_PT)])
        self._isolation(told)
        if told["pacing"]:
            self._pacing(told["pacing"])
        self._rounds(told)
        rows = [[self._text(row["name"]), *(self._text(cell) for cell in row["cells"])] for row in told["compared"]]
        if rows:
            names = ["Plan", *told["compared_heads"]]
            self._section("Lesion sets compared", [self._headed(names, rows, [1.6, *[1.0] * (len(names) - 1)])])

    def _isolation(self, told: dict[str, Any]) -> None:
        if not told["veins"]:
            return
        rows = [[self._text(vein["name"]), self._outcome(vein["verdict"]), self._text(vein["evidence"], "small")]
                for vein in told["veins"]]  # fmt: skip
        self._section("Lesions: isolation and activation", [
            self._headed(["Vein", "Outcome", "Evidence"], rows, [1.6, 1.1, 4.6]),
            *self._pictures("heart_activation", highest_pt=TALL_PT), *self._used(told["activation"], told["assumed"]),
            *(self._text(f"\N{BULLET} {line}", "small") for line in told["warnings"]),
        ])

    def _pacing(self, pacing: dict[str, Any]) -> None:
        sides = [("without", "Without lesions"), *([("with", f"With {pacing['plan']}")] if pacing["plan"] else [])]
        rows = [[self._text(row["name"]), *(self._site(row[side]) for side, _ in sides),
                 self._text(row["place"], "small")] for row in pacing["rows"]]  # fmt: skip
        names = ["Site", *(name for _, name in sides), "Place"]
        self._section("Inducibility", [
            self._markup(f"<b>{escape(pacing['title'])}.</b> {escape(pacing['protocol'])}."),
            self._headed(names, rows, [1.3, *[2.6] * len(sides), 1.2]),
            *self._pictures("heart_pacing", highest_pt=TALL_PT), *self._used(pacing["parameters"], pacing["assumed"]),
        ])

    def _rounds(self, told: dict[str, Any]) -> None:
        keys = ("number", "sites", "kinds", "lesions", "isolated", "length")
        rows = [[self._text(row[key], "small") for key in keys] for row in told["rounds"]]
        if rows:
            names = ["Round", "Sites that induce", "Arrhythmia", "Lesions added then", "Isolated", "Lines"]
            self._section("Rounds of the search", [
                self._headed(names, rows, [0.6, 1.0, 1.2, 3.4, 0.9, 0.9]), self._text(told["ended"]),
                *self._pictures("heart_rounds", highest_pt=TALL_PT),
            ])

    def _used(self, parameters: list[dict[str, Any]], assumed: list[str]) -> list[Any]:
        rows = [(row["name"], self._assumed(row["value"]) if row["assumed"] else row["value"]) for row in parameters]
        line = [self._assumed(f"Assumed, without a public source: {', '.join(assumed)}")] if assumed else []
        return [*self._pairs(rows), *line]

    def _assumed(self, text: str) -> Any:
        return self._markup(f'<font color="{ASSUMED}">{escape(shortened(text))}</font>', "small")

    def _outcome(self, verdict: dict[str, Any]) -> Any:
        return self._markup(judged(verdict)) if verdict["symbol"] else self._text(verdict["word"])

    def _site(self, told: dict[str, Any]) -> Any:
        words = f"{judged(told['verdict'])} " if told["verdict"]["word"] else ""
        more = f'<br/><font size="6.6">{escape(shortened(told["evidence"], 300))}</font>' if told["evidence"] else ""
        return self._markup(f"{words}{escape(told['text'])}{more}")
