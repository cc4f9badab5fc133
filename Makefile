# Toygres: `make up` starts everything on this machine; README.md tells the rest.
#
# Ports are variables: API_PORT WORKER_PORT TEMPORAL_PORT TEMPORAL_UI_PORT CATALOG_PORT INSTANCE_PORTS, as in
# `make up API_PORT=9090 INSTANCE_PORTS=20000-20999`. `make up PROVIDER=kubernetes` puts instances on a cluster.

.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1|/' | column -t -s '|'

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

# The release that images say they are; the chart's own by default.
VERSION ?= $(shell sed -n 's/^appVersion: //p' deploy/helm/toygres/Chart.yaml)

.PHONY: images
images: build ## Make the container images, without a container engine, in build/images
	cd dev/images && GOWORK=off go run . -project ../.. -out ../../build/images -version $(VERSION)

.PHONY: kubernetes-up
kubernetes-up: bin/toygres-dev ## Start a Kubernetes of one node on this machine (root, Linux)
	@bin/toygres-dev kubernetes up

.PHONY: kubernetes-down
kubernetes-down: bin/toygres-dev ## Stop that Kubernetes and keep its data
	@bin/toygres-dev kubernetes down

.PHONY: kubernetes-clean
kubernetes-clean: bin/toygres-dev ## Stop that Kubernetes and remove all of it
	@bin/toygres-dev kubernetes clean

##@ Development

