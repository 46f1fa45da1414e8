"""What the report's PDF is made of: styles, text, tables, pictures and sections of a sheet."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from anatomy_twin.report.pdf_ground import BOLD, REGULAR
from anatomy_twin.report.pictures import Figure

INK, SOFT, LINE, ACCENT = "#1b2230", "#5b6472", "#dfe4ea", "#1c4f7c"
LEAST_PT = 130.0  # room that a table needs below its title, else it begins on a new sheet
LONGEST = 1500  # letters in one cell of a table: a cell must fit on a sheet


class Sheet:
    """Collects the flowing parts of a document and makes them alike."""

    def __init__(self, content: dict[str, Any], figures: list[Figure], width: float) -> None:
        from reportlab.lib.styles import ParagraphStyle

        self.content, self.figures, self.width = content, figures, width
        self.parts: list[Any] = []
        base = ParagraphStyle("base", fontName=REGULAR, fontSize=8.6, leading=11.4, textColor=INK)
        self.styles = {
            "base": base,
            "small": ParagraphStyle("small", base, fontSize=7.2, leading=9.4, textColor=SOFT),
            "head": ParagraphStyle("head", base, fontName=BOLD, fontSize=7.4, leading=9.4, textColor=SOFT),
            "title": ParagraphStyle("title", base, fontName=BOLD, fontSize=18, leading=22),
            "section": ParagraphStyle("section", base, fontName=BOLD, fontSize=11.5, leading=15, textColor=ACCENT,
                                      spaceBefore=9, spaceAfter=4),
            "value": ParagraphStyle("value", base, fontName=BOLD, fontSize=14, leading=18),
            "verdict": ParagraphStyle("verdict", base, fontName=BOLD, fontSize=11.5, leading=15),
        }

    def _text(self, text: object, style: str = "base") -> Any:
        from reportlab.platypus import Paragraph

        return Paragraph(escape(shortened(str(text))), self.styles[style])

    def _markup(self, markup: str, style: str = "base") -> Any:
        from reportlab.platypus import Paragraph

        return Paragraph(markup, self.styles[style])

    def _verdict(self, verdict: dict[str, str]) -> Any:
        if not verdict["word"]:
            return self._text("")
        return self._markup(f'<font color="{verdict["colour"]}"><b>{verdict["symbol"]} {verdict["word"]}</b></font>')

    def _limit(self, rule: dict[str, Any]) -> Any:
        note = f'<br/><font color="#6d4c00" size="7">{escape(rule["source"])}</font>' if rule["assumed"] else ""
        return self._markup(escape(rule["limit"]) + note)

    def _section(self, title: str, parts: list[Any]) -> None:
        from reportlab.platypus import CondPageBreak, Table

        if not parts:
            return
        if isinstance(parts[0], Table) and len(parts[0]._cellvalues) > 3:  # goes on over as many sheets as it needs
            self.parts += [CondPageBreak(LEAST_PT), self._text(title, "section"), *parts]
        else:
            self.parts += [self._together([self._text(title, "section"), parts[0]]), *parts[1:]]

    def _together(self, parts: list[Any]) -> Any:
        from reportlab.platypus import KeepTogether

        return KeepTogether(parts)

    def _table(self, rows: list[list[Any]], widths: list[float], head: bool = True) -> Any:
        from reportlab.platypus import Table, TableStyle

        total = sum(widths)
        columns = [self.width * part / total for part in widths]
        table = Table(rows, colWidths=columns, repeatRows=int(head), hAlign="LEFT", spaceAfter=4)
        style: list[Any] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 2.4), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
        ]
        if head:
            style.append(("LINEBELOW", (0, 0), (-1, 0), 1, LINE))
        table.setStyle(TableStyle(style))
        return table

    def _headed(self, names: list[str], rows: list[list[Any]], widths: list[float]) -> Any:
        return self._table([[self._text(name, "head") for name in names], *rows], widths)

    def _pairs(self, pairs: list[tuple[str, Any]]) -> list[Any]:
        rows = [[self._text(name), value if not isinstance(value, str) else self._text(value)] for name, value in pairs]
        return [self._table(rows, [1, 2], head=False)] if rows else []

    def _legend(self, items: list[dict[str, str]]) -> list[Any]:
        """Return colours and what they mean, as a paragraph that parts no colour from its name."""
        gap = "\N{NO-BREAK SPACE}"
        colours = "   ".join(f'<font color="{item["colour"]}">\N{BLACK SQUARE}</font>{gap}'
                             + escape(item["label"]).replace(" ", gap) for item in items)
        return [self._markup(colours, "small")] if colours else []

    def _pictures(self, *groups: str, highest_pt: float = 300.0) -> list[Any]:
        from reportlab.platypus import Image

        figures = [figure for figure in self.figures if figure.group in groups]
        if not figures:
            return []
        shares = [figure.picture.shape[1] / figure.picture.shape[0] for figure in figures]
        room = self.width - 6.0 * len(figures)
        height = min(room / sum(shares), highest_pt)
        images = [
            Image(io.BytesIO(figure.encoded("JPEG")), width=height * share, height=height)
            for figure, share in zip(figures, shares, strict=True)
        ]
        captions = [self._text(figure.caption, "small") for figure in figures]
        table = self._table([images, captions], shares, head=False)
        table.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0, "#ffffff")])
        return [table]


def shortened(words: str, most: int = LONGEST) -> str:
    """Return words, or as many of them as there is room for and where the rest is."""
    return words if len(words) <= most else f"{words[:most]} ... (all of it is in report.json)"


def judged(verdict: dict[str, Any]) -> str:
    """Return a verdict in its colour, as markup."""
    return f'<font color="{verdict["colour"]}"><b>{verdict["symbol"]} {escape(verdict["word"])}</b></font>'
