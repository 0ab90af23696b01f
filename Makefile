# Everything that a developer does here. `make test` is the one command that
# passes all tests on a fresh machine: it installs, pinned and into ignored
# folders, what they need.

GO        ?= go
FUZZTIME  ?= 30s
STEPS     ?= 1000000
SEEDS     ?= 10000
SEED      ?=
FOR       ?= 10m
CLOCK     ?= true
ROUND     ?= 3s
ROUNDS    ?= 5
ONLY      ?=
INTO      ?=
PROFILE   := cmd/wampool/default.pgo
BIN       := .bin

# The go command builds the program by its profile, and with it all that it consists of,
# Go's own library too. What is looked at and tested is built without: once for all.
export GOFLAGS := $(GOFLAGS) -pgo=off

STATICCHECK   := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.0
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0
NFPM          := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
CYCLONEDX     := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

.PHONY: build
build: ## build ./bin/wampool
	CGO_ENABLED=0 $(GO) build -trimpath -pgo=$(PROFILE) -o bin/wampool ./cmd/wampool

.PHONY: fmt
fmt: ## format the Go code
	gofmt -w .

.PHONY: lint
lint: $(BIN)/staticcheck $(BIN)/golangci-lint ## gofmt, go vet, staticcheck and golangci-lint
	@unformatted="$$(find . -name '*.go' ! -path './.*' ! -path '*/node_modules/*' ! -path '*/.venv/*' -exec gofmt -l {} +)"; \
	test -z "$$unformatted" || { echo "not formatted: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(BIN)/staticcheck ./...
	$(BIN)/golangci-lint run

$(BIN)/staticcheck:
	GOBIN="$(CURDIR)/$(BIN)" $(GO) install $(STATICCHECK)

$(BIN)/golangci-lint:
	GOBIN="$(CURDIR)/$(BIN)" $(GO) install $(GOLANGCI_LINT)

$(BIN)/govulncheck:
	GOBIN="$(CURDIR)/$(BIN)" $(GO) install $(GOVULNCHECK)

$(BIN)/nfpm:
	GOBIN="$(CURDIR)/$(BIN)" $(GO) install $(NFPM)

$(BIN)/cyclonedx-gomod:
	GOBIN="$(CURDIR)/$(BIN)" $(GO) install $(CYCLONEDX)

.PHONY: dist
dist: $(BIN)/nfpm $(BIN)/cyclonedx-gomod ## build what is released into ./dist: archives, .deb, .rpm, SBOM, checksums
	$(GO) run ./deploy/dist -out dist -tools $(BIN)

# Each of them compiles the standard library first, once: half a minute on two
# cores. The tests therefore ask for one alone, where an int has 32 bits.
PLATFORMS ?= linux/386 linux/arm linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 freebsd/amd64 freebsd/arm64

.PHONY: cross
cross: ## go vet for the other systems and processors that wampool builds for
	@set -e; for platform in $(PLATFORMS); do \
	  echo "$$platform"; \
	  CGO_ENABLED=0 GOOS="$${platform%/*}" GOARCH="$${platform#*/}" $(GO) vet ./...; \
	done

.PHONY: vuln
vuln: $(BIN)/govulncheck ## look for known vulnerabilities in what is used
	@found="$$($(BIN)/govulncheck ./... 2>&1)"; status=$$?; case "$$found" in \
	"govulncheck: fetching vulnerabilities"*) echo "vuln: the vulnerability database can't be reached from here: nothing was checked" ;; \
	*) echo "$$found"; exit $$status ;; esac

# The race detector is on, in wampool itself too while real clients use it. What
# is different without it, as everybody runs it, is tested without it as well:
# sockets are then read and written by raw system calls. The pure machines have no
# goroutine: a million steps of their simulations, their small worlds and mutants
# are gone through without it alone.
#
# What needs no router and no client is tested while they are installed, and the
# weather passes beside the race detector: each of them waits for much. proxy takes
# longest and goes first, so that it does not go on alone at the end.
STORIES := TestAbuse|TestCallsGoRoundOverThreeInstances|TestBinaryDataBetweenLibrariesAndSerializers

.PHONY: test tested-alone tested-whole tested-raced installed
test: ## pass all tests, with the race detector, integration included
	@$(MAKE) --no-print-directory -j3 $(if $(filter output-sync,$(.FEATURES)),-Oline) tested-alone tested-whole tested-raced

tested-alone:
	$(GO) test ./dealer ./dealer/admission ./dealer/match -count=1 -sim.steps=$(STEPS)
	$(GO) test ./proxy ./proxy/transport
	@$(MAKE) --no-print-directory cross PLATFORMS=linux/386
	@$(MAKE) --no-print-directory narrow

tested-whole: installed
	$(GO) test ./integration/connections ./integration/crossbar ./integration/passing -run '^($(STORIES))$$'
	@$(MAKE) --no-print-directory weather FOR=1m CLOCK=false

