"""What differs between versions of a text, word by word. Pure."""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from difflib import SequenceMatcher

from aggregator.model import Enclosure
from aggregator.store.dossier import Version

MAX_COMPARED = 400  # words compared one by one; the comparison is quadratic
MAX_PIECE = 300  # words shown of one difference
_AROUND = 8  # unchanged words shown beside a difference
_Piece = tuple[str, str]  # same, del or ins; its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A version, and what it made different; nothing for the oldest that is shown."""

    version: Version
    texts: dict[str, list[_Piece]] = field(default_factory=dict)
    gone: list[Enclosure] = field(default_factory=list)
    come: list[Enclosure] = field(default_factory=list)


def history(versions: Sequence[Version]) -> Iterator[Change]:
    for new, old in zip(versions, versions[1:], strict=False):
        texts = {
            name: _pieces(getattr(old, name), getattr(new, name))
            for name in ("title", "text", "link")
            if getattr(old, name) != getattr(new, name)
        }
        yield Change(
            version=new,
            texts=texts,
            gone=_without(old.enclosures, new.enclosures),
            come=_without(new.enclosures, old.enclosures),
        )
    yield Change(version=versions[-1])


def _without(
    files: Sequence[Enclosure], others: Sequence[Enclosure]
) -> list[Enclosure]:
    urls = {file.url for file in others}
    return [file for file in files if file.url not in urls]


def _pieces(old: str, new: str) -> list[_Piece]:
    """Compare two texts word by word; what they share is cut to a few words."""
    a, b = old.split(), new.split()
    head = _alike(a, b)
    tail = _alike(a[head:][::-1], b[head:][::-1])
    middle = _compared(a[head : len(a) - tail], b[head : len(b) - tail])
    pieces = [("same", a[:head]), *middle, ("same", a[len(a) - tail :])]
    return [(kind, _cut(kind, words)) for kind, words in pieces if words]


def _alike(a: Sequence[str], b: Sequence[str]) -> int:
    """Count the words that two texts begin with alike."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((n for n, (x, y) in pairs if x != y), min(len(a), len(b)))


def _compared(a: list[str], b: list[str]) -> Iterator[tuple[str, list[str]]]:
    if max(len(a), len(b)) > MAX_COMPARED:
        yield from (("del", a), ("ins", b))
        return
    for kind, i, j, k, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", a[i:j]
        else:
            yield from (("del", a[i:j]), ("ins", b[k:end]))


def _cut(kind: str, words: list[str]) -> str:
    if kind == "same" and len(words) > 2 * _AROUND:
        words = [*words[:_AROUND], "…", *words[-_AROUND:]]
    return " ".join(words if len(words) <= MAX_PIECE else [*words[:MAX_PIECE], "…"])
