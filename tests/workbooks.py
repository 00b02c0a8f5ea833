"""Workbooks written by hand: the XML of a spreadsheet in a zip archive."""

import io
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


def open_document(rows: str) -> bytes:
    """An ods file of one sheet; the rows are its XML."""
    names = " ".join(f'xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Sheet1">'
        f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{_OFFICE}:manifest:1.0"/>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return archive({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def document_cell(value: str | float, repeated: int = 1) -> str:
    """A cell of an ods file."""
    times = f' table:number-columns-repeated="{repeated}"' if repeated > 1 else ""
    kind = f'float" office:value="{value}"' if not isinstance(value, str) else 'string"'
    return f'<table:table-cell office:value-type="{kind}{times}><text:p>{value}</text:p></table:table-cell>'


def archive(parts: Mapping[str, str]) -> bytes:
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
