"""Detection of text encodings."""

import codecs

import pytest

from mtl_core.spec import InputError
from mtl_core.tabular.readers.encodings import decode

KOREAN = "면적,방,지역,가격\n84.5,3,서울,12.5\n59.9,2,부산,7.1\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be"])
def test_korean_text_is_read_in_every_encoding_it_is_saved_in(encoding: str) -> None:
    assert decode(KOREAN.encode(encoding))[0] == KOREAN


@pytest.mark.parametrize("text", ["값,b\n1,2\n", "a,b\n1,서울\n", "이름,점수\n", "a,지역\n" + "1,2\n" * 50])
def test_a_few_hangul_syllables_are_enough_to_detect_cp949(text: str) -> None:
    assert decode(text.encode("cp949")) == (text, "cp949")


def test_rare_hangul_syllables_are_read_as_cp949() -> None:
    text = "이름,별명\n홍길동,똠방각하\n김철수,펲시\n이영희,하얀 햏자\n"
    assert decode(text.encode("cp949"))[0] == text


def test_western_text_in_windows_1252_is_not_taken_for_korean() -> None:
    text = "ville,prix\nOrléans,12\nBesançon,14\nSaint-Étienne,9\nChâlons,11\nNîmes,10\nÉvry,13\n" * 5
    assert decode(text.encode("cp1252"))[0] == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "地域,価格\n東京,12\nさいたま,9\nひろしま,7\nカタカナ,3\n" * 8),
        ("gb18030", "城市,价格,说明\n北京,12,很好的房子在市中心\n上海,14,靠近地铁站的公寓\n深圳,9,新开发的小区\n" * 8),
        ("cp1251", "город,цена\nМосква,12\nКазань,9\nСаратов,7\n" * 8),
    ],
)
def test_other_scripts_are_read(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0] == text


def test_a_stated_encoding_is_used_and_its_mark_dropped() -> None:
    assert decode(codecs.BOM_UTF8 + b"a,b\n", "utf-8") == ("a,b\n", "utf-8")


def test_a_wrong_encoding_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(InputError, match=r"dataset.encoding: the file is not in utf-8.*says cp949"):
        decode(KOREAN.encode("cp949"), "utf-8")


@pytest.mark.parametrize("encoding", ["utf-99", "base64", "rot13"])
def test_an_encoding_that_does_not_exist_is_refused(encoding: str) -> None:
    with pytest.raises(InputError, match=r"dataset.encoding: there is no such text encoding"):
        decode(b"a,b\n1,2\n", encoding)


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 20, b"\x7fELF\x02\x01\x01" + b"\0" * 500, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"]
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"dataset.path: must be text; found binary"):
        decode(data)
