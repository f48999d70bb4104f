# make train [STAGE=cnn]    the environment, the package, and a training
# make test                 the environment, the test tools, and all tests
# make lint, make bench     for those who change the package
#
# PYTHON=python3.12 chooses another Python for a new environment.

STAGE ?= cnn
VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin/python

.PHONY: train test lint format bench clean

train: $(VENV)/installed
	$(RUN) -m paddle_mnist.train --stage $(STAGE)

test: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(RUN) -m pytest

lint: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(VENV)/installed-test
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/installed-test
	$(RUN) benchmarks/figures.py

clean:
	rm -rf $(VENV) build *.egg-info

# Each is made once, and again when setup.cfg asks for other packages.
$(VENV)/installed: setup.cfg $(VENV)/bin/python
	$(RUN) -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-test: setup.cfg $(VENV)/bin/python
	$(RUN) -m pip install --quiet --editable '.[test]'
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 14))' || { \
	    echo "error: $(PYTHON) is missing or is no Python 3.9 to 3.13, which paddlepaddle needs;" >&2; \
	    echo "name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
