# One command each: `make run` opens the application on its bundled example, `make test` passes the tests, `make docs`
# builds the documentation. Each sets up everything it needs; PYTHON chooses the interpreter (3.11 to 3.13).

PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready-run
TEST_READY := $(VENV)/.ready-test
DEV_READY := $(VENV)/.ready-dev
DOCS_READY := $(VENV)/.ready-docs
DOCS_OUT := docs/_build/html
QT_LIBRARIES := libgl1 libegl1 libfontconfig1 libdbus-1-3 libglib2.0-0 libxkbcommon0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0
FONTS := fonts-noto-cjk

.PHONY: run test lint docs bench clean system

run: system $(RUN_READY)
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY$$QT_QPA_PLATFORM" ]; then \
	  echo "There is no display here (DISPLAY and WAYLAND_DISPLAY are not set), so no window can be opened."; \
	  echo "Training its example, two digits, from the command line instead:"; \
	  $(BIN)/mtl-workbench train multidigits $(ARGS); \
	else \
	  $(BIN)/mtl-workbench $(ARGS); \
	fi

test: system $(TEST_READY)
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

lint: $(DEV_READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Needs no network once it is set up. A warning is an error.
docs: system $(DOCS_READY)
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m sphinx -b html --fail-on-warning --keep-going --quiet docs $(DOCS_OUT) $(ARGS)
	@echo "The documentation begins at $(DOCS_OUT)/index.html"

bench: system $(TEST_READY)
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache docs/_build

# The system libraries that Qt needs and Debian or Ubuntu may lack; installed as root, else the line is printed.
system:
	@missing=""; \
	if command -v dpkg-query >/dev/null 2>&1; then \
	  for p in $(QT_LIBRARIES) $(FONTS); do \
	    dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' \
	      || dpkg-query -W -f='$${Status}' $${p}t64 2>/dev/null | grep -q 'install ok installed' \
	      || missing="$$missing $$p"; \
	  done; \
	fi; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    echo "Installing system libraries:$$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else \
	    echo "Qt needs system libraries that are not here. Install them with:"; \
	    echo "  sudo apt-get install$$missing"; \
	  fi; \
	fi

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; name it with: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@touch $@

$(RUN_READY): $(VENV)/.made pyproject.toml
	@echo "Installing the application (a few minutes the first time) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(TEST_READY): $(VENV)/.made pyproject.toml
	@echo "Installing the application and its tests (a few minutes the first time) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[test]"
	@touch $@ $(RUN_READY)

$(DEV_READY): $(VENV)/.made pyproject.toml
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[dev]"
	@touch $@ $(RUN_READY) $(TEST_READY)

$(DOCS_READY): $(VENV)/.made pyproject.toml
	@echo "Installing the application and what builds its documentation (a few minutes the first time) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[docs]"
	@touch $@ $(RUN_READY)
