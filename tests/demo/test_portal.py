"""What the sample portal answers, and when something new appears."""

import io
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from datetime import timedelta
from html import escape

import feedparser
import pytest

from aggregator.demo.columns import TICK
from aggregator.demo.columns import VIETNAM
from aggregator.demo.portal import Portal
from aggregator.model import Category
from aggregator.model import Source

BASE = "http://127.77.0.1:8080"
SO, QUAN, PHUONG = "hcm.edu.vn", "pgdquan1.hcm.edu.vn", "phuongbenthanh.hcm.edu.vn"


def keys(portal, sources, now):
    """Name every article that the feeds show, with the host it is on."""
    return {
        (source.url.split("/")[2], article.module, article.id)
        for source in sources.values()
        for article in portal.articles(source.id, now)
    }


def get(portal, host, target, now):
    return portal.answer(host, target, base=BASE, now=now)


def own_path(link):
    assert link.startswith(BASE)
    return link.removeprefix(BASE)


def test_every_source_is_answered_at_its_own_path(portal, sources, started):
    for source in sources.values():
        _, _, host, target = source.url.split("/", 3)
        answer = get(portal, host, f"/{target}", started)
        read = feedparser.parse(io.BytesIO(answer.body))
        shown = portal.articles(source.id, started)
        assert (answer.status, read.bozo) == (200, False)
        assert answer.content_type == "text/xml; charset=utf-8"
        assert answer.modified == shown[0].published
        module = "laws" if source.category is Category.DOCUMENT else "news"
        assert [e.id for e in read.entries] == [f"{module}_{a.id}" for a in shown]
        head = "[{0.number}] {0.title}" if module == "laws" else "{0.title}"
        assert [e.title for e in read.entries] == [head.format(a) for a in shown]


def test_stock_is_eight_items_and_fewer_invitations(portal, sources, started):
    for source in sources.values():
        count = len(portal.articles(source.id, started))
        invitations = source.category is Category.INVITATION
        assert (3 <= count < 8) if invitations else (8 <= count <= 30)


def test_stock_is_dated_on_working_days_and_hours_before_the_start(
    portal, sources, started
):
    for source in sources.values():
        for article in portal.articles(source.id, started):
            local = article.published.astimezone(VIETNAM)
            assert article.published < started
            assert local.weekday() < 5
            assert 8 <= local.hour < 17


def test_ids_are_unique_on_a_host(portal, sources, started):
    now = started + timedelta(hours=3)
    listed = [
        (source.url.split("/")[2], article.module, article.id)
        for source in sources.values()
        for article in portal.articles(source.id, now)
    ]
    assert Counter(listed).most_common(1)[0][1] == 1


def test_something_new_appears_every_half_minute(portal, sources, started):
    before = keys(portal, sources, started)
    seen_at = Counter()
    for tick in range(1, 25):
        moment = started + TICK * tick
        assert keys(portal, sources, moment - timedelta(milliseconds=1)) == before
        now_there = keys(portal, sources, moment)
        (new,) = now_there - before
        seen_at[new[0]] += 1
        before = now_there
    assert seen_at == {SO: 12, PHUONG: 12}


def test_a_new_article_is_dated_within_the_half_minute_before_it_is_seen(
    portal, started
):
    for tick in range(1, 200, 8):
        now = started + TICK * tick
        newest = portal.articles("so-news", now)[0]
        assert now - TICK < newest.published <= now


def test_repeats_have_titles_numbers_and_texts_of_their_own(portal, sources, started):
    for source in sources.values():
        shown = portal.articles(source.id, started + timedelta(hours=9))
        assert len({article.title for article in shown}) == len(shown)
        assert len({article.html for article in shown}) == len(shown)
        if source.category is Category.DOCUMENT:
            assert len({article.number for article in shown}) == len(shown)


def test_a_repeat_says_so_in_its_title(portal, started):
    now = started + TICK * 8 * 9  # each of its nine stories once more
    titles = [article.title for article in portal.articles("so-announcement", now)]
    assert [bool(re.search(r" \(đợt 2\)$", title)) for title in titles] == [
        True,
    ] * 9 + [False] * 9


def test_a_feed_keeps_the_thirty_newest(portal, started):
    shown = portal.articles("so-news", started + timedelta(days=3))
    dates = [article.published for article in shown]
    assert len(shown) == 30
    assert dates == sorted(dates, reverse=True)
    assert dates[-1] > started


def test_a_dissolved_office_says_nothing_after_its_last_day(portal, started):
    for days in (0, 1, 400):
        now = started + timedelta(days=days)
        for category in Category:
            shown = portal.articles(f"quan-1-{category}", now)
            assert shown
            assert max(article.day for article in shown) < date(2025, 6, 30)


def test_an_office_falls_silent_at_an_end_that_lies_ahead(
    sources, authorities, started
):
    until = date(2026, 11, 22)
    authorities["so"] = replace(authorities["so"], until=until)
    portal = Portal(sources, authorities, started)
    later = portal.articles("so-news", started + timedelta(days=9))
    assert later[0].day == until
    assert later == portal.articles("so-news", started + timedelta(hours=11))
    assert later != portal.articles("so-news", started + timedelta(hours=10))


def test_an_office_says_nothing_before_its_first_day(sources, authorities, started):
    since = date(2026, 11, 10)
    ward = replace(authorities["phuong-ben-thanh"], since=since)
    portal = Portal(sources, {**authorities, ward.id: ward}, started)
    shown = portal.articles("phuong-ben-thanh-news", started)
    assert 0 < len(shown) < 8
    assert min(article.day for article in shown) >= since