tested-raced: installed
	$(GO) test -race -timeout 20m ./proxy ./...

installed:
	@integration/setup.sh || { test $$? -eq 3 && test "$$CI" != true; }
	@$(MAKE) --no-print-directory $(BIN)/nfpm || { echo "the test of packages is left out: nfpm can't be installed" >&2; test "$$CI" != true; }

# For the clock, Go's library is built anew, once: the tests' minute does without.
.PHONY: weather
weather: ## run wampool under faults for FOR=10m (SEED=…): links, restarts, disk, descriptors, clock
	@integration/setup.sh || test $$? -eq 3
	$(GO) build -buildvcs=false -o $(BIN)/weather ./integration/weather
	@$(BIN)/weather -for $(FOR) -clock=$(CLOCK) $(if $(SEED),-seed $(SEED)) || test $$? -eq 3

.PHONY: hosts
hosts: ## run three sidecars on hosts of their own, and measure several: a table with bars
	@integration/setup.sh
	$(GO) test ./integration/hosts -count=1 -v -measure
	$(GO) test ./integration/peers -count=1 -v -run '^TestMeasure$$' -measure -timeout 30m

# Lengths, counts, IDs and times that a peer can choose are beyond an int there.
.PHONY: narrow
narrow: ## the tests of codec, dealer and transport where an int has 32 bits
	@case "$$($(GO) env GOHOSTOS)/$$($(GO) env GOHOSTARCH)" in \
	linux/amd64|linux/386) CGO_ENABLED=0 GOARCH=386 $(GO) test -skip '^(TestMutants|TestExplore|TestPrints)$$' ./codec ./dealer/... ./proxy/transport ;; \
	*) echo "narrow: no 32-bit programs run here: nothing was tested" ;; esac

# A block is reached whichever package's tests reach it. What is reached by chance
# alone is listed as well: a walk at random goes another way each time.
.PHONY: coverage
coverage: ## what no test reaches of codec, dealer, admission, match, transport and driver, beside what is listed
	@mkdir -p $(BIN)
	$(GO) test -short -skip 'Mutants|Explor|Prints' -coverprofile=$(BIN)/coverage.out \
	  -coverpkg=./codec,./dealer,./dealer/admission,./dealer/match,./proxy/transport,./proxy/driver \
	  ./codec ./dealer/... ./proxy/transport/... ./proxy/driver ./proxy
	@$(GO) run ./integration/coverage -profile $(BIN)/coverage.out

.PHONY: sim
sim: ## simulate random pools, who is in them, and who gets whose: STEPS=… SEED=…
	$(GO) test ./dealer ./dealer/admission ./dealer/match -run '^TestSimulation$$' -count=1 -v -timeout 0 -sim.steps=$(STEPS) $(if $(SEED),-sim.seed=$(SEED))

.PHONY: sim-many
sim-many: ## simulate 2 to 1000 sidecars with one pool, and hold them to their bars: SEED=… ONLY=…
	$(GO) run ./dealer/many $(if $(SEED),-seed $(SEED)) -only '$(ONLY)' -into '$(INTO)'

.PHONY: sidecar
sidecar: ## simulate the whole sidecar, and find each of its mutants so: SEEDS=… SEED=…
	$(GO) test ./proxy -run '^TestSimulation$$' -count=1 -timeout 0 -seeds=$(SEEDS) $(if $(SEED),-seed=$(SEED))
	$(GO) test ./proxy -run '^TestMutants$$' -count=1 -v -mutants

.PHONY: explore
explore: ## go through all that can happen in small worlds, and find each mutant so: UPDATE=1 rewrites what is told of them
	$(GO) test ./dealer ./dealer/admission -run '^TestExplore$$' -count=1 -v -timeout 0 -p 1 -explore.deep $(if $(UPDATE),-update)
	$(GO) test ./dealer ./dealer/admission -run '^TestMutants$$' -count=1 -v -timeout 0 -p 1 -explore.deep

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    $(GO) test $$package -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x; \
	  done; done

.PHONY: bench
bench: ## compare wampool with HAProxy and Crossbar.io: ROUND=3s ROUNDS=5 ONLY=… INTO=…
	@integration/setup.sh
	$(GO) run ./integration/compare -round $(ROUND) -rounds $(ROUNDS) -only '$(ONLY)' -into '$(INTO)'

.PHONY: profile
profile: ## renew the profile that wampool is built by where it is released: FOR=30s
	$(GO) run ./integration/compare -round $(if $(filter command line environment,$(origin FOR)),$(FOR),30s) -profile $(PROFILE)

.PHONY: gobench
gobench: ## Go benchmarks of codec, dealer and transport
	$(GO) test -run '^$$' -bench . -benchmem ./codec ./dealer ./proxy/...
