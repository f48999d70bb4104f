# make lab [IN=zh]          the environment, the package, and chapter 1 in JupyterLab
# make train [STAGE=cnn]    the environment, the package, and a training
# make test [WORKERS=2]     the environment, the test tools, and all tests, in two processes
# make test-slow            every promise of docs/promises.md tried as often as it says
# make test-lowest          all tests with the oldest versions that setup.cfg allows
# make test-newest          all tests with the newest versions there are, locked or not
# make lock                 the newest versions into requirements/lock.txt, which all others install
# make browser              a browser for the tests of the page, where there is none
# make lint, make chapters, make ladder, make bench    for those who change the course
# make promises, make coverage, make mutants, make audit    for those who want to trust it
# make peers                the environment of the frameworks that `make bench` compares with
#
# PYTHON=python3.12 chooses another Python for a new environment.

STAGE ?= cnn
IN ?= en
VENV ?= .venv
PEERS ?= .venv-peers
PYTHON ?= python3
OLDEST ?= python3.9
NEWEST ?= python3.13
WORKERS ?= 2
RUN = $(VENV)/bin/python
LOCK = requirements/lock.txt
COMPILE = $(VENV)/bin/uv pip compile --quiet --all-extras --no-python-downloads
INSTALL = $(RUN) -m pip install --quiet --constraint $(LOCK)

.PHONY: lab train test test-slow test-lowest test-newest lock promises coverage mutants audit browser \
    lint format chapters ladder bench peers clean

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

test-slow: $(VENV)/installed-test
	$(RUN) -m pytest --slow -m promise --numprocesses $(WORKERS)

# The same, and what was tried is written into docs/.
promises: $(VENV)/installed-test
	$(RUN) -m pytest --slow -m promise --numprocesses $(WORKERS) --figures benchmarks/promises.json
	$(RUN) benchmarks/promises.py

# With the oldest versions, what newer packages say of older ones is not an error.
test-lowest: $(VENV)/installed-checks
	$(VENV)/bin/uv venv --quiet --clear --python $(OLDEST) $(VENV)-lowest
	$(VENV)/bin/uv pip install --quiet --python $(VENV)-lowest/bin/python \
	    --resolution lowest-direct --editable '.[test]'
	$(VENV)-lowest/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile \
	    -W default::DeprecationWarning

# What a release of one of the packages breaks is to be known here before a learner meets it.
test-newest: $(VENV)/installed-checks
	$(VENV)/bin/uv venv --quiet --clear --python $(NEWEST) $(VENV)-newest
	$(VENV)/bin/uv pip install --quiet --python $(VENV)-newest/bin/python --upgrade \
	    --editable '.[test]'
	$(VENV)-newest/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile

# One lock for every Python and system; run `make test` before it is committed. Afterwards, wheels of
# all that is locked are looked for, on each Python and each system that paddlepaddle has wheels for:
# a learner has no compiler.
lock: $(VENV)/installed-checks
	$(COMPILE) --upgrade --universal --python-version 3.9 --no-annotate --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command 'make lock' \
	    --constraints requirements/bounds.txt --output-file $(LOCK) setup.cfg
	for python in 3.9 3.10 3.11 3.12 3.13; do \
	    for system in x86_64-unknown-linux-gnu aarch64-apple-darwin x86_64-pc-windows-msvc; do \
	        MACOSX_DEPLOYMENT_TARGET=14.0 $(COMPILE) --python-version $$python \
	            --python-platform $$system --only-binary :all: --constraints $(LOCK) setup.cfg \
	            >/dev/null || exit 1; \
	    done; \
	done

coverage: $(VENV)/installed-checks
	$(RUN) -m coverage erase
	$(RUN) -m coverage run -m pytest --numprocesses $(WORKERS) --dist loadfile
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

# Takes hours: changes single places of the package, and looks whether a test notices.
mutants: $(VENV)/installed-test
	$(INSTALL) 'mutmut >= 3.8'
	OMP_NUM_THREADS=1 $(VENV)/bin/mutmut run --max-children 1
	$(VENV)/bin/mutmut results

audit: $(VENV)/installed-checks
	$(VENV)/bin/pip-licenses --from=mixed
	$(VENV)/bin/pip-audit --local --skip-editable

# For the tests of the page, where there is no Chromium on the machine.
browser: $(VENV)/installed-test
	$(RUN) -m playwright install chromium

# mypy needs Python 3.11: the types of the NumPy that older ones get say less.
lint: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

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
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest $(PEERS) build *.egg-info

# Each is made once, and again when setup.cfg or the lock asks for other packages.
$(VENV)/installed: setup.cfg $(LOCK) $(VENV)/bin/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/installed-chapters: setup.cfg $(LOCK) $(VENV)/bin/python
	$(INSTALL) --editable '.[chapters]'
	@touch $@

$(VENV)/installed-test: setup.cfg $(LOCK) $(VENV)/bin/python
	$(INSTALL) --editable '.[test]'
	@touch $@

$(VENV)/installed-checks: setup.cfg $(LOCK) $(VENV)/bin/python
	$(INSTALL) --editable '.[test,checks]'
	@touch $@

$(PEERS)/installed: benchmarks/peers.txt $(VENV)/bin/python
	test -x $(PEERS)/bin/python || $(RUN) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement benchmarks/peers.txt
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 14))' || { \
	    echo "error: $(PYTHON) is missing or is not a Python 3.9 to 3.13, which paddlepaddle needs;" >&2; \
	    echo "name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
