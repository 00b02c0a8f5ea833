"""Workbooks written by hand: the XML of a spreadsheet in a zip archive."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DATE_FORMATS = {"date": 14, "moment": 22, "time": 21, "duration": 46}
_STYLES = {name: number for number, name in enumerate(_DATE_FORMATS, 1)}
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
Cell = str | float | bool | None


def text_cell(place: str, text: str) -> str:
    """A cell with a text in it."""
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def number_cell(place: str, number: float, style: str = "", formula: str = "") -> str:
    """A cell with a number, which a style makes a date; with a formula it is what that gave last."""
    chosen = f' s="{_STYLES[style]}"' if style else ""
    return f'<c r="{place}"{chosen}>{f"<f>{escape(formula)}</f>" if formula else ""}<v>{number!r}</v></c>'


def error_cell(place: str, error: str = "#N/A") -> str:
    """A cell whose formula failed."""
    return f'<c r="{place}" t="e"><f>1/0</f><v>{error}</v></c>'


def cell(place: str, value: Cell) -> str:
    """A cell with a value of Python."""
    match value:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        case str():
            return text_cell(place, value)
    return number_cell(place, value)


def sheet_rows(rows: Sequence[Sequence[Cell]], first: int = 1) -> str:
    """The XML of rows of up to 26 cells."""
    return "".join(
        f'<row r="{number}">{"".join(cell(f"{chr(65 + i)}{number}", value) for i, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, first)
    )


def workbook(sheets: Mapping[str, str], hidden: Sequence[str] = (), merged: Sequence[str] = ()) -> bytes:
    """An xlsx file; each sheet is the XML of its rows."""
    states = dict.fromkeys(hidden, ' state="hidden"')
    listed = "".join(
        f'<sheet name="{name}" sheetId="{i}"{states.get(name, "")} r:id="rId{i}"/>' for i, name in enumerate(sheets, 1)
    )
    targets = {f"rId{i}": ("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1)}
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in (0, *_DATE_FORMATS.values()))
    ranges = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(targets | {"styles": ("styles", "styles.xml")}),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs>{styles}</cellXfs></styleSheet>',
    }
    for i, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{i}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData><mergeCells>{ranges}</mergeCells></worksheet>'
        )
    return archive(parts)


def open_document(rows: str, *, encrypted: bool = False) -> bytes:
    """An ods file of one sheet; the rows are its XML. An encrypted one only says that it is."""
    if encrypted:
        rows = "\0"  # noise, which need not be XML
    names = " ".join(f'xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Sheet1">'
        f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>" if encrypted else ""
    manifest = f'<manifest:manifest xmlns:manifest="{_OFFICE}:manifest:1.0">{entry}</manifest:manifest>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return archive({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def document_cell(value: str | float, repeated: int = 1) -> str:
    """A cell of an ods file."""
    times = f' table:number-columns-repeated="{repeated}"' if repeated > 1 else ""
    kind = f'float" office:value="{value}"' if not isinstance(value, str) else 'string"'
    return f'<table:table-cell office:value-type="{kind}{times}><text:p>{value}</text:p></table:table-cell>'


def binary_workbook(rows: Mapping[int, Mapping[int, Cell]]) -> bytes:
    """An xlsb file of one sheet; rows and columns by their numbers from 0, None for a cell with #DIV/0!."""
    sheets = _record(143) + _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Homes")) + _record(144)
    cells = b"".join(
        _record(0, struct.pack("<III", number, 0, 0) + bytes(5)) + b"".join(_binary_cell(i, v) for i, v in row.items())
        for number, row in rows.items()
    )
    return archive(
        {
            "xl/workbook.bin": _record(131) + sheets + _record(132),
            "xl/_rels/workbook.bin.rels": _relations({"rId1": ("worksheet", "worksheets/sheet1.bin")}),
            "xl/worksheets/sheet1.bin": _record(129) + _record(148, bytes(16)) + _record(145) + cells + _record(146),
        }
    )


def _binary_cell(column: int, value: Cell) -> bytes:
    place = struct.pack("<II", column, 0)
    match value:
        case None:
            return _record(3, place + b"\x07")
        case str():
            return _record(6, place + _wide(value))
    return _record(5, place + struct.pack("<d", value))


def _record(kind: int, content: bytes = b"") -> bytes:
    """A kind and a size, seven bits to a byte, then the content."""
    assert len(content) < 1 << 14
    parts = [[number & 0x7F | 0x80, number >> 7] if number > 0x7F else [number] for number in (kind, len(content))]
    return bytes(parts[0] + parts[1]) + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def old_workbook(
    cells: Mapping[tuple[int, int], Cell], *, sheets: int = 1, book_records: bytes = b"", sheet_records: bytes = b""
) -> bytes:
    """An xls file: a stream of records in a compound file; None for a cell with #DIV/0!.

    Args:
        cells: The cells by row and column, from 0.
        sheets: How many times the sheet is listed.
        book_records: More records of the workbook.
        sheet_records: More records of the sheet, before its cells.
    """
    begin = old_record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1996, 0, 0)) + book_records
    names = [bytes([5, 0]) + f"Home{i}".encode() for i in range(sheets)]
    sheet_at = len(begin) + sum(len(old_record(0x85, bytes(6) + name)) for name in names) + len(old_record(0xA))
    stream = begin + b"".join(old_record(0x85, struct.pack("<IH", sheet_at, 0) + name) for name in names)
    stream += old_record(0xA) + old_record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 1996, 0, 0)) + sheet_records
    stream += b"".join(_old_cell(*place, value) for place, value in cells.items()) + old_record(0xA)
    return _compound_file("Workbook", stream)


def _old_cell(row: int, column: int, value: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    match value:
        case None:
            return old_record(0x205, place + b"\x07\x01")
        case bool():
            return old_record(0x205, place + bytes([value, 0]))
        case str():
            return old_record(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return old_record(0x203, place + struct.pack("<d", value))


def old_record(kind: int, content: bytes = b"") -> bytes:
    """A record of an xls file."""
    return struct.pack("<HH", kind, len(content)) + content


def _compound_file(name: str, stream: bytes) -> bytes:
    """A compound file of version 3: a header, then sectors of 512 bytes: allocation table, directory, the stream."""
    end, free, sector = 0xFFFFFFFE, 0xFFFFFFFF, 512
    stream = stream.ljust(4096, b"\0")  # a smaller one stands in another part
    sectors = -(-len(stream) // sector)
    table = [0xFFFFFFFD, end, *range(3, sectors + 2), end]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0)
    entries = _directory_entry("Root Entry", 5, 1, end, 0) + _directory_entry(name, 2, free, 2, len(stream))
    return b"".join(
        (
            header.ljust(sector, b"\xff"),
            b"".join(struct.pack("<I", one) for one in table).ljust(sector, b"\xff"),
            entries.ljust(sector, b"\0"),
            stream.ljust(sectors * sector, b"\0"),
        )
    )


def _directory_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBB", 2 * len(name) + 2, kind, 1)
    free = 0xFFFFFFFF
    return text + struct.pack("<III", free, free, child) + bytes(36) + struct.pack("<IQ", start, size)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return content.getvalue()


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="{key}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'
