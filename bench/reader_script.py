"""What the package `reader` is run by; it runs in that package's own environment."""

import sys
from pathlib import Path

from reader import make_reader  # type: ignore[import-not-found,unused-ignore]


def main() -> None:
    """`add`: name the feeds of the file `urls`. `update N`: pull all, by N workers."""
    with make_reader("reader.db") as reader:
        if sys.argv[1] == "add":
            for url in Path("urls").read_text().split():
                reader.add_feed(url)
        else:
            reader.update_feeds(scheduled=False, workers=int(sys.argv[2]))


if __name__ == "__main__":
    main()
