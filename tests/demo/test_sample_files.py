"""The generated picture and paper are what they say they are."""

import re
import struct
import zlib

from aggregator.demo.files import paper
from aggregator.demo.files import picture


def chunks(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at = 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", png, at + 8 + length)
        assert check == zlib.crc32(kind + data)
        yield kind, data
        at += 12 + length


def test_picture_is_a_png_of_the_size_asked_for():
    parts = dict(chunks(picture(7, width=12, height=6)))
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">II", parts[b"IHDR"][:8]) == (12, 6)
    assert len(zlib.decompress(parts[b"IDAT"])) == 6 * (1 + 12 * 3)


def test_pictures_differ_by_seed_and_stay_small():
    drawn = {picture(seed) for seed in range(12)}
    assert len(drawn) == 12
    assert max(map(len, drawn)) < 5_000


def test_paper_is_a_pdf_whose_table_points_at_its_objects():
    pdf = paper(("Cong van (mau)", r"back\slash"))
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    (start,) = re.findall(rb"startxref\n(\d+)\n", pdf)
    assert pdf[int(start) :].startswith(b"xref\n0 6\n")
    offsets = re.findall(rb"(\d{10}) 00000 n ", pdf)
    for number, offset in enumerate(offsets, 1):
        assert pdf[int(offset) :].startswith(b"%d 0 obj\n" % number)
    assert len(offsets) == 5


def test_paper_announces_the_length_of_its_text():
    pdf = paper(("Cong van (mau)", r"back\slash"))
    length, text = re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", pdf)[0]
    assert len(text) == int(length)
    assert rb"(Cong van \(mau\)) Tj" in text
    assert rb"(back\\slash) Tj" in text
