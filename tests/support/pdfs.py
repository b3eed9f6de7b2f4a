"""PDFs of every kind, made on the spot; `python -m tests.support.pdfs KIND` writes one to standard output."""

from __future__ import annotations

import io
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter

HANDBOOK = Path(__file__).parents[2] / "scripts" / "demo" / "handbook.pdf"
MIB = 1024 * 1024

LOREM = (
    "The meadow behind the mill was mown twice a year, and the hay was kept in the long barn until March. "
    "Nobody in the village remembered a summer as dry as that one. "
    "In August the well gave nothing but sand, so that water was carried up from the river in buckets. "
)

RIGHT_TO_LEFT = ("שלום עולם וברוכים הבאים", "مرحبا بالعالم")

MANY_SCRIPTS = (
    "Résumé naïve Straße façade",
    "Привет, как дела сегодня?",
    "会社は毎年二十日の休暇を与えます。",
    "𝒜 mathematical letter",
)

COLUMN_TITLE = "A title that runs across both of the columns below it, from one margin to the other one"
LEFT = [f"Left line {number} tells of the river and its many bends" for number in range(1, 13)]
RIGHT = [f"Right line {number} tells of the hills above the valley" for number in range(1, 13)]


def pages(texts: Sequence[str], *, header: str = "", footer: str = "") -> bytes:
    """One page a text; `{page}` in header and footer is the page's number."""
    pdf = _document()
    for number, text in enumerate(texts, 1):
        pdf.add_page()
        if header:
            pdf.cell(0, 10, header.format(page=number), new_x="LMARGIN", new_y="NEXT")
        pdf.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
        if footer:
            pdf.set_y(-20)
            pdf.cell(0, 10, footer.format(page=number))
    return bytes(pdf.output())


def handbook() -> bytes:
    return HANDBOOK.read_bytes()


def not_a_pdf() -> bytes:
    return b"PK\x03\x04 this is an archive that calls itself a PDF" * 20


def encrypted() -> bytes:
    return _encrypted("open sesame")


def encrypted_without_user_password() -> bytes:
    """Protected against changes only: everybody may read it."""
    return _encrypted("")


def too_many_pages() -> bytes:
    return blank_pages(201)


def blank_pages(count: int) -> bytes:
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(width=200, height=200)
    return _written(writer)


def endless_pages() -> bytes:
    """Its page tree claims more pages than any file holds."""
    return raw_pdf(
        b"BT /F1 12 Tf 72 720 Td (This file has one page and no more.) Tj ET", page_count=2_000_000_000
    )


def scanned() -> bytes:
    """Two pages that are pictures."""
    picture = Image.effect_noise((300, 400), 60)
    pdf = _document()
    for _ in range(2):
        pdf.add_page()
        pdf.image(picture, w=150)
    return bytes(pdf.output())


def damaged() -> bytes:
    """The first part of a real PDF: the objects that say what it is are lost."""
    return handbook()[:700]


def bomb() -> bytes:
    """A few hundred kilobytes that unpack to a page of millions of words."""
    return raw_pdf(b"BT /F1 8 Tf 10 10 Td " + b"(so many words on a single page) Tj " * 400_000 + b"ET")


def memory_bomb() -> bytes:
    """A few megabytes that unpack to three gibibytes of spaces, in a stream packed twice."""
    return raw_pdf(
        b"", packed=zlib.compress(deflated_blanks(3 * 1024)), filters=b"[/FlateDecode /FlateDecode]"
    )


def nested_forms() -> bytes:
    """Forms that draw each other ten times, eight levels deep: a hundred million texts in one kilobyte."""
    objects = [
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X %d 0 R >> "
        b"/Font << /F1 4 0 R >> >> /Length %d >> stream\n%s\nendstream" % (number + 1, len(content), content)
        for number, content in ((number, _form_content(number == 17)) for number in range(10, 18))
    ]
    return raw_pdf(b"/X Do " * 10, resources=b"/XObject << /X 10 0 R >>", extra=dict(enumerate(objects, 10)))


def two_columns() -> bytes:
    """A full-width title, then two columns, each drawn whole."""
    pdf = _two_column_page()
    top = pdf.get_y()
    for x, lines in ((20, LEFT), (110, RIGHT)):
        for number, line in enumerate(lines):
            pdf.set_xy(x, top + 6 * number)
            pdf.cell(80, 6, line)
    return bytes(pdf.output())


