"""Odd files of tables and arrays: what each holds, and whether it is a table nevertheless."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.table_files import TABLE_WRITERS
from tests.workbooks import archive, error_cell, number_cell, old_workbook, sheet_rows, text_cell, workbook

Make = Callable[[Path], object]

TABLE = "area,city,price\n84.5,Seoul,12\n59,Busan,7\n102.25,Daegu,20\n33,Ulsan,5\n"
KOREAN = "면적,지역,가격\n84.5,서울,12\n59,부산,7\n102,대구,20\n"
FRENCH = "ville,prix\nOrléans,12\nBesançon,14\nSaint-Étienne,9\nChâlons,11\nNîmes,10\nÉvry,13\n" * 3


@dataclass(frozen=True)
class OddFile:
    """One odd file.

    Attributes:
        name: What is odd.
        file: The name of the file.
        make: Makes it at a path.
        opens: Whether it is a table; None where either is right.
        kind: The kind of data set that it is opened as.
    """

    name: str
    file: str
    make: Make
    opens: bool | None
    kind: str = "table"


def _text(name: str, content: str | bytes, opens: bool | None, file: str = "odd.csv", kind: str = "table") -> OddFile:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return OddFile(name, file, lambda path: path.write_bytes(data), opens, kind)


def encodings() -> Iterator[OddFile]:
    """Texts in many encodings, right and wrong."""
    for code in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949", "euc-kr"):
        yield _text(f"Korean in {code}", KOREAN.encode(code), True)
    for code in ("latin-1", "cp1252", "iso8859-15"):
        yield _text(f"French in {code}", FRENCH.encode(code), True)
    yield _text(
        "Japanese in cp932", ("地域,価格\n東京,12\nさいたま,9\nひろしま,7\nカタカナ,3\n" * 8).encode("cp932"), True
    )
    yield _text("Russian in koi8-r", ("город,цена\nМосква,12\nКазань,9\nСаратов,7\n" * 8).encode("koi8_r"), True)
    yield _text("a BOM alone", b"\xef\xbb\xbf", False)
    yield _text("a BOM of UTF-16 alone", b"\xff\xfe", False)
    yield _text("a BOM within", TABLE.replace("59", "\ufeff59"), True)
    yield _text("UTF-16 cut in a character", KOREAN.encode("utf-16")[:-1], False)
    yield _text("UTF-8 cut in a character", TABLE.encode() + "서울".encode()[:-1], True)
    yield _text("two encodings in one file", KOREAN.encode() + KOREAN.encode("cp949"), True)
    yield _text("surrogates", "a,b\n\ud800,1\n2,3\n", True)
    yield _text("characters beyond the first plane", "a,😀\n🏠,1\n🏢,2\n", True)
    yield _text("text written from right to left", "a,b\n\u202eabc,1\nשלום,2\n", True)


def rows_and_cells() -> Iterator[OddFile]:
    """Ragged rows, quotes, line ends and cells of all sizes."""
    cases: list[tuple[str, str, bool]] = [
        ("an empty file", "", False),
        ("blanks alone", " \n\t\n  ", False),
        ("empty lines alone", "\n" * 50, False),
        ("a header alone", "a,b,c\n", False),
        ("a header without a line end", "a,b,c", False),
        ("one column", "a\n1\n2\n3\n", False),
        ("one cell", "a", False),
        ("a long row", TABLE + "1,2,3,4\n", False),
        ("a short row", TABLE + "1\n", True),
        ("rows of growing length", "".join(",".join("x" * n) + "\n" for n in range(1, 9)), False),
        ("lines that end in a delimiter", TABLE.replace("\n", ",\n"), True),
        ("empty lines between rows", TABLE.replace("\n", "\n\n"), True),
        ("a title above", "Prices of 2026\n\n" + TABLE, True),
        ("remarks above", "# by hand\n# do not touch\n" + TABLE, True),
        ("a sum below", TABLE + "sum,,44\n", True),
        ("old line ends", TABLE.replace("\n", "\r"), True),
        ("mixed line ends", "a,b\r\n1,2\n3,4\r5,6\n", True),
        ("an open quote", 'a,b\n"1,2\n3,4\n', False),
        ("a closed quote", 'a,b\n"1",2\n"3","4"\n', True),
        ("a quote within a cell", 'a,b\n5" pipe,2\n6" pipe,4\n', True),
        ("doubled quotes", 'a,b\n"say ""hi""",2\nx,4\n', True),
        ("a line end within quotes", 'a,b\n"1\n2",3\n4,5\n', True),
        ("a delimiter within quotes", 'a,b\n"1,2",3\n4,5\n', True),
        ("quotes alone", '"","",""\n"","",""\n', True),
        ("blanks around cells", "a , b\n 1 , 2 \n 3 , 4 \n", True),
        ("a repeated name", "a,a\n1,2\n3,4\n", False),
        ("names that differ in form only", "\u00e9,e\u0301\n1,2\n3,4\n", False),
        ("names without text", ",,\n1,2,3\n4,5,6\n", True),
        ("names of numbers", "1,2\n3,4\n5,6\n", True),
        ("no header but numbers that repeat", "5,0,0\n4,0,1\n3,1,1\n", True),
        ("a name of 10000 characters", "x" * 10_000 + ",b\n1,2\n3,4\n", True),
        ("a name with a line end", '"a\nb",c\n1,2\n3,4\n', True),
        ("a name with control characters", "a\x1b[31m,b\n1,2\n3,4\n", True),
        ("a cell of a million characters", "a,b\n" + "x" * 1_000_000 + ",1\ny,2\n", True),
        ("a quoted cell of a million characters", 'a,b\n"' + "x," * 500_000 + '",1\ny,2\n', True),
        ("a line of a million delimiters", "," * 1_000_000 + "\n", False),
        ("10000 columns", "\n".join(",".join(map(str, range(i, i + 10_000))) for i in (0, 1)), True),
        ("semicolons and decimal commas", "a;b\n1,5;2\n2,5;3\n", True),
        ("tabs", TABLE.replace(",", "\t"), True),
        ("bars", TABLE.replace(",", "|"), True),
        ("a delimiter at the start of each line", ",a,b\n,1,2\n,3,4\n", True),
        ("a comma in one cell of a column", "a\n1\n2,3\n4\n", False),
        ("spaces", "a b\n1 2\n3 4\n", False),
        ("colons", "a:b\n1:2\n3:4\n", False),
        ("a delimiter that is stated", "sep=;\na;b\n1;2\n3;4\n", True),
        ("a delimiter that is stated and not used", "sep=;\na,b\n1,2\n3,4\n", False),
        ("all cells missing", "a,b\nNA,\n,?\nnull,-\n", True),
        ("NUL characters in a text", TABLE.replace("Seoul", "Se\0ul"), False),
        ("a NUL character in a UTF-8 text", "a,b\n\0,2\n", False),
        ("the end of a DOS file", TABLE + "\x1a", False),
    ]  # fmt: skip
    for name, text, opens in cases:
        yield _text(name, text, opens)