def test_the_same_start_gives_the_same_documents(portal, sources, authorities, started):
    again = Portal(sources, authorities, started)
    now = started + timedelta(hours=2)
    for target in ("/rss/tin-tuc/", "/laws/rss/", "/"):
        assert get(portal, SO, target, now) == get(again, SO, target, now)


def test_two_districts_do_not_tell_the_same(authorities, sources, started):
    name = "Phòng Giáo dục và Đào tạo Quận 3"
    authorities["quan-3"] = replace(authorities["quan-1"], name=name, short="Quận 3")
    for category in Category:
        source = sources[f"quan-1-{category}"]
        url = source.url.replace("quan1", "quan3")
        sources[f"3-{category}"] = replace(
            source, id=f"3-{category}", url=url, authority="quan-3"
        )
    portal = Portal(sources, authorities, started)
    for category in Category:
        ours = portal.articles(f"quan-1-{category}", started)
        theirs = portal.articles(f"3-{category}", started)
        assert len(ours) == len(theirs)
        assert not {a.title + a.html for a in ours} & {a.title + a.html for a in theirs}


def test_a_source_of_all_sorts_shares_the_articles_of_its_neighbours(
    sources, authorities, started
):
    url = f"https://{SO}/index.php?nv=news&op=rss/tất cả"
    sources["all"] = Source(id="all", url=url, authority="so")
    portal = Portal(sources, authorities, started)
    target = "/index.php?nv=news&op=rss/t%E1%BA%A5t%20c%E1%BA%A3"
    read = feedparser.parse(io.BytesIO(get(portal, SO, target, started).body))
    shown = portal.articles("all", started)
    assert [entry.id for entry in read.entries] == [f"news_{a.id}" for a in shown]
    assert {article.category for article in shown} == set(Category)
    news = set(portal.articles("so-news", started))
    assert len(news & set(shown)) >= 5
    assert get(portal, SO, "/index.php?nv=news", started).status == 404


def test_links_pictures_and_files_of_every_item_open(portal, sources, started):
    now = started + timedelta(minutes=20)
    opened = Counter()
    for source in sources.values():
        _, _, host, target = source.url.split("/", 3)
        body = get(portal, host, f"/{target}", now).body
        for entry in feedparser.parse(io.BytesIO(body), sanitize_html=False).entries:
            links = re.findall(r'(?:src|href)="([^"]+)"', entry.description)
            for link in [entry.link, *links]:
                answer = get(portal, host, own_path(link), now)
                assert answer.status == 200, link
                opened[answer.content_type] += 1
            assert not links or links[0].endswith((".png", ".pdf"))
    assert min(opened.values()) > 5
    assert set(opened) == {"text/html; charset=utf-8", "image/png", "application/pdf"}


def test_an_article_page_says_what_the_feed_says(portal, started):
    article = portal.articles("so-document", started)[0]
    page = get(portal, SO, article.path, started).body.decode()
    for part in (article.title, article.number, f"{article.issued:%d/%m/%Y}"):
        assert escape(part) in page
    assert article.html in page
    assert f'href="{article.file_path}"' in page
    assert "minh họa" in page


def test_an_old_article_still_opens_when_it_has_left_the_feed(portal, started):
    first, *_ = portal.articles("so-news", started + TICK)
    later = started + timedelta(days=30)
    assert first not in portal.articles("so-news", later)
    assert get(portal, SO, first.path, later).status == 200


def test_home_page_lists_feeds_and_newest_articles(portal, started):
    now = started + TICK
    page = get(portal, SO, "/", now).body.decode()
    assert 'href="/laws/rss/"' in page
    assert escape(portal.articles("so-news", now)[0].title) in page
    assert get(portal, SO, "/thong-bao/", now).body.decode() == page


def test_stylesheet_and_logo_that_feeds_name_are_there(portal, started):
    sheet = get(portal, SO, "/assets/css/rss.xsl", started)
    logo = get(portal, SO, "/assets/images/logo.png", started)
    assert (sheet.status, logo.status) == (200, 200)
    assert b"xsl:stylesheet" in sheet.body


@pytest.mark.parametrize(
    "target",
    [
        "/rss/tin-tuc",
        "/rss/tin-tuc/?page=2",
        "/tin-tuc/chua-co-50001.html",
        "/tin-tuc/khong-co-99.html",
        "/tin-tuc/khong-co-0.html",
        "/tin-tuc/nam-xa-999999999.html",
        "/tin-tuc/qua-dai-9999999999.html",
        "/laws/detail/khong-co-1",
        "/uploads/news/khong-tep-102.pdf",
        "/assets/news/2026_11/anh-3.png",
        "/../etc/passwd",
        "/%00",
    ],
)
def test_what_is_not_there_is_404(portal, started, target):
    answer = get(portal, SO, target, started)
    assert answer.status == 404
    assert "Không tìm thấy" in answer.body.decode()


def test_a_host_shows_only_its_own(portal, started):
    now = started + TICK
    fresh = portal.articles("so-news", now)[0]
    assert get(portal, SO, fresh.path, now).status == 200
    assert get(portal, PHUONG, fresh.path, now).status == 404
    assert get(portal, "la.example", "/", now).status == 404
    assert portal.hosts == (SO, QUAN, PHUONG)
