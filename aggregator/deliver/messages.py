"""An alert's payload → what people and machines read of it. Pure.

One alert is one message, however many sources it tells of. Details were written by
strangers' servers: nothing of them may start a line or a header of its own.
"""

import json
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aggregator.deliver.words import COUNTS
from aggregator.deliver.words import MARKS
from aggregator.deliver.words import OTHERS
from aggregator.deliver.words import SENTENCES
from aggregator.deliver.words import TURN_OF_KIND
from aggregator.deliver.words import WORDS
from aggregator.errors import TURNS
from aggregator.errors import sentence
from aggregator.errors import whose_turn
from aggregator.model import Site

LONGEST = 300  # characters of a detail
MOST_TURNS = 40  # told one by one in a text; the JSON has all
MOST_SOURCES = 12  # named in one turn of a text
LONGEST_TITLE = 40  # characters of the site's title in a subject
Turn = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One alert, for people and for machines."""

    id: str
    subject: str
    text: str
    body: bytes  # JSON


def compose(alert: Mapping[str, Any], site: Site) -> Message:
    """Write an alert: Vietnamese first, then English, and all of it as JSON."""
    turns: list[Turn] = [_cleaned(turn) for turn in alert["turns"]]
    counts = _counts(turns, 0), _counts(turns, 1)
    subject = f"[{_cut(clean(site.title), LONGEST_TITLE)}] {' / '.join(counts)}"
    halves = [_half(turns, counts[side], site, side) for side in (0, 1)]
    text = "\n\n— English —\n\n".join(halves) + "\n"
    id_ = clean(alert["id"])
    data = {
        "site": clean(site.title),
        "health": health_page(site),
        "summary": {"vi": counts[0], "en": counts[1]},
        "turns": [_as_data(turn) for turn in turns],
    }
    told = {"type": "aggregator.alert", "timestamp": clean(alert["at"]), "id": id_}
    body = json.dumps(told | {"text": text, "data": data}, ensure_ascii=False)
    return Message(id=id_, subject=subject, text=text, body=body.encode())


def log_fields(alert: Mapping[str, Any]) -> list[str]:
    """Write each turn of an alert as the fields of one log line."""
    return [
        f"turn={turn['turn']} kind={turn['kind']} subject={turn['subject']} "
        f"reason={turn['reason']} since={turn['since']} sources={_count(turn)}"
        for turn in map(_cleaned, alert["turns"])
    ]


def health_page(site: Site) -> str:
    """Give the address at which an officer sees how every source stands."""
    return f"{site.base_url}/health/"


def clean(text: object, longest: int = LONGEST) -> str:
    """Write a stranger's text on one line, without what no eye can see.

    Control characters would break headers and lines; marks of direction would turn
    the words around them; lone surrogates cannot be sent at all.
    """
    seen = "".join(
        " " if unicodedata.category(char).startswith("C") else char
        for char in str(text)[: 4 * longest]
    )
    return _cut(" ".join(seen.split()), longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _cleaned(turn: Turn) -> Turn:
    names = ("turn", "kind", "subject", "reason", "detail", "since")
    return {name: clean(turn.get(name) or "") for name in names} | {
        "sources": [clean(source) for source in turn.get("sources") or ()]
    }


def _count(turn: Turn) -> int:
    return len(turn["sources"]) or 1


def _counts(turns: Iterable[Turn], side: int) -> str:
    """Sum an alert up, as in “2 failing, 1 recovered”."""
    groups: dict[str, list[Turn]] = {name: [] for name in COUNTS}
    for turn in turns:
        groups[_group(turn)].append(turn)
    return ", ".join(
        f"{_sum(those)} {COUNTS[name][side]}" for name, those in groups.items() if those
    )


def _group(turn: Turn) -> str:
    if turn["turn"] == "bad":
        return turn["kind"] if turn["kind"] in ("quiet", "gap") else "failing"
    return "test" if turn["kind"] == "test" else turn["turn"]


def _sum(turns: Iterable[Turn]) -> int:
    """Count sources, each once; a turn that names none counts for itself."""
    names: set[str] = set()
    for turn in turns:
        names.update(turn["sources"] or (f"{turn['kind']} {turn['subject']}",))
    return len(names)


def says(turn: Turn, side: int) -> str:
    """Say what happened in one sentence: side 0 is Vietnamese, 1 English."""
    pattern = SENTENCES.get((turn["turn"], turn["kind"]), OTHERS)[side]
    return pattern.format(
        subject=turn["subject"], kind=turn["kind"], count=_count(turn)
    )


def _turn_of(turn: Turn) -> str:
    if turn["turn"] == "well":
        return ""
    return whose_turn(turn["reason"]) or TURN_OF_KIND.get(turn["kind"], "")


def _half(turns: Sequence[Turn], summary: str, site: Site, side: int) -> str:
    parts = [f"{clean(site.title)}: {summary}"]
    parts += [_paragraph(turn, site, side) for turn in turns[:MOST_TURNS]]
    if len(turns) > MOST_TURNS:
        parts.append(f"… {_more(len(turns) - MOST_TURNS, side)}")
    parts.append(f"{WORDS['health'][side]}: {health_page(site)}")
    return "\n\n".join(parts)


def _paragraph(turn: Turn, site: Site, side: int) -> str:
    whose = _turn_of(turn)
    reason = sentence(turn["reason"], ("vi", "en")[side])
    told = {
        "reason": f"{reason} ({turn['reason']})" if turn["reason"] else "",
        "detail": turn["detail"],
        "since": _moment(turn["since"], site, side),
        "sources": _names(turn, side),
        "turn": TURNS[whose][side] if whose else "",
    }
    lines = [f"{MARKS.get(turn['turn'], '•')} {says(turn, side)}"]
    lines += [f"   {WORDS[k][side]}: {value}" for k, value in told.items() if value]
    return "\n".join(lines)


def _names(turn: Turn, side: int) -> str:
    """Name the sources, unless the sentence has done so."""
    names = turn["sources"]
    if names == [turn["subject"]]:
        return ""
    rest = len(names) - MOST_SOURCES
    listed = ", ".join(names[:MOST_SOURCES])
    return f"{listed} … {_more(rest, side)}" if rest > 0 else listed


def _more(count: int, side: int) -> str:
    return WORDS["more"][side].format(count=count)


def _moment(text: str, site: Site, side: int) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(site.timezone))
    return moment.strftime(("%H:%M %d/%m/%Y", "%Y-%m-%d %H:%M")[side])


def _as_data(turn: Turn) -> dict[str, Any]:
    reason = turn["reason"]
    return dict(turn) | {
        "says": {"vi": says(turn, 0), "en": says(turn, 1)},
        "means": {"vi": sentence(reason, "vi"), "en": sentence(reason, "en")},
        "whose_turn": _turn_of(turn),
    }