def values() -> Iterator[OddFile]:
    """Dates in many forms, numbers in many forms, formulas."""
    forms = {
        "ISO dates": ("2020-01-31", "2021-12-01"),
        "German dates": ("31.01.2020", "01.12.2021"),
        "American dates": ("01/31/2020", "12/01/2021"),
        "ambiguous dates": ("01/02/2020", "03/04/2021"),
        "written dates": ("31 January 2020", "1 December 2021"),
        "moments": ("2020-01-31T12:30:00Z", "2021-12-01T00:00:00+09:00"),
        "times of day": ("12:30", "23:59:59"),
        "dates that are none": ("2020-02-31", "2021-13-01"),
        "dates long ago": ("0001-01-01", "9999-12-31"),
        "years of two digits": ("31.01.20", "01.12.99"),
        "numbers with thousands": ("1,234,567", "2,345.5"),
        "numbers of accountants": ("(1,200.50)", "$3.00"),
        "percentages": ("12%", "3.5 %"),
        "huge numbers": ("1e308", "-1e400"),
        "tiny numbers": ("1e-320", "4.9e-324"),
        "long whole numbers": ("9007199254740993", "9007199254740992"),
        "hexadecimal numbers": ("0x1F", "0xFF"),
        "numbers of other scripts": ("١٢٣", "１２３"),
        "numbers with an apostrophe": ("1'234", "'5"),
        "infinite numbers": ("inf", "-Infinity"),
        "numbers with underscores": ("1_000", "2_000"),
        "truth values": ("TRUE", "no"),
        "formulas": ("=1+1", "=cmd|' /C calc'!A0"),
        "mixed decimal marks": ("1,5", "1.5"),
        "leading zeros": ("007", "0010"),
        "markup": ("<b>x</b>", "<script>alert(1)</script>"),
        "paths": ("../../etc/passwd", "C:\\Windows"),
        "templates": ("{0}", "%s%n"),
    }
    for name, (first, second) in forms.items():
        quoted = [f'"{value}"' for value in (first, second)]
        yield _text(name, "a,b,c\n" + "".join(f"{quoted[i % 2]},{i},x{i % 3}\n" for i in range(12)), True)


