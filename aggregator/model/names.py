"""Words of the field that stand in addresses: categories, levels, their names."""

from collections.abc import Mapping
from enum import StrEnum


class Category(StrEnum):
    """What kind of notice it is. The order is that of the address table."""

    NEWS = "news"
    ANNOUNCEMENT = "announcement"
    DOCUMENT = "document"
    INVITATION = "invitation"


class Level(StrEnum):
    """A level of education. The order is that of the address table."""

    PRESCHOOL = "preschool"
    PRIMARY = "primary"
    LOWER_SECONDARY = "lower_secondary"
    UPPER_SECONDARY = "upper_secondary"
    CONTINUING = "continuing"


ALL_LEVELS = frozenset(Level)

CATEGORY_SLUGS: Mapping[Category, str] = {
    Category.NEWS: "tin-tuc",
    Category.ANNOUNCEMENT: "thong-bao",
    Category.DOCUMENT: "van-ban",
    Category.INVITATION: "thu-moi",
}
CATEGORY_LABELS: Mapping[Category, str] = {
    Category.NEWS: "Tin tức",
    Category.ANNOUNCEMENT: "Thông báo",
    Category.DOCUMENT: "Văn bản",
    Category.INVITATION: "Thư mời",
}
LEVEL_SLUGS: Mapping[Level, str] = {
    Level.PRESCHOOL: "mam-non",
    Level.PRIMARY: "tieu-hoc",
    Level.LOWER_SECONDARY: "thcs",
    Level.UPPER_SECONDARY: "thpt",
    Level.CONTINUING: "gdtx",
}
LEVEL_LABELS: Mapping[Level, str] = {
    Level.PRESCHOOL: "Mầm non",
    Level.PRIMARY: "Tiểu học",
    Level.LOWER_SECONDARY: "THCS",
    Level.UPPER_SECONDARY: "THPT",
    Level.CONTINUING: "GDTX",
}
