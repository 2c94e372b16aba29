# Each target first makes what it needs: a virtual environment and a package cache,
# both inside this checkout. Needs Python 3.11 or newer, python3-venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Nothing outside the checkout is written: not pip's cache, not temporary files.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export TMPDIR := $(CURDIR)/.cache/tmp
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache
# Compiled modules are kept there, so that a process starts in a fraction of the time.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# pip asks rustc for its version; rustup would answer by making a folder in HOME.
export RUSTUP_HOME := $(CURDIR)/.cache/rustup

.PHONY: demo run test soak fuzz bench publishing meaning search lint format messages lock clean

demo: $(VENV)/.run
	$(BIN)/python -m aggregator demo $(ARGS)

run: $(VENV)/.run
	$(BIN)/python -m aggregator run $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(ARGS)

# A simulated month of 200 sources, with its faults and restarts.
soak: $(VENV)/.dev
	AGGREGATOR_SOAK=1 $(BIN)/python -m pytest tests/soak --durations=3 $(ARGS)

# Documents that nobody wrote, each time others; SECONDS says for how long.
fuzz: SECONDS ?= 60
fuzz: $(VENV)/.dev
	AGGREGATOR_FUZZ_SECONDS=$(SECONDS) $(BIN)/python -m pytest tests/fuzz -s $(ARGS)

# This service beside its peers; ARGS="T1 T2" for some works, FEEDS=200 for a short
# run, ARGS=growth for what a feed costs when there are many: docs/performance.md.
bench: FEEDS ?= 1000
bench: $(VENV)/.run
	$(BIN)/python -m bench --feeds $(FEEDS) $(ARGS)

# Feeds going out, beside nginx with the same bytes as files; needs wrk and nginx.
publishing: $(VENV)/.run
	$(BIN)/python -m bench.publishing $(ARGS)

# How well notices are understood, on real titles; AGGREGATOR_TITLES names the folder
# of titles.tsv: docs/meaning.md.
meaning: $(VENV)/.run
	$(BIN)/python -m bench.meaning $(ARGS)

# How long a search takes among 100,000 notices; ARGS="--postgres URL" on PostgreSQL
# too, in a database that is made anew: docs/performance.md.
search: $(VENV)/.run
	$(BIN)/python -m bench.search $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/python -m black --check --quiet aggregator bench tests || \
	  { echo "black would change files: run 'make format'"; exit 1; }
	$(BIN)/python -m isort --check-only --quiet aggregator bench tests
	$(BIN)/python -m flake8 aggregator bench tests
	$(BIN)/python -m mypy

format: $(VENV)/.dev
	$(BIN)/python -m isort --quiet aggregator bench tests
	$(BIN)/python -m black --quiet aggregator bench tests

# The English pages, from aggregator/translations/en/LC_MESSAGES/messages.po.
messages: $(VENV)/.dev
	$(BIN)/pybabel --quiet compile -d aggregator/translations

# Pins every dependency with its hashes, for all supported Pythons at once.
lock: $(VENV)/.python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-header -q -o requirements.txt
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-header -q -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .cache build

$(VENV)/.python:
	@mkdir -p $(TMPDIR)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || \
	  { echo "python3-venv is needed: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