def json_files() -> Iterator[OddFile]:
    """JSON and JSON lines."""
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    nested = "[" * 100_000
    cases: list[tuple[str, str, bool | None, str]] = [
        ("rows of JSON", json.dumps(rows), True, "odd.json"),
        ("columns of JSON", json.dumps({"a": [1, 2], "b": [3, 4]}), True, "odd.json"),
        ("a service's answer", json.dumps({"data": rows, "n": 2}), True, "odd.json"),
        ("JSON of a number", "3", False, "odd.json"),
        ("JSON of a text", '"abc"', False, "odd.json"),
        ("an empty list", "[]", False, "odd.json"),
        ("a list of numbers", "[1, 2, 3]", False, "odd.json"),
        ("a list of lists", "[[1, 2], [3, 4]]", False, "odd.json"),
        ("JSON that is cut", json.dumps(rows)[:-3], False, "odd.json"),
        ("JSON in deep brackets", nested, False, "odd.json"),
        ("JSON in deep objects", '{"a":' * 50_000, False, "odd.json"),
        ("JSON with NaN", '[{"a": NaN, "b": Infinity}, {"a": 1, "b": 2}]', True, "odd.json"),
        ("JSON with repeated keys", '[{"a": 1, "a": 2, "b": 3}]', True, "odd.json"),
        ("JSON with half a surrogate pair", '[{"a": "\\ud800", "b": 1}, {"a": "x", "b": 2}]', True, "odd.json"),
        ("JSON with a number of 5000 digits", '[{"a": ' + "9" * 5000 + ', "b": 1}]', False, "odd.json"),
        ("JSON lines", "\n".join(map(json.dumps, rows)), True, "odd.jsonl"),
        ("JSON lines with a bad line", json.dumps(rows[0]) + "\n{oops\n", False, "odd.jsonl"),
        ("JSON lines with other keys", '{"a": 1, "b": 2}\n{"c": 3}\n', True, "odd.jsonl"),
        ("a JSON line alone", '{"a": 1, "b": 2}', True, "odd.jsonl"),
        ("JSON lines of lists", "[1, 2]\n[3, 4]\n", None, "odd.jsonl"),
        ("JSON by the name of CSV", json.dumps(rows), True, "odd.csv"),
    ]  # fmt: skip
    for name, text, opens, file in cases:
        yield _text(name, text, opens, file)


