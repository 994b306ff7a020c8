# Every target creates and reuses .venv; all it takes is Python >= 3.11 with pip, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test fuzz lint format docs bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed-plot
	$(BIN)/python -m skreg

test: $(VENV)/installed-test
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=auto $(PYTEST_ARGS)

# Draws so many problems of each kind, instead of the few of the ordinary tests.
FUZZ ?= 5000
fuzz: $(VENV)/installed-test
	FUZZ=$(FUZZ) OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=auto tests/reliability

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/installed-docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

# BENCH_ARGS names families and options: make bench BENCH_ARGS="lasso --limit 60".
bench: $(VENV)/installed-bench .venv-adelie/installed
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean:
	rm -rf $(VENV) .venv-adelie docs/_build docs/gallery docs/generated

# Some systems ship venv without ensurepip: then the system's pip fills the environment.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(VENV)/installed-%: $(BIN)/python pyproject.toml
	@echo "installing skreg[$*] into $(VENV)"
	$(PIP) --editable ".[$*]"
	@touch $@

# Peers are installed one by one: one that does not install is listed in the results, no more.
define INSTALL_PEERS
import subprocess, sys, tomllib
extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]
for peer in extras[sys.argv[1]]:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, peer])
endef
export INSTALL_PEERS

$(VENV)/installed-bench: $(VENV)/installed-plot
	@echo "installing the peers of the benchmarks into $(VENV)"
	@$(BIN)/python -c "$$INSTALL_PEERS" bench
	@touch $@

# adelie needs an older numpy than the others.
.venv-adelie/installed: pyproject.toml
	@echo "installing adelie into .venv-adelie"
	-@$(PYTHON) -m venv .venv-adelie && .venv-adelie/bin/python -c "$$INSTALL_PEERS" bench-adelie
	@mkdir -p $(@D) && touch $@
