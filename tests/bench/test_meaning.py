"""`make meaning` counts as it says: doubtful rows half, constructed sets apart."""

from bench.meaning import Score
from bench.meaning import _set_line
from bench.meaning import score

ROW = {"title": "Trường THPT", "levels": "upper_secondary", "doubtful": "n"}


def test_doubtful_rows_count_half_and_all_counts_as_five():
    misses: list[str] = []
    rows = [ROW, {**ROW, "title": "Nghỉ Tết", "doubtful": "y"}]
    told = score(rows, with_text=False, misses=misses)
    assert (told.right, told.missing, told.extra) == (1.5, 0.0, 2.0)
    assert (told.exact, told.weight, told.rows) == (1.0, 1.5, 2)
    (miss,) = misses
    assert "[doubtful] Nghỉ Tết: wanted upper_secondary, got all" in miss


def test_a_line_shows_f1_recall_precision_and_exact_share():
    total = Score(rows=2, weight=2, right=3, missing=1, extra=2, exact=1)
    assert total.line("x") == "| x | 2 | 0.667 | 0.750 | 0.600 | 0.500 |"
    assert "0.000" in Score().line("none")


def test_a_constructed_file_is_read_whatever_its_tables_are_called(tmp_path):
    file = tmp_path / "set.toml"
    file.write_text(
        '[[phrase]]\ntitle = "Thông báo"\ncategory = "announcement"\n'
        '[more]\n[[more.row]]\ntext = "x"\ncategory = "document"\nunknown = 1\n',
        encoding="utf-8",
    )
    wrong: list[str] = []
    assert _set_line("set", file, wrong) == "| set (constructed) | 2 | 1 |"
    assert wrong == ["- set: x: category document, got news"]