def interleaved_columns() -> bytes:
    """The same, drawn line by line across both columns."""
    pdf = _two_column_page()
    for left, right in zip(LEFT, RIGHT, strict=True):
        pdf.set_x(20)
        pdf.cell(90, 6, left)
        pdf.cell(80, 6, right, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def table() -> bytes:
    """Rows of short cells, which are read row by row."""
    pdf = _document()
    pdf.add_page()
    for number in range(1, 13):
        pdf.cell(90, 6, f"Item {number}")
        pdf.cell(80, 6, f"{number * 10} euros", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def ligatures() -> bytes:
    return unicode_page(
        ["The o\ufb03ce \ufb01led the \ufb02ow chart; e\ufb00ort su\ufb03ced.", "E = mc\u00b2 and H\u2082O."]
    )


def hyphenated() -> bytes:
    lines = [
        "The committee met twice to discuss inter-",
        "national rules for well-known brands and Anglo-",
        "French trade.",
    ]
    return pages(["\n".join(lines)])


def nul() -> bytes:
    """A font map that turns characters into NUL, a control character and half a surrogate pair."""
    cmap = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
1 begincodespacerange <00> <ff> endcodespacerange
3 beginbfchar <41> <0000> <42> <0007> <43> <d800> endbfchar endcmap end end"""
    return raw_pdf(
        b"BT /F1 12 Tf 72 720 Td (beforeAmiddleBafterC end of the sentence.) Tj ET", to_unicode=cmap
    )


def right_to_left() -> bytes:
    """Drawn as it looks: the last letter of a line comes first."""
    return unicode_page([line[::-1] for line in RIGHT_TO_LEFT])


def many_scripts() -> bytes:
    return unicode_page(MANY_SCRIPTS)


def unicode_page(lines: Sequence[str]) -> bytes:
    """One page of lines in a font that has all their characters."""
    pdf = _document()
    with tempfile.NamedTemporaryFile(suffix=".ttf") as file:
        _write_font(file.name, "".join(lines))
        pdf.add_font("Boxes", fname=file.name)
    pdf.set_font("Boxes", size=12)
    pdf.set_text_shaping(False)
    pdf.add_page()
    for line in lines:
        pdf.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def long_text(count: int = 100) -> bytes:
    """A dense report of so many pages, for measurements."""
    return pages(
        [f"Chapter {number}\n\n" + LOREM * 10 for number in range(1, count + 1)], footer="Page {page}"
    )


def raw_pdf(
    content: bytes,
    *,
    packed: bytes | None = None,
    filters: bytes = b"/FlateDecode",
    page_count: int = 1,
    resources: bytes = b"",
    to_unicode: bytes | None = None,
    extra: dict[int, bytes] | None = None,
) -> bytes:
    """A one-page PDF written by hand around a content stream; `packed` replaces its compressed form."""
    body = zlib.compress(content, 6) if packed is None else packed
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica%s >>"
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % page_count,
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> %s >> >>" % resources,
        4: font % (b" /ToUnicode 6 0 R" if to_unicode else b""),
        5: b"<< /Length %d /Filter %s >> stream\n%s\nendstream" % (len(body), filters, body),
        **(extra or {}),
    }
    if to_unicode:
        objects[6] = b"<< /Length %d >> stream\n%s\nendstream" % (len(to_unicode), to_unicode)
    return _with_cross_references(objects)


def deflated_blanks(mebibytes: int) -> bytes:
    """A zlib stream of so many mebibytes of spaces: one packed block again and again, made at once."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * mebibytes


def _document() -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_margins(20, 20, 20)
    pdf.set_auto_page_break(False)
    pdf.set_font("Helvetica", size=11)
    return pdf


def _two_column_page() -> FPDF:
    pdf = _document()
    pdf.set_font("Helvetica", size=9)
    pdf.add_page()
    pdf.multi_cell(0, 8, COLUMN_TITLE, new_x="LMARGIN", new_y="NEXT")
    return pdf


def _encrypted(password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(HANDBOOK))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _form_content(is_last: bool) -> bytes:
    return b"BT /F1 8 Tf 10 10 Td (laugh) Tj ET" if is_last else b"/X Do " * 10


def _with_cross_references(objects: dict[int, bytes]) -> bytes:
    data = b"%PDF-1.7\n"
    places: dict[int, int] = {}
    for number, body in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max(objects) + 1
    rows = [b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(size)]
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    return data + b"xref\n0 %d\n" % size + b"".join(rows) + trailer


def _write_font(path: str, characters: str) -> None:
    """A TrueType font in which each of the characters is a box."""
    names = {ord(character): f"u{ord(character):x}" for character in sorted(set(characters))}
    pen = TTGlyphPen(None)
    for index, point in enumerate([(50, 0), (50, 700), (450, 700), (450, 0)]):
        pen.moveTo(point) if index == 0 else pen.lineTo(point)
    pen.closePath()
    box = pen.glyph()
    glyphs = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(glyphs, box))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)


KINDS: dict[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        *(handbook, not_a_pdf, encrypted, encrypted_without_user_password, too_many_pages, endless_pages),
        *(scanned, damaged, bomb, memory_bomb, nested_forms, two_columns, interleaved_columns, table),
        *(ligatures, hyphenated, nul, right_to_left, many_scripts, long_text),
    )
}

if __name__ == "__main__":
    sys.stdout.buffer.write(KINDS[sys.argv[1]]())
