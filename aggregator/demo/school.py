"""A school's website beside the sample portals, with our widget pasted into it.

On a host of its own, as a real one would be: the widget has to come from elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from aggregator.demo.portal import Portal
from aggregator.demo.wire import Answer
from aggregator.model import Authority

HOST = "truong-mau.test"
_PAGE = """<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Trường THCS Mẫu</title>
<style>
body {{ margin: 0; font: 16px/1.6 Georgia, "Noto Serif", serif; color: #33261a;
  background: #fffdf8; }}
header {{ background: #7a2e1d; color: #fff; padding: 1.2rem 1rem; }}
header h1, header p {{ margin: 0; font-size: 1.1rem; }}
.columns {{ display: flex; flex-wrap: wrap; gap: 2rem; max-width: 64rem;
  margin: 0 auto; padding: 1rem; }}
.columns > main {{ flex: 2 1 22rem; min-width: 0; }}
.columns > aside {{ flex: 1 1 16rem; min-width: 0; }}
.note {{ background: #fff4cc; padding: .5rem .75rem; }}
</style>
</head>
<body>
<header><h1>TRƯỜNG THCS MẪU</h1><p>{ward}</p></header>
<div class="columns">
<main>
<p class="note">Trang mẫu: mọi thông tin ở đây là minh họa. Hai khung tin là mã nhúng,
dán một lần; tin mới của Sở và của {ward} tự hiện lên.</p>
<h2>Tin của Sở và của phường, xã</h2>
<script async src="{base}/widget/v1.js"></script>
<feed-widget audience="{audience}" level="thcs" category="all" limit="8" live>
  <a href="{base}/feeds/{audience}/thcs/all">Tin ngành Giáo dục</a>
</feed-widget>
</main>
<aside>
<h2>Văn bản</h2>
<div class="feed-widget" data-audience="{audience}" data-level="thcs"
  data-category="van-ban" data-limit="4" data-live>
  <a href="{base}/feeds/{audience}/thcs/van-ban">Văn bản</a>
</div>
<h2>Thư mời (khung iframe)</h2>
<iframe src="{base}/embed/{audience}/thcs/thu-moi?limit=3" title="Thư mời"
  loading="lazy" width="100%" height="320" style="border: 0"></iframe>
</aside>
</div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The sample portals, and the website of a school that reads them through us."""

    portal: Portal
    authority: Authority
    base_url: str  # where our own service answers

    @property
    def hosts(self) -> tuple[str, ...]:
        """Name every host that answers."""
        return (*self.portal.hosts, HOST)

    def answer(self, host: str, target: str, *, base: str, now: datetime) -> Answer:
        """Answer a request for a target on a host."""
        if host != HOST:
            return self.portal.answer(host, target, base=base, now=now)
        page = _PAGE.format(
            ward=escape(self.authority.name),
            audience=escape(self.authority.id),
            base=escape(self.base_url),
        )
        return Answer(content_type="text/html; charset=utf-8", body=page.encode())
