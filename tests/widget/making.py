"""What tests of the widget share: notices with real titles, and an app to ask."""

import json
import os
from datetime import date
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from aggregator.app import create_app
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Item
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.store.engine import Store
from aggregator.web import embed
from aggregator.web import widget
from tests.conftest import NOW
from tests.conftest import item
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import pull

CORPUS = Path(
    os.environ.get("AGGREGATOR_CORPUS")
    or Path(__file__).parents[3] / "shared" / "corpus"
)
LONG_TITLES = (
    "Quyết định 31/2005/QĐ-BGD&ĐT về việc ban hành Quy định điều kiện tối thiểu "
    "cho các lớp mầm non, lớp mẫu giáo và nhóm trẻ độc lập có nhiều khó khăn ở "
    "những nơi không đủ điều kiện thành lập trường mầm non do Bộ trưởng Bộ Giáo "
    "dục và Đào tạo ban hành",
    "Quy định về tổ chức hoạt động, sử dụng thư điện tử và cổng thông tin điện tử"
    " tại sở giáo dục và đào tạo, phòng giáo dục và đào tạo và các cơ sở giáo dục"
    " mầm non, giáo dục phổ thông và giáo dục thường xuyên",
    "Thông báo nghỉ lễ và treo cờ Tổ quốc trong các ngày nghỉ lễ Giỗ Tổ Hùng "
    "Vương (mùng 10/3 âm lịch), ngày Chiến thắng 30/4 và ngày Quốc tế Lao động "
    "01/5 năm 2026",
    "Quyết định 466/QĐ-BGDĐT năm 2024 công bố kết quả hệ thống hóa văn bản quy "
    "phạm pháp luật thuộc lĩnh vực quản lý nhà nước của Bộ Giáo dục và Đào tạo kỳ"
    " 2019-2023",
    "Công đoàn ngành giáo dục rà soát giáo viên cơ sở gd ngoài công lập có hoàn "
    "cảnh khó khăn do đại dịch covid-19 đề xuất thành phố hỗ trợ",
    "TIÊU CHUẨN ĐÁNH GIÁ THI ĐUA NHIỆM VỤ CÔNG NGHỆ THÔNG TIN (Đối với các trường"
    " THCS, THPT, trường phổ thông có nhiều cấp học)",
    "Công văn 1161/SGDĐT-QLT ngày 25/03/2026 hướng dẫn tuyển sinh vào các trường "
    "mầm non, lớp 1 và lớp 6 năm học 2026-2027",
    "V/v hướng dẫn thực hiện công khai trong hoạt động của các cơ sở giáo dục năm"
    " học 2024-2025",
    "V/v thực hiện các yêu cầu của ngành về tổ chức khai giảng năm học mới "
    "2016-2017.",
    "UBND TỈNH ĐỒNG THÁP YÊU CẦU SỞ GIÁO DỤC VÀ ĐÀO TẠO TRIỂN KHAI VÀ THỰC HIỆN "
    "ĐIỀU LỆ TRƯỜNG TIỂU HỌC CỦA BỘ GIÁO DỤC VÀ ĐÀO TẠO",
)
PDF = Enclosure(url="http://so.example/a.pdf", type="application/pdf", length=12)
DATA = "/widget/v1/so/all/all.json"
EMBED = "/embed/so/all/all"


def app_of(store: Store, clock: Clock | None = None) -> Flask:
    """Make the application, with the widget and the embed page in it."""
    app = create_app(SAID, store, clock=clock or Clock())
    for room in (widget, embed):
        if room.bp.name not in app.blueprints:
            app.register_blueprint(room.bp)
    return app


def told(number: int, **values: Any) -> Item:
    """Make the item of a long title, a day older with each number."""
    meaning = Meaning(
        category=values.pop("category", tuple(Category)[number % 4]),
        levels=values.pop("levels", frozenset({Level.PRIMARY} if number % 3 else ())),
        document=values.pop("document", None),
        deadline=values.pop("deadline", None),
        event=values.pop("event", None),
    )
    defaults = {
        "title": LONG_TITLES[number % len(LONG_TITLES)],
        "given": NOW - timedelta(days=number, hours=1),
        "link": f"https://hcm.edu.vn/thong-bao/tin-so-{number}/ct/41037/7{number:04}",
    }
    return item(f"tin-{number}", **(defaults | values), meaning=meaning)


def ten(store: Store) -> None:
    """Put in ten long notices, with all that a widget can show of one."""
    invited = Event(
        start=NOW + timedelta(days=5), place="Hội trường 66-68 Lê Thánh Tôn"
    )
    number = DocumentFacts(number="1161/SGDĐT-QLT")
    special: dict[int, dict[str, Any]] = {
        0: {"enclosures": (PDF, PDF)},
        2: {"deadline": date(2026, 11, 30)},
        3: {"event": invited},
        6: {
            "document": number,
            "deadline": datetime(2026, 12, 5, 10, tzinfo=NOW.tzinfo),
        },
    }
    items = [told(n, **special.get(n, {})) for n in range(10)]
    pull(store, "so-tin", *items)


def payloads() -> list[str]:
    """Give known attacks; a few of our own where the outside ones are not there."""
    few = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "</title><svg onload=alert(1)>",
        "{{7*7}}${alert(1)}",
    ]
    path = CORPUS / "xss.json"
    if not path.exists():
        return few
    return few + [one["payload"] for one in json.loads(path.read_text("utf-8"))]