def typed_files() -> Iterator[OddFile]:
    """Parquet, Arrow and workbooks: whole, cut, damaged, and by false names."""
    frame = pd.read_csv(io.StringIO(TABLE))
    suffixes = {"Excel": "odd.xlsx", "Parquet": "odd.parquet", "Arrow": "odd.feather"}
    for title, file in suffixes.items():
        data = TABLE_WRITERS[title](frame)
        yield _text(f"{title}, whole", data, True, file)
        yield _text(f"{title} by the name of CSV", data, True, "odd.csv")
        for share in (0.02, 0.5, 0.98):
            yield _text(f"{title}, cut at {share}", data[: int(len(data) * share)], False, file)
        yield _text(f"{title}, with a hole", data[:60] + bytes(40) + data[100:], None, file)
        yield _text(f"text by the name of {title}", TABLE, title == "Excel", file)
        yield _text(f"{title} without rows", TABLE_WRITERS[title](frame.head(0)), False, file)
    yield _text("Parquet's mark alone", b"PAR1", False, "odd.parquet")
    lists = pd.DataFrame({"a": [[1, 2], None], "b": [{"x": 1}, {"x": 2}], "c": [b"\xff", b"y"]})
    yield _text("Parquet with lists and bytes", TABLE_WRITERS["Parquet"](lists), True, "odd.parquet")


def workbooks() -> Iterator[OddFile]:
    """Workbooks: formulas, errors, sheets, bombs."""
    plain = sheet_rows([["a", "b"], [1, 2], [3, 4]])
    far = plain + f'<row r="1048576">{text_cell("XFD1048576", "c")}</row>'
    formula = '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2"><f>NOW()</f></c></row>'
    failed = f'<row r="2">{error_cell("A2", "#REF!")}{number_cell("B2", 1)}</row>'
    encrypted = b"\xd0\xcf\x11\xe0" + bytes(508) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    old = old_workbook({(0, 0): "a", (0, 1): "b", (1, 0): 1.0, (1, 1): 2.0})
    bomb = archive({"xl/workbook.xml": b" " * (50 << 20)})
    cases: list[tuple[str, bytes, bool, str]] = [
        ("a workbook with formulas", workbook({"a": sheet_rows([["a", "b"]]) + formula}), True, "odd.xlsx"),
        ("a workbook with an error", workbook({"a": sheet_rows([["a", "b"]]) + failed}), True, "odd.xlsx"),
        ("an empty workbook", workbook({"a": ""}), False, "odd.xlsx"),
        ("a workbook whose first sheet is empty", workbook({"a": "", "b": plain}), True, "odd.xlsx"),
        ("a workbook of a huge rectangle", workbook({"a": far}), False, "odd.xlsx"),
        ("a workbook that inflates", bomb, False, "odd.xlsx"),
        ("an encrypted workbook", encrypted, False, "odd.xlsx"),
        ("an old workbook", old, True, "odd.xls"),
        ("an old workbook that is cut", old[:700], False, "odd.xls"),
        ("an archive of texts", archive({"a.csv": TABLE.encode()}), False, "odd.zip"),
        ("an archive without parts", archive({}), False, "odd.xlsx"),
        ("a compressed text", gzip.compress(TABLE.encode(), mtime=0), False, "odd.csv.gz"),
    ]  # fmt: skip
    for name, data, opens, file in cases:
        yield _text(name, data, opens, file)


def binaries() -> Iterator[OddFile]:
    """Files of other programs, and what is no file."""
    heads = {
        "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200),
        "a PDF file": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(300),
        "a program": b"\x7fELF" + bytes(400), "zeros": bytes(1000), "noise": np.random.default_rng(0).bytes(4000),
        "all bytes": bytes(range(256)) * 20, "a database": b"SQLite format 3\0" + bytes(2000),
        "a pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.",
    }  # fmt: skip
    for name, data in heads.items():
        yield _text(name, data, False)
    yield OddFile("a folder", "odd.csv", lambda path: path.mkdir(), False)
    yield OddFile("a file that is not there", "odd.csv", lambda path: None, False)
    yield OddFile("a link to itself", "odd.csv", lambda path: path.symlink_to(path), False)
    yield OddFile("a link to nothing", "odd.csv", lambda path: path.symlink_to(path.with_name("none")), False)
    yield OddFile("a link to a table", "odd.csv", _linked_table, True)
    yield OddFile("a pipe", "odd.csv", os.mkfifo, False)
    yield OddFile("a file name with a line end", "odd\n.csv", lambda path: path.write_text(TABLE), True)
    yield OddFile("a name of 200 characters", "o" * 200 + ".csv", lambda path: path.write_text(TABLE), True)


