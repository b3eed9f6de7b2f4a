"""Makes `handbook.pdf` from `handbook.md`: `python -m scripts.demo.make_pdf` (needs the dev dependencies)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "handbook.md"
TARGET = FOLDER / "handbook.pdf"
TITLE = "Tideway Instruments: Employee Handbook"
EDITION = datetime(2026, 1, 5, tzinfo=UTC)
"""Fixed, so that the same text makes the same file."""

MARGIN, COLUMN, LINE = 25, 125, 5.6
"""In millimetres: the page's margin, the first column of a table, the height of a line."""


class Handbook(FPDF):
    """A4 pages with a running header and page numbers."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_margins(MARGIN, 22, MARGIN)
        self.set_auto_page_break(True, margin=24)
        self.set_creation_date(EDITION)
        self.set_title(TITLE)
        self._chapters = 0

    def header(self) -> None:
        self._small(TITLE, y=10)

    def footer(self) -> None:
        self._small(f"Page {self.page_no()} of {{nb}}", y=-15)

    def line_of(self, line: str) -> None:
        """Draws one line of the source by what it begins with."""
        mark, _, rest = line.partition(" ")
        match mark:
            case "#":
                self.add_page()
                self._heading(rest, size=24)
            case "##":
                self._chapter(rest)
            case "###":
                self._heading(rest, size=13)
            case "|":
                self._row([cell.strip() for cell in rest.strip("| ").split("|")])
            case _:
                self._paragraph(line)

    def _chapter(self, title: str) -> None:
        if self._chapters:
            self.add_page()
        self._chapters += 1
        self._heading(title, size=18)

    def _heading(self, text: str, size: int) -> None:
        self.ln(3)
        self.set_font("Helvetica", "B", size)
        self.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)

    def _paragraph(self, text: str) -> None:
        self.set_font("Times", size=12)
        self.multi_cell(0, LINE, text, align="J", new_x="LMARGIN", new_y="NEXT")
        self.ln(2.5)

    def _row(self, cells: list[str]) -> None:
        self.set_font("Times", size=12)
        self.cell(COLUMN, LINE, cells[0])
        self.cell(0, LINE, cells[1], new_x="LMARGIN", new_y="NEXT")

    def _small(self, text: str, y: float) -> None:
        self.set_y(y)
        self.set_font("Helvetica", size=9)
        self.cell(0, 5, text, align="C")
        self.set_y(22)


def make() -> bytes:
    """The handbook's bytes."""
    pdf = Handbook()
    for line in SOURCE.read_text().splitlines():
        if line:
            pdf.line_of(line)
    return bytes(pdf.output())


if __name__ == "__main__":
    TARGET.write_bytes(make())
