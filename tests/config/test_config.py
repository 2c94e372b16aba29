"""feeds.toml: what it means, and every mistake named with its key and what is right."""

from datetime import date
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import config
from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.model import AlertSettings
from aggregator.model import Category
from aggregator.model import Level

GOOD = """
[site]
title = "Tin"
base_url = "https://tin.example/"

[authorities.so]
name = "Sở Giáo dục và Đào tạo"
short = "Sở GD&ĐT"

[authorities.quan-1]
name = "Phòng Giáo dục và Đào tạo Quận 1"
parent = "so"
levels = ["preschool", "primary", "lower_secondary"]
until = 2025-06-30
successors = ["phuong-ben-thanh"]

[authorities.phuong-ben-thanh]
name = "Phường Bến Thành"
parent = "so"

[sources.so-thong-bao]
url = "https://so.example/rss/thong-bao.rss"
authority = "so"
category = "announcement"
levels = ["primary"]
every = "90s"
was = ["so-tb"]

[sources.quan-1]
url = "https://quan1.example/rss/"
authority = "quan-1"
category = "auto"
"""


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    """Read a file that must be refused; give what is said of it."""
    file = folder / "feeds.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    return caught.value.problems


def test_a_good_file_becomes_settings(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(GOOD, encoding="utf-8")
    read = config.load(file)
    assert read.site.base_url == "https://tin.example"
    assert read.site.timezone == "Asia/Ho_Chi_Minh"
    quan_1 = read.authorities["quan-1"]
    assert quan_1.until == date(2025, 6, 30)
    assert quan_1.successors == ("phuong-ben-thanh",)
    assert Level.UPPER_SECONDARY not in quan_1.levels and len(quan_1.levels) == 3
    source = read.sources["so-thong-bao"]
    assert source.category is Category.ANNOUNCEMENT
    assert source.every == timedelta(seconds=90)
    assert source.levels == {Level.PRIMARY}
    assert source.was == ("so-tb",)
    assert read.sources["quan-1"].category is None
    assert read.sources["quan-1"].every == timedelta(minutes=15)


def test_the_shipped_file_has_no_mistake() -> None:
    read = config.load(Path(__file__).parents[2] / "feeds.toml")
    assert {"so", "quan-1", "phuong-ben-thanh", "tp-thu-duc"} <= set(read.authorities)
    assert read.site.contact == ""  # nobody's address is shipped


# (what is put in the good file's place, key, words of the problem, words of the hint)
MISTAKES = {
    "unknown key": ("short =", "shrt =", "authorities.so.shrt", "unknown key", "short"),
    "unknown table": ("[site]", "[sites]", "sites", "unknown key", "site"),
    "wrong type": (
        'title = "Tin"',
        "title = 3",
        "site.title",
        "must be text",
        "",
    ),
    "wrong type of list": (
        'was = ["so-tb"]',
        'was = "so-tb"',
        "sources.so-thong-bao.was",
        "must be a list",
        "[",
    ),
    "wrong type of day": (
        "until = 2025-06-30",
        'until = "hè 2025"',
        "authorities.quan-1.until",
        "must be a date",
        "2025-06-30",
    ),
    "missing key": (
        'authority = "so"\n',
        "",
        "sources.so-thong-bao.authority",
        "required key is missing",
        "authority",
    ),
    "blank name": (
        'name = "Phường Bến Thành"',
        'name = " "',
        "authorities.phuong-ben-thanh.name",
        "is blank",
        "",
    ),
    "unknown level": (
        'levels = ["primary"]',
        'levels = ["primery"]',
        "sources.so-thong-bao.levels.0",
        "primery",
        "“primary”",
    ),
    "unknown category": (
        'category = "announcement"',
        'category = "anouncement"',
        "sources.so-thong-bao.category",
        "anouncement",
        "“announcement”",
    ),
    "unknown authority": (
        'authority = "quan-1"',
        'authority = "quan1"',
        "sources.quan-1.authority",
        "quan1",
        "“quan-1”",
    ),
    "unknown parent": (
        'parent = "so"\nlevels',
        'parent = "sso"\nlevels',
        "authorities.quan-1.parent",
        "sso",
        "“so”",
    ),
    "unknown successor": (
        'successors = ["phuong-ben-thanh"]',
        'successors = ["phuong-ben-than"]',
        "authorities.quan-1.successors",
        "phuong-ben-than",
        "“phuong-ben-thanh”",
    ),
    "loop in the tree": (
        'short = "Sở GD&ĐT"',
        'short = "Sở GD&ĐT"\nparent = "quan-1"',
        "authorities.so.parent",
        "so → quan-1 → so",
        "",
    ),
    "loop of successors": (
        'name = "Phường Bến Thành"',
        'name = "Phường Bến Thành"\nsuccessors = ["quan-1"]',
        "authorities.quan-1.successors",
        "quan-1 → phuong-ben-thanh → quan-1",
        "",
    ),
    "two sources with one URL": (
        "https://quan1.example/rss/",
        "http://so.example/rss/thong-bao.rss",
        "sources.quan-1.url",
        "sources.so-thong-bao",
        "",
    ),
    "not a slug": (
        "[authorities.phuong-ben-thanh]",
        "[authorities.phuong_ben_thanh]",
        "authorities.phuong_ben_thanh",
        "phuong_ben_thanh",
        "[a-z0-9-]{1,63}",
    ),
    "the slug all": (
        "[sources.quan-1]",
        "[sources.all]",
        "sources.all",
        "“all”",
        "",
    ),
    "too long a slug": (
        "[sources.quan-1]",
        f"[sources.{'a' * 64}]",
        f"sources.{'a' * 64}",
        "not a valid name",
        "{1,63}",
    ),
    "interval without unit": (
        'every = "90s"',
        'every = "90"',
        "sources.so-thong-bao.every",
        "not an interval",
        "15m",
    ),
    "interval of nothing": (
        'every = "90s"',
        'every = "0s"',
        "sources.so-thong-bao.every",
        "not an interval",
        "15m",
    ),
    "not http": (
        "https://quan1.example/rss/",
        "ftp://quan1.example/rss/",
        "sources.quan-1.url",
        "ftp://",
        "https://",
    ),
    "base_url with a path": (
        "https://tin.example/",
        "https://tin.example/rss",
        "site.base_url",
        "scheme and host alone",
        "https://tin.example",
    ),
    "unknown time zone": (
        'title = "Tin"',
        'title = "Tin"\ntimezone = "Asia/Ho_Chi_Min"',
        "site.timezone",
        "Asia/Ho_Chi_Min",
        "Asia/Ho_Chi_Minh",
    ),
    "ends before it begins": (
        "until = 2025-06-30",
        "until = 2025-06-30\nsince = 2026-01-01",
        "authorities.quan-1.until",
        "ends before it begins",
        "2026-01-01",
    ),
    "former name still in use": (
        'was = ["so-tb"]',
        'was = ["quan-1"]',
        "sources.so-thong-bao.was",
        "quan-1",
        "",
    ),
    "no such certificate": (
        'every = "90s"',
        'ca_file = "khong-co.pem"',
        "sources.so-thong-bao.ca_file",
        "khong-co.pem",
        "PEM",
    ),
    "mail without a server": (
        "[sources.quan-1]",
        '[alerts]\nemail_to = ["a@b.vn"]\n[sources.quan-1]',
        "alerts.smtp_host",
        "needs a mail server",
        "smtp_host =",
    ),
    "not an address": (
        "[sources.quan-1]",
        '[alerts]\nemail_to = ["a@b.vn\\r\\nBcc: c@d.vn"]\n[sources.quan-1]',
        "alerts.email_to.0",
        "not an e-mail address",
        "@",
    ),
    "not an address to write from": (
        "[sources.quan-1]",
        '[alerts]\nemail_from = "Sở <a@b.vn>"\n[sources.quan-1]',
        "alerts.email_from",
        "not an e-mail address",
        "@",
    ),
    "mail server with a port": (
        "[sources.quan-1]",
        '[alerts]\nsmtp_host = "smtp://mail"\n[sources.quan-1]',
        "alerts.smtp_host",
        "not a host name",
        "smtp_port",
    ),
    "unknown security": (
        "[sources.quan-1]",
        '[alerts]\nsmtp_security = "startls"\n[sources.quan-1]',
        "alerts.smtp_security",
        "startls",
        "“starttls”",
    ),
    "no such port": (
        "[sources.quan-1]",
        "[alerts]\nsmtp_port = 65536\n[sources.quan-1]",
        "alerts.smtp_port",
        "not valid",
        "",
    ),
    "password in the file": (
        "[sources.quan-1]",
        '[alerts]\nsmtp_password = "x"\n[sources.quan-1]',
        "alerts.smtp_password",
        "unknown key",
        "smtp_password_file",
    ),
    "no such password file": (
        "[sources.quan-1]",
        '[alerts]\nsmtp_password_file = "khong-co"\n[sources.quan-1]',
        "alerts.smtp_password_file",
        "khong-co",
        "600",
    ),
    "no such webhook secret": (
        "[sources.quan-1]",
        '[alerts]\nwebhook_secret_file = "khong-co"\n[sources.quan-1]',
        "alerts.webhook_secret_file",
        "khong-co",
        "600",
    ),
    "webhook not http": (
        "[sources.quan-1]",
        '[alerts]\nwebhook_url = "ftp://h/"\n[sources.quan-1]',
        "alerts.webhook_url",
        "not an http(s) URL",
        "https://",
    ),
}


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named(case: tuple[str, ...], tmp_path: Path) -> None:
    good, bad, key, problem, hint = case
    assert good in GOOD
    found = problems(tmp_path, GOOD.replace(good, bad))
    named = [one for one in found if one.key == key]
    assert len(named) == 1, [str(one) for one in found]
    assert problem in named[0].problem
    assert hint in named[0].hint
    assert named[0].file == str(tmp_path / "feeds.toml")
    assert "\n" not in str(named[0])


def test_alerts_and_spacing_are_read(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    (tmp_path / "mat-khau").write_text("x", encoding="utf-8")
    text = GOOD.replace("[site]", '[site]\ncontact = "quantri@so.example"')
    text += """
[fetch]
spacing = "2s"

[alerts]
email_to = ["a@b.vn", "a@b.vn", "c@d.vn"]
smtp_host = "smtp.b.vn"
smtp_port = 465
smtp_security = "tls"
smtp_user = "tin"
smtp_password_file = "mat-khau"
webhook_url = "https://hook.example/x"
"""
    file.write_text(text, encoding="utf-8")
    read = config.load(file)
    assert read.fetch.spacing == timedelta(seconds=2)
    assert read.alerts == AlertSettings(
        email_to=("a@b.vn", "c@d.vn"),
        email_from="quantri@so.example",
        smtp_host="smtp.b.vn",
        smtp_port=465,
        smtp_security="tls",
        smtp_user="tin",
        smtp_password_file=str(tmp_path / "mat-khau"),
        webhook_url="https://hook.example/x",
    )


def test_without_alerts_only_the_log_is_told(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(GOOD, encoding="utf-8")
    read = config.load(file)
    assert read.alerts == AlertSettings()
    assert read.fetch.spacing == timedelta(milliseconds=250)


def test_a_contact_that_is_no_address_writes_no_mail(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    text = GOOD.replace("[site]", '[site]\ncontact = "https://so.example/"')
    text += '[alerts]\nemail_to = ["a@b.vn"]\nsmtp_host = "smtp"\n'
    file.write_text(text, encoding="utf-8")
    assert config.load(file).alerts.email_from == "a@b.vn"


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("short =", "shrt =").replace('every = "90s"', 'every = "x"')
    text = text.replace('authority = "quan-1"', 'authority = "quan-9"')
    text += '\n[fetch]\nallow_private = ["mạng"]\n'
    assert {one.key for one in problems(tmp_path, text)} == {
        "authorities.so.shrt",
        "sources.so-thong-bao.every",
        "sources.quan-1.authority",
        "fetch.allow_private.0",
    }


@pytest.mark.parametrize(
    "text",
    ["[site", "a = ", "\x00", '[site]\ntitle = "a"\ntitle = "b"'],
    ids=["open table", "no value", "control character", "key twice"],
)
def test_broken_toml_is_told_with_its_place(text: str, tmp_path: Path) -> None:
    (found,) = problems(tmp_path, text)
    assert "TOML" in found.problem
    assert "line" in found.key or found.key == "end of document"


def test_a_file_needs_an_authority_but_no_source(tmp_path: Path) -> None:
    assert [one.key for one in problems(tmp_path, "")] == ["authorities"]
    assert [one.key for one in problems(tmp_path, "[authorities]")] == ["authorities"]
    file = tmp_path / "feeds.toml"
    file.write_text('[authorities.so]\nname = "Sở"\n', encoding="utf-8")
    assert config.load(file).sources == {}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "nowhere.toml")
    assert "AGGREGATOR_CONFIG" in caught.value.problems[0].hint


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert "UTF-8" in caught.value.problems[0].problem


@pytest.mark.parametrize("text", ["1s", "15m", "24h", "7d"])
def test_intervals(text: str) -> None:
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]
    assert config.parse_interval(text).total_seconds() == int(text[:-1]) * unit


@pytest.mark.parametrize(
    "text", ["", "m", "0m", "-1m", "1.5h", "1w", "９m", "1m ", "9999999d"]
)
def test_no_intervals(text: str) -> None:
    with pytest.raises(ValueError):
        config.parse_interval(text)
