# vifd: "make help" says what there is to make.

SHELL := /bin/bash
export PATH := $(CURDIR)/.cache/go/bin:$(PATH)
export CGO_ENABLED := 1
export VIFD := $(CURDIR)/bin/vifd

# The version comes from git, where this is a checkout that git can read.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)
export GOFLAGS := -trimpath -buildvcs=$(VCS)

# What the unit tests leave to the test host.
HOSTED := /test/(testhost|e2e|bench)

# A host, and nothing of this make in its environment.
IN_HOST := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u GOFLAGS bin/testhost

.PHONY: build deps guest host demo check test fuzz chaos bench clean help

build: deps ## build bin/vifd, and bin/testhost for the targets below
	@go build -o bin/vifd ./cmd/vifd
	@go build -o bin/testhost ./test/testhost/cmd/testhost

deps: ## install what is missing: Debian packages, and Go
	@test/testhost/deps

guest: .cache/guest/vmlinuz ## fetch the kernel for the test host's guests

.cache/guest/vmlinuz: | deps
	@test/testhost/guest/kernel .cache/guest

host: export IN_HOST_CMD := $(value CMD)
host: build guest ## a test host with a shell in it, or with CMD='...' in place of the shell
	@$(IN_HOST) $${IN_HOST_CMD:+"$$IN_HOST_CMD"}

demo: build guest ## an interface into a running guest and out again, step by step
	@$(IN_HOST) test/demo/demo

check: build ## gofmt, go vet and staticcheck
	@files=$$(find . -name '*.go' -not -path './.*' | xargs gofmt -l); \
		test -z "$$files" || { printf 'not as gofmt has it: %s\n' $$files >&2; exit 1; }
	go vet ./...
	go vet -tags failpoints ./vif/fail ./test/chaos ./test/e2e
	go tool staticcheck ./...

test: check guest ## check, test with -race, and test the built binary in the test host
	VIFD_WORLDS=2000 go test -race $$(go list ./... | grep -Ev '$(HOSTED)')
	go test -tags failpoints -run 'Kill|Parse|At$$' ./vif/fail ./test/chaos
	go test -count=1 -p 1 -timeout 30m ./test/testhost/... ./test/e2e/...

# How long make fuzz is at each target.
FUZZTIME := 60s

fuzz: ## put random input to all that reads what others wrote, FUZZTIME each; what fails is kept in testdata/fuzz
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' agent libvirtxml vif | sed 's,/[^/]*:func , ,' | sort | \
		while read -r dir target; do \
			echo "$$dir $$target"; \
			go test ./$$dir -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; \
		done

# What make chaos did, a line each; what is random there starts with SEED.
CHAOS := bin/chaos.md
SEED := $(shell date +%s)

chaos: export VIFD_CALLS := all
chaos: export VIFD_FLIPS := 20000
chaos: export VIFD_CHAOS := $(CURDIR)/$(CHAOS)
chaos: export VIFD_CHAOS_SEED := $(SEED)
chaos: build guest ## kill, break and crowd, for hours; the table of it goes to bin/chaos.md
	@echo "seed $(SEED)"
	@printf '%s, commit %s: make chaos SEED=%s\n\n| injected | times | afterwards |\n|---|---|---|\n' \
		"$$(date -I)" "$$(git rev-parse --short HEAD)" $(SEED) > $(CHAOS)
	@go build -tags failpoints -o bin/vifd-failpoints ./cmd/vifd
	go test -count=1 -timeout 3h ./agent/store -run 'TestSyscalls|TestFlippedBytes' -v
	VIFD_WORLDS=100000 go test -count=1 -timeout 60m ./agent/hotplug -run TestChaos
	go test -tags failpoints -count=1 -timeout 3h -v ./test/chaos -rapid.seed=$(SEED)
	VIFD=$(CURDIR)/bin/vifd-failpoints go test -tags failpoints -count=1 -timeout 3h -v -run 'TestPoints|TestChaos' ./test/e2e
	@cat $(CHAOS)

bench: build guest ## measure against the floor, and write docs/performance.md
	@go build -o bin/bench ./test/bench
	@mkdir -p docs
	@$(IN_HOST) bin/bench -o docs/performance.md

clean: ## remove what was built; what was fetched stays in .cache
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8
