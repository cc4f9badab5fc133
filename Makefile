# Toygres: `make up` starts everything on this machine; README.md tells the rest.
#
# Ports are variables: API_PORT WORKER_PORT TEMPORAL_PORT TEMPORAL_UI_PORT CATALOG_PORT INSTANCE_PORTS, as in
# `make up API_PORT=9090 INSTANCE_PORTS=20000-20999`.

.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

##@ The local stack (dev/stack)

# Go decides whether there is anything to build.
.PHONY: bin/toygres-dev
bin/toygres-dev:
	@command -v go >/dev/null || { echo "go is missing: install Go 1.26 or later, from https://go.dev/dl or your distribution" >&2; exit 1; }
	@[ -e $@ ] || echo "Building $@ (the first time, its modules are downloaded)"
	@go build -buildvcs=false -o $@ ./dev/stack

.PHONY: up
up: bin/toygres-dev ## Build and start everything, and wait until it can be used
	@bin/toygres-dev up

.PHONY: down
down: bin/toygres-dev ## Stop everything and keep the data
	@bin/toygres-dev down

.PHONY: clean
clean: bin/toygres-dev ## Stop everything and remove the data
	@bin/toygres-dev clean

.PHONY: status
status: bin/toygres-dev ## Show what runs
	@bin/toygres-dev status

.PHONY: logs
logs: bin/toygres-dev ## Follow the logs
	@bin/toygres-dev logs -f

.PHONY: build
build: bin/toygres-dev ## Build what has changed
	@bin/toygres-dev build
