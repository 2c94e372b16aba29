"""What alerts say, in Vietnamese and English. Data only."""

from collections.abc import Mapping

# Turn and kind: (Vietnamese, English). {subject} is a host or source id.
SENTENCES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("bad", "network"): (
        "Hầu hết nguồn tin cùng lỗi: có lẽ mạng của chính hệ thống này có sự cố",
        "Most sources fail at once: our own network may be at fault",
    ),
    ("bad", "host"): (
        "Máy chủ {subject} lỗi: {count} nguồn tin trên đó không đọc được",
        "{subject} fails: {count} of its sources cannot be read",
    ),
    ("bad", "source"): (
        "Nguồn {subject} không đọc được",
        "The source {subject} cannot be read",
    ),
    ("bad", "quiet"): (
        "Nguồn {subject} im lặng lâu hơn thường lệ",
        "The source {subject} has been silent for longer than is its habit",
    ),
    ("bad", "gap"): (
        "Nguồn {subject} có thể đã sót tin giữa hai lần đọc",
        "Items of {subject} may have been missed between two pulls",
    ),
    ("well", "network"): (
        "Mạng của hệ thống này đã trở lại bình thường",
        "Our own network is well again",
    ),
    ("well", "host"): (
        "Máy chủ {subject} đã phục hồi ({count} nguồn tin)",
        "{subject} has recovered ({count} sources)",
    ),
    ("well", "source"): (
        "Nguồn {subject} đã đọc lại được",
        "The source {subject} can be read again",
    ),
    ("well", "quiet"): (
        "Nguồn {subject} đã có tin mới trở lại",
        "The source {subject} publishes again",
    ),
    ("well", "gap"): (
        "Nguồn {subject} lại được đọc liền mạch",
        "The pulls of {subject} overlap again",
    ),
    ("note", "redirected"): (
        "Nguồn {subject} đã chuyển hẳn sang địa chỉ khác; hãy sửa url trong feeds.toml",
        "{subject} has moved to another address for good; mend its url in feeds.toml",
    ),
    ("note", "moved"): (
        "Tin của nguồn {subject} nay nằm trên tên miền khác; tin cũ không bị lặp lại",
        "Items of {subject} now stand on another host; the old ones are not repeated",
    ),
    ("note", "stale_304"): (
        "Máy chủ của nguồn {subject} báo “không đổi” trong khi có tin mới",
        "The server of {subject} said “not modified” although there were new items",
    ),
    ("note", "gone"): (
        "Nguồn {subject} đã bị gỡ bỏ hẳn (410)",
        "The source {subject} was removed for good (410)",
    ),
    ("note", "redated"): (
        "Nguồn {subject} liên tục đổi ngày của tin mà không đổi nội dung",
        "{subject} keeps changing the dates of its items and nothing else",
    ),
    ("note", "flipping"): (
        "Nguồn {subject} đổi qua đổi lại giữa hai phiên bản của tin",
        "{subject} goes to and fro between two versions of its items",
    ),
    ("note", "held"): (
        "Nguồn {subject} đăng tin đáng ngờ (cá cược, liên kết lạ): các tin này được "
        "giữ lại, không phát; có thể cổng đã bị chiếm",
        "{subject} shows suspicious items (betting, strangers' links): they are held "
        "and not published; its portal may have been hijacked",
    ),
    ("note", "category"): (
        "Nguồn {subject} liên tục đăng tin thuộc loại khác với category đã khai; "
        "hãy xem lại feeds.toml (nhãn vẫn giữ như đã khai)",
        "{subject} keeps publishing another category than is declared for it; look at "
        "feeds.toml (labels stay as declared)",
    ),
    ("note", "poisoned"): (
        "Tin {subject} không ghi ra được và bị bỏ riêng khỏi các bảng tin; "
        "các tin khác vẫn phát",
        "The item {subject} cannot be written and is left out of the feeds; all "
        "others are published",
    ),
    ("note", "test"): (
        "Đây là tin thử: cảnh báo sẽ đến theo đường này",
        "This is a test: alerts will come this way",
    ),
}
OTHERS = (
    "{subject}: có thay đổi ({kind})",
    "{subject}: something has changed ({kind})",
)
# Whose turn it is where no reason says it: a key of errors.TURNS.
TURN_OF_KIND = {
    "network": "network",
    "host": "portal",
    "source": "portal",
    "quiet": "portal",
    "gap": "nobody",
    "redirected": "operator",
    "moved": "nobody",
    "stale_304": "portal",
    "gone": "operator",
    "redated": "portal",
    "flipping": "portal",
    "held": "portal",
    "category": "operator",
    "poisoned": "operator",
}
MARKS = {"bad": "✗", "well": "✓", "note": "•"}
# What a subject counts: (Vietnamese, English).
COUNTS: Mapping[str, tuple[str, str]] = {
    "failing": ("nguồn lỗi", "failing"),
    "quiet": ("nguồn im lặng", "silent"),
    "gap": ("nguồn có thể sót tin", "with a gap"),
    "well": ("đã phục hồi", "recovered"),
    "note": ("lưu ý", "to note"),
    "test": ("tin thử", "test"),
}
# (Vietnamese, English) of the parts of a text.
WORDS: Mapping[str, tuple[str, str]] = {
    "reason": ("Lý do", "Reason"),
    "detail": ("Chi tiết", "Detail"),
    "since": ("Từ", "Since"),
    "sources": ("Nguồn tin", "Sources"),
    "turn": ("Ai cần xử lý", "Whose turn it is"),
    "more": ("và {count} mục nữa", "and {count} more"),
    "health": ("Tình hình của mọi nguồn tin", "How every source stands"),
}
