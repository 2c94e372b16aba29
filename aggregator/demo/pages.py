"""Writes the sample portal's pages for people. Pure: values in, HTML out."""

import html
from collections.abc import Iterable
from collections.abc import Sequence

from aggregator.demo.columns import VIETNAM
from aggregator.demo.columns import Article
from aggregator.model import CATEGORY_LABELS

_NOTE = "Trang mẫu: mọi thông tin ở đây là minh họa, không phải của cơ quan nào."
_PAGE = """<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 1rem/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 46rem;
  padding: 1rem; color: #222; background: #fff; }}
img {{ max-width: 100%; height: auto; }}
.note {{ background: #fff4cc; padding: .5rem .75rem; }}
</style>
</head>
<body>
<p class="note">{note}</p>
<main>
{body}
</main>
</body>
</html>
"""

# A browser shows a feed through this; NukeViet names such a file in every feed.
STYLESHEET = b"""<?xml version="1.0" encoding="utf-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="html" encoding="utf-8"/>
<xsl:template match="/rss/channel">
<html lang="vi"><head><title><xsl:value-of select="title"/></title></head><body>
<h1><xsl:value-of select="title"/></h1>
<ul><xsl:for-each select="item">
<li><a href="{link}"><xsl:value-of select="title"/></a></li>
</xsl:for-each></ul>
</body></html>
</xsl:template>
</xsl:stylesheet>
"""


def home_page(
    site: str, feeds: Iterable[tuple[str, str]], articles: Sequence[Article]
) -> bytes:
    """Write a host's front page: its newest articles, and its feeds (path, name)."""
    newest = "\n".join(
        f'<li><a href="{html.escape(article.path)}">{html.escape(article.title)}</a>'
        f" ({_when(article)})</li>"
        for article in articles
    )
    listed = "\n".join(
        f'<li><a href="{html.escape(path)}">{html.escape(name)}</a></li>'
        for path, name in feeds
    )
    body = (
        f"<h1>{html.escape(site)}</h1>\n<ul>\n{newest}\n</ul>\n"
        f"<h2>RSS</h2>\n<ul>\n{listed}\n</ul>"
    )
    return _page(site, body)


def article_page(site: str, article: Article) -> bytes:
    """Write an article's page."""
    head = (
        f'<p><a href="/">{html.escape(site)}</a></p>\n'
        f"<h1>{html.escape(article.title)}</h1>\n"
        f"<p>{CATEGORY_LABELS[article.category]}, {_when(article)}</p>"
    )
    return _page(article.title, "\n".join([head, *_facts(article), *_body(article)]))


def missing_page() -> bytes:
    """Write the page that says that nothing stands here."""
    body = '<h1>Không tìm thấy trang</h1>\n<p><a href="/">Về trang chủ</a></p>'
    return _page("Không tìm thấy trang", body)


def _facts(article: Article) -> Iterable[str]:
    if article.number:
        yield f"<p>Số ký hiệu: {html.escape(article.number)}</p>"
    if article.module == "laws":
        yield f"<p>Ngày ban hành: {article.issued:%d/%m/%Y}</p>"


def _body(article: Article) -> Iterable[str]:
    if article.image:
        yield f'<p><img src="{article.image_path}" alt="" width="480" height="270"></p>'
    yield article.html
    if article.file:
        yield f'<p><a href="{article.file_path}">Tải tệp đính kèm (PDF)</a></p>'


def _when(article: Article) -> str:
    return f"{article.published.astimezone(VIETNAM):%d/%m/%Y, %H:%M}"


def _page(title: str, body: str) -> bytes:
    return _PAGE.format(title=html.escape(title), note=_NOTE, body=body).encode()
