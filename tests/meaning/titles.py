"""Where the real titles are: beside the checkout, or where AGGREGATOR_TITLES says."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("AGGREGATOR_TITLES", CHECKOUT / "../shared/titles"))
TITLES = FOLDER / "titles.tsv"

needs_titles = pytest.mark.skipif(
    not TITLES.is_file(), reason="titles.tsv is not there: set AGGREGATOR_TITLES"
)