# The tools have a module of their own, so that their dependencies stay out of the product.
TOOL := GOWORK=off go tool -modfile=$(CURDIR)/tools/go.mod
# go test, but it also counts, and shows at the end what failed and what was skipped.
GO_TEST := $(TOOL) gotestsum --format pkgname --format-hide-empty-pkg --
MODULES := . test/e2e test/signin dev/temporal dev/kubernetes dev/images tools tools/deploy
GENERATED := openapi/*.gen.go ui/src/api

.PHONY: generate
generate: ui/node_modules ## Generate code from openapi/openapi.yaml
	go generate ./openapi
	cd ui && npm run --silent generate

ui/node_modules: ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	@touch $@

.PHONY: format
format: ui/node_modules ## Format everything
	$(TOOL) golangci-lint fmt
	cd ui && npm run --silent format

.PHONY: ui-dev
ui-dev: ui/node_modules ## Serve the UI with hot reload, against the running API
	cd ui && npm run dev

.PHONY: test
test: test-go test-signin test-temporal test-images test-ui test-e2e e2e-ui test-chaos ## Run every test that needs no root

# What tests need beyond Go and npm: a browser, and PostgreSQL's own clients.
.PHONY: test-tools
test-tools:
	@dev/test-tools

.PHONY: test-go
test-go: build ## Unit tests, and tests against real PostgreSQL and Temporal
	@# The tests that take longest begin first.
	$(GO_TEST) -timeout 20m $$(go list ./services/worker ./... | grep -vE '/test/(chaos|cluster|install|kubernetes|stack)$$')

.PHONY: test-signin
test-signin: test-tools build ui/node_modules ## Sign-in with a real OpenID Connect provider, also in a real browser
	cd test/signin && GOWORK=off $(GO_TEST) -count=1 -timeout 10m ./...

.PHONY: test-temporal
test-temporal: build ## Tests of the local Temporal server
	cd dev/temporal && $(GO_TEST) -timeout 20m ./...

.PHONY: test-images
test-images: build ## What container images hold, and that they are reproducible
	cd dev/images && $(GO_TEST) -count=1 ./...

.PHONY: test-ui
test-ui: ui/node_modules ## Unit tests of the web UI
	cd ui && npm test

BROWSER_TEST := TestTheWebUIWorksInARealBrowser

.PHONY: test-e2e
test-e2e: test-tools build ## The real programs, driven by command line and REST
	cd test/e2e && $(GO_TEST) -timeout 30m -skip '^$(BROWSER_TEST)$$' ./...

# Go does not see what the browser's tests are made of, so their result is not kept.
.PHONY: e2e-ui
e2e-ui: test-tools build ui/node_modules ## The web UI in a real browser, at the sizes of a desktop and of a phone
	cd test/e2e && $(GO_TEST) -count=1 -timeout 30m -run '^$(BROWSER_TEST)$$' .

# More at a time than there are processors: most of the time they wait until somebody notices that a program is dead.
.PHONY: test-chaos
test-chaos: build ## Programs killed at every step
	$(GO_TEST) -timeout 30m -parallel 6 ./test/chaos

# Helm and the images are outside of what Go knows to depend on, so their results are not kept.
.PHONY: test-kubernetes
test-kubernetes: ## Tests against a real Kubernetes of one node (root, Linux)
	@if [ "$$(uname -s)" != Linux ] || [ "$$(id -u)" != 0 ]; then \
		echo "test-kubernetes: needs root on Linux, because a node makes containers, mounts and interfaces" >&2; exit 1; \
	else $(GO_TEST) -timeout 60m -p 1 -parallel 4 ./test/cluster ./test/kubernetes ./test/stack && \
		PROVIDER=kubernetes $(GO_TEST) -timeout 30m -parallel 6 ./test/chaos && \
		$(GO_TEST) -count=1 -timeout 30m ./test/install && \
		$(MAKE) --no-print-directory test-tools ui/node_modules && cd test/e2e && TOYGRES_E2E=chart $(GO_TEST) -count=1 -timeout 30m .; fi

.PHONY: bench
bench: build ## Measure what docs/benchmarks.md tells
	go run ./test/bench
	@if [ "$$(uname -s)" = Linux ] && [ "$$(id -u)" = 0 ]; then go test -run '^$$' -bench Install -benchtime 3x ./test/install; \
	else echo "the installation of the Helm chart is left out: a Kubernetes on this machine needs root on Linux"; fi

.PHONY: lighthouse
lighthouse: test-tools ui/node_modules ## Have Lighthouse judge the web UI that `make up` serves
	cd ui && BASE_URL=$${BASE_URL:-http://127.0.0.1:$(or $(API_PORT),8080)} npm run --silent lighthouse

.PHONY: histories
histories: build ## Record workflow histories for the replay tests
	go run ./workflows/record

.PHONY: verify
verify: verify-generated verify-modules lint verify-ui verify-deploy verify-vulnerabilities ## All checks that need nothing running

.PHONY: verify-generated
verify-generated: ui/node_modules
	@before=$$(cat $(wildcard openapi/*.gen.go ui/src/api/*) | sha256sum); \
	$(MAKE) --no-print-directory generate >/dev/null; \
	after=$$(cat $(wildcard openapi/*.gen.go ui/src/api/*) | sha256sum); \
	[ "$$before" = "$$after" ] || { echo "generated code was stale; it is fresh now: commit it" >&2; exit 1; }

# The product must build on its own, too, without the workspace.
.PHONY: verify-modules
verify-modules:
	@for module in $(MODULES); do \
		(cd $$module && GOWORK=off go mod tidy -diff) || { echo "$$module/go.mod is not tidy: cd $$module && GOWORK=off go mod tidy" >&2; exit 1; }; \
	done
	GOWORK=off go build ./...
	@! grep -n '"resolved"' ui/package-lock.json || { echo "ui/package-lock.json names where packages were downloaded: npm config omit-lockfile-registry-resolved" >&2; exit 1; }

.PHONY: lint
lint: ## Lint, and check that workflows are deterministic
	$(TOOL) golangci-lint run ./...
	cd test/e2e && $(TOOL) golangci-lint run ./...
	cd test/signin && $(TOOL) golangci-lint run ./...
	$(TOOL) golangci-lint fmt --diff
	$(TOOL) workflowcheck ./workflows

.PHONY: verify-ui
verify-ui: ui/node_modules
	cd ui && npm run --silent check

# Helm and kubeconform are libraries of a module of their own: they pin versions of Kubernetes. What they check is outside of
# that module, where Go sees no change.
.PHONY: verify-deploy
verify-deploy: ## Check the Helm chart with what it makes, the compose file, and the script for AKS
	cd tools/deploy && $(GO_TEST) -count=1 ./...
	$(GO_TEST) -count=1 ./deploy/aks

# The database of vulnerabilities is on the network, where not every machine may go.
.PHONY: verify-vulnerabilities
verify-vulnerabilities:
	@if out=$$($(TOOL) govulncheck ./... 2>&1); then echo "govulncheck: no known vulnerability"; \
	elif grep -qE 'vuln\.go\.dev.*(dial|lookup|refused|timeout|Forbidden|proxyconnect)|no such host|connection refused' <<<"$$out"; then \
		echo "govulncheck: NOT CHECKED, its database can't be reached from here"; \
	else echo "$$out"; exit 1; fi
