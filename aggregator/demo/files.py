"""Makes the sample pictures and papers: tiny, valid, the same bytes every time."""

import struct
import zlib

_COLOURS = (
    (0x1F, 0x6F, 0xB2),
    (0x2E, 0x8B, 0x57),
    (0xC2, 0x6A, 0x1B),
    (0x7A, 0x4F, 0x9E),
)
_A4 = "0 0 595 842"  # points


def picture(seed: int, *, width: int = 480, height: int = 270) -> bytes:
    """Draw a PNG of coloured bands; the seed chooses colour and bands."""
    rows = b"".join(b"\0" + _band(seed, y * 6 // height) * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bit RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def paper(lines: tuple[str, ...]) -> bytes:
    """Print a PDF of one page from lines of plain ASCII."""
    shown = "".join(f"({_escape(line)}) Tj T* " for line in lines)
    text = f"BT /F1 11 Tf 16 TL 56 780 Td {shown}ET".encode("ascii", "replace")
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{_A4}] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    return _pdf(bodies)


def _band(seed: int, band: int) -> bytes:
    shade = 40 * ((seed + band) % 3)
    return bytes(min(255, part + shade) for part in _COLOURS[seed % len(_COLOURS)])


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _escape(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _pdf(bodies: tuple[bytes, ...]) -> bytes:
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = len(bodies) + 1
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % size
    return out + b"startxref\n%d\n%%%%EOF\n" % start
