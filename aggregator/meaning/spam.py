"""What is not for schools: betting spam of hijacked portals. Rules are data.

Strangers put such pages on .edu.vn hosts by the thousand, often between words of exams.
What looks like it is held for an editor. Notices that warn of betting, and those of the
state's lottery, are none: what names betting counts double only where nobody warns.
"""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import read_rules
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import align
from aggregator.meaning.text import fold
from aggregator.model import Because
from aggregator.model import Hold

FILE = "spam.toml"
LONG_TEXT = 40  # words, from which the language of a text can be told
# What a list's words are, by the list's name.
_KINDS = {
    "brands": "brand",
    "betting": "betting",
    "betting_exact": "betting",
    "half": "half",
    "promo": "lure",
    "guards": "warning",
    "other": "other",
}
# Houses are named like this, ever anew: 98win, 789bet, 8xbet, bet88.
_HOUSE = re.compile(r"(?<![a-z0-9])(?:\d{1,4}x?(?:win|bet)|bet\d{2,4})(?![a-z0-9])")
_HOUSE_PARTS = ("win", "bet")
_SAYS = "Từ ngữ cá cược, cờ bạc"
_WORD = re.compile(r"\w+")
_MARKED = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")  # â, ê and ô are French too


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamRules:
    """The lists of spam.toml, ready to be tried."""

    phrases: Phrases[str]
    naming: Phrases[None]  # one of these is in all that names betting: one quick search
    text_keys: tuple[str, ...]
    vietnamese: frozenset[str]
    field: Phrases[None]
    hosts: frozenset[str]


@cache
def spam_rules() -> SpamRules:
    """Read spam.toml once."""
    return compile_spam(read_rules(FILE))


def compile_spam(table: Table) -> SpamRules:
    """Make the lists ready.

    Raises:
        ConfigError: A phrase stands twice.
    """
    phrases = [
        Phrase(words, kind, exact=name == "betting_exact")
        for name, kind in _KINDS.items()
        for words in table[name]
    ]
    naming = [each.words for each in phrases if each.value in ("betting", "half")]
    singles, pairs = _keys(table["keys"], naming)
    brands = {fold(name).replace(" ", "") for name in table["brands"]}
    looked = {words.replace(" ", ""): words for words in (*singles, *brands, *pairs)}
    return SpamRules(
        phrases=compile_phrases(phrases, file=FILE),
        naming=compile_phrases((Phrase(w, None) for w in looked.values()), file=FILE),
        text_keys=tuple(table["text_keys"]),
        vietnamese=frozenset(map(fold, table["vietnamese"])),
        field=compile_phrases((Phrase(w, None) for w in table["field"]), file=FILE),
        hosts=frozenset(table["hosts"]),
    )


def _keys(keys: list[str], naming: list[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Give the words and pairs of which each phrase must hold one to be looked for."""
    singles = {key for key in keys if " " not in key}
    pairs = tuple(key for key in keys if " " in key)
    for words in map(fold, naming):
        if singles.isdisjoint(words.split()) and not any(p in words for p in pairs):
            raise ConfigError(
                Problem(
                    file=FILE,
                    key=words,
                    problem="a phrase that is never looked for",
                    hint="put a word of it, folded, into keys",
                )
            )
    glued = {fold(words).replace(" ", "") for words in naming}
    return frozenset(singles | glued), pairs


# --- Words ----------------------------------------------------------------------

_Signs = Mapping[str, tuple[str, ...]]  # kind → the words seen, each once


def find_spam(title: Aligned, text: Aligned) -> Hold | None:
    """Say why a notice is held for the words in it, if it is."""
    rules = spam_rules()
    named = rules.naming.stands_in(title) or _has(title.folded, _HOUSE_PARTS)
    told = bool(text.folded) and _has(text.folded, rules.text_keys)
    if not named and not told:
        return None
    signs = _signs(title)
    if _guilty_title(signs):
        return _held(signs, "title")
    both = _signs(text, signs) if told else signs
    return _held(both, "text") if _guilty_text(both) else None


def _has(folded: str, parts: tuple[str, ...]) -> bool:
    for part in parts:  # quicker than any()
        if part in folded:
            return True
    return False


def _signs(text: Aligned, more: _Signs | None = None) -> _Signs:
    found: dict[str, tuple[str, ...]] = dict(more or {})
    seen = set(found.get("", ()))
    for kind, saw in _hits(text):
        word = fold(saw)
        if word not in seen:
            seen.add(word)
            found[kind] = (*found.get(kind, ()), saw)
    return found


def _hits(text: Aligned) -> Iterator[tuple[str, str]]:
    for hit in spam_rules().phrases.find(text):
        yield hit.value, text.saw(hit.start, hit.end)
    if _has(text.folded, _HOUSE_PARTS):
        for match in _HOUSE.finditer(text.folded):
            yield "brand", text.saw(*match.span())


def _guilty_title(signs: _Signs) -> bool:
    sure = _sure(signs)
    if "warning" in signs:
        return "brand" in signs and "lure" in signs
    half = signs.get("half", ())
    return bool(sure or len(half) > 1 or (half and "lure" in signs))


def _guilty_text(signs: _Signs) -> bool:
    """Judge a text, which may mention once what a title does not."""
    sure = len(_sure(signs))
    if "warning" in signs:
        return sure > 1 and "brand" in signs and "lure" in signs
    lured = "lure" in signs
    return sure > 1 or (lured and (sure > 0 or len(signs.get("half", ())) > 1))


def _sure(signs: _Signs) -> tuple[str, ...]:
    return signs.get("brand", ()) + signs.get("betting", ())


def _held(signs: _Signs, where: str) -> Hold:
    kinds = ("brand", "betting", "half", "lure")
    saw = [word for kind in kinds for word in signs.get(kind, ())]
    because = Because(says=_SAYS, saw=", ".join(saw[:5]), where=where)
    return Hold(kind="betting", because=(because,))


# --- What else tells a stranger's hand ----------------------------------------------


def is_vietnamese(*texts: str) -> bool:
    """Say whether a text is Vietnamese, with marks or without."""
    if is_marked(*texts):
        return True
    known = spam_rules().vietnamese
    return any(not known.isdisjoint(_WORD.findall(fold(text))) for text in texts)


def is_marked(*texts: str) -> bool:
    """Say whether letters stand in a text that Vietnamese has alone, or nearly."""
    return any(_MARKED.search(text) for text in texts)


def is_long(*texts: str) -> bool:
    """Say whether there are words enough to tell their language."""
    return sum(text.count(" ") + 1 for text in texts) >= LONG_TEXT


def speaks_of_schools(title: str) -> bool:
    """Say whether a title has any word of this field."""
    return any(True for _ in spam_rules().field.find(align(title)))


def is_known_host(host: str) -> bool:
    """Say whether links of this field lead to a host, whoever writes them."""
    hosts, parts = spam_rules().hosts, host.lower().split(".")
    return any(".".join(parts[n:]) in hosts for n in range(len(parts)))