def _linked_table(path: Path) -> None:
    path.with_name("table.csv").write_text(TABLE)
    path.symlink_to("table.csv")


def corpora() -> Iterator[OddFile]:
    """Files of tagged sentences."""
    yield _text("tagged sentences", "EU B-ORG\nno O\n\nPeter B-PER\n", True, "odd.conll")
    yield _text("a sentence with a line too long", "EU B-ORG\nno O O\n\n", False, "odd.conll")
    yield _text("tokens without tags", "EU\nno\n\n", False, "odd.conll")
    yield _text("a table by the name of a corpus", TABLE, False, "odd.conll")


def arrays() -> Iterator[OddFile]:
    """NumPy and IDX files."""

    def npy(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> bytes:
        content = io.BytesIO()
        np.save(content, array, allow_pickle=True)
        return content.getvalue()

    def npz(**parts: bytes) -> bytes:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
            for name, part in parts.items():
                file.writestr(f"{name}.npy", part)
        return content.getvalue()

    claims = npy(np.zeros(3)).replace(b"(3,), }" + b" " * 19, b"(9000000000000,), }" + b" " * 7)
    pictures, labels = npy(np.zeros((5, 4, 4), np.uint8)), npy(np.arange(5))
    whole = npz(x=pictures, y=labels)
    cases: list[tuple[str, bytes, bool]] = [
        ("arrays", whole, True),
        ("arrays that are cut", whole[:-30], False),
        ("arrays with a hole", whole[:40] + bytes(30) + whole[70:], False),
        ("a pickled array", npy(np.array([{"a": 1}, None], dtype=object)), False),
        ("a pickled array in an archive", npz(x=npy(np.array([{"a": 1}], dtype=object))), False),
        ("records", npy(np.array([(1, 2.0)], dtype="i4,f8")), False),
        ("an array that claims terabytes", claims, False),
        ("an array of negative size", npy(np.zeros(3)).replace(b"(3,), } ", b"(-3,), }"), False),
        ("an array without rows", npy(np.zeros((0, 3))), False),
        ("a number", npy(np.float64(3)), False),
        ("complex numbers", npy(np.zeros(4, complex)), False),
        ("dates as an array", npy(np.array(["2020-01-01"], "M8[D]")), False),
        ("texts as an array", npy(np.array([["a", "b"], ["c", "d"]])), True),
        ("NaN alone", npy(np.full((3, 2), np.nan)), True),
        ("a header that is a program", npy(np.zeros(3)).replace(b"'shape': (3,)", b"'shape': f(3)"), False),
        ("an archive of other files than arrays", archive({"a.txt": b"x"}), False),
        ("an IDX file", bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4]), True),
        ("an IDX file that is cut", bytes([0, 0, 8, 1, 0, 0, 0, 9, 1]), False),
        ("an IDX file of an unknown type", bytes([0, 0, 7, 1, 0, 0, 0, 1, 1]), False),
        ("an IDX file, compressed, cut", gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 2, 1, 2]), mtime=0)[:-9], False),
        ("a table as arrays", TABLE.encode(), False),
    ]  # fmt: skip
    for name, data, opens in cases:
        yield _text(name, data, opens, "odd.npz", "arrays")
    yield OddFile("an empty folder of arrays", "odd", lambda path: path.mkdir(), False, "arrays")


ODD_FILES = (
    *encodings(), *rows_and_cells(), *values(), *json_files(), *typed_files(), *workbooks(), *binaries(), *corpora(),
    *arrays(),
)  # fmt: skip
