# make lab [IN=zh]          the environment, the package, and chapter 1 in JupyterLab
# make train [STAGE=cnn]    the environment, the package, and a training
# make test [WORKERS=2]     the environment, the test tools, and all tests, in two processes
# make browser              a browser for the tests of the page, where there is none
# make lint, make chapters, make ladder, make bench    for those who change the course
# make peers                the environment of the frameworks that `make bench` compares with
#
# PYTHON=python3.12 chooses another Python for a new environment.

STAGE ?= cnn
IN ?= en
VENV ?= .venv
PEERS ?= .venv-peers
PYTHON ?= python3
WORKERS ?= 2
RUN = $(VENV)/bin/python

.PHONY: lab train test browser lint format chapters ladder bench peers clean

# Links in a chapter lead to its neighbours and to work/, so Jupyter must see the whole course.
lab: $(VENV)/installed-chapters
	@test -d chapters/$(IN) || { echo "error: IN=$(IN) is unknown; allowed: en, zh" >&2; exit 2; }
	$(RUN) -m jupyterlab --ServerApp.root_dir=. \
	    --LabApp.default_url=/lab/tree/chapters/$(IN)/01_see_the_data.ipynb

train: $(VENV)/installed
	$(RUN) -m paddle_mnist.train --stage $(STAGE)

test: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(RUN) -m pytest --numprocesses $(WORKERS) --dist loadfile

# For the tests of the page, where there is no Chromium on the machine.
browser: $(VENV)/installed-test
	$(RUN) -m playwright install chromium

lint: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(VENV)/installed-test
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

chapters: $(VENV)/installed-test
	$(RUN) chapters/build.py

# Trains what benchmarks/ladder.json has not yet; the runs stay in runs/ladder. Takes hours.
ladder: $(VENV)/installed-test
	$(RUN) -m paddle_mnist.ladder --results benchmarks
	$(RUN) benchmarks/figures.py --print

# Measures what benchmarks/figures.json and benchmarks/compare.json have not yet; see the scripts
# for measuring again. Leave the machine alone meanwhile.
bench: $(VENV)/installed-test $(PEERS)/installed
	$(RUN) benchmarks/figures.py
	$(RUN) benchmarks/comparison.py --peers $(PEERS)/bin/python

peers: $(PEERS)/installed

clean:
	rm -rf $(VENV) $(PEERS) build *.egg-info

# Each is made once, and again when setup.cfg asks for other packages.
$(VENV)/installed: setup.cfg $(VENV)/bin/python
	$(RUN) -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-chapters: setup.cfg $(VENV)/bin/python
	$(RUN) -m pip install --quiet --editable '.[chapters]'
	@touch $@

$(VENV)/installed-test: setup.cfg $(VENV)/bin/python
	$(RUN) -m pip install --quiet --editable '.[test]'
	@touch $@

$(PEERS)/installed: benchmarks/peers.txt $(VENV)/bin/python
	test -x $(PEERS)/bin/python || $(RUN) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement benchmarks/peers.txt
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 14))' || { \
	    echo "error: $(PYTHON) is missing or is no Python 3.9 to 3.13, which paddlepaddle needs;" >&2; \
	    echo "name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
