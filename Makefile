# vifd: "make help" says what there is to make.

SHELL := /bin/bash
export PATH := $(CURDIR)/.cache/go/bin:$(PATH)
export CGO_ENABLED := 1
export VIFD := $(CURDIR)/bin/vifd

# The version comes from git, where this is a checkout that git can read.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)
export GOFLAGS := -trimpath -buildvcs=$(VCS)

# What the unit tests leave to the test host.
HOSTED := /test/(testhost|e2e|bench|systemd)

# The race detector looks at all but SQLite: that is C in Go's clothes, each connection is one goroutine's at a time,
# and to look at it costs most of what the tests take.
RACE := -gcflags='modernc.org/...=-race=false'

# Where make install puts what it installs.
PREFIX := /usr/local
INTO = $(DESTDIR)$(PREFIX)

# A host, and nothing of this make in its environment.
IN_HOST := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u GOFLAGS bin/testhost

.PHONY: build deps install uninstall guest machine host demo check test fuzz chaos bench clean help

build: deps ## build bin/vifd, and bin/testhost for the targets below
	@go build -o bin/vifd ./cmd/vifd
	@go build -o bin/testhost ./test/testhost/cmd/testhost

deps: ## install what is missing: Debian packages, and Go
	@test/testhost/deps

install: build ## install vifd below PREFIX, with its units, manual pages and completion
	install -D -t $(INTO)/bin bin/vifd
	install -d $(INTO)/lib/systemd/system $(INTO)/share/doc/vifd
	sed 's|/usr/bin/vifd|$(PREFIX)/bin/vifd|' systemd/vifd.service >$(INTO)/lib/systemd/system/vifd.service
	install -m 644 -t $(INTO)/lib/systemd/system systemd/vifd.socket
	install -D -m 644 systemd/vifd.sysusers $(INTO)/lib/sysusers.d/vifd.conf
	install -D -m 644 systemd/vifd.tmpfiles $(INTO)/lib/tmpfiles.d/vifd.conf
	install -D -m 644 systemd/vifd.catalog $(INTO)/lib/systemd/catalog/vifd.catalog
	bin/vifd man $(INTO)/share/man/man8
	bin/vifd config show --sample >$(INTO)/share/doc/vifd/vifd.toml
	install -m 644 -t $(INTO)/share/doc/vifd README.md CHANGELOG.md docs/*.md
	install -d $(INTO)/share/bash-completion/completions $(INTO)/share/zsh/site-functions $(INTO)/share/fish/vendor_completions.d
	bin/vifd completion bash >$(INTO)/share/bash-completion/completions/vifd
	bin/vifd completion zsh >$(INTO)/share/zsh/site-functions/_vifd
	bin/vifd completion fish >$(INTO)/share/fish/vendor_completions.d/vifd.fish
	test -n "$(DESTDIR)" || { systemd-sysusers && systemd-tmpfiles --create vifd.conf && \
		journalctl --update-catalog && systemctl daemon-reload; }

uninstall: ## remove what make install installed; the configuration and the store stay
	rm -f $(INTO)/bin/vifd $(INTO)/lib/systemd/system/vifd.service $(INTO)/lib/systemd/system/vifd.socket \
		$(INTO)/lib/sysusers.d/vifd.conf $(INTO)/lib/tmpfiles.d/vifd.conf \
		$(INTO)/lib/systemd/catalog/vifd.catalog \
		$(INTO)/share/man/man8/vifd.8 $(INTO)/share/man/man8/vifd-*.8 \
		$(INTO)/share/bash-completion/completions/vifd $(INTO)/share/zsh/site-functions/_vifd \
		$(INTO)/share/fish/vendor_completions.d/vifd.fish
	rm -rf $(INTO)/share/doc/vifd
	test -n "$(DESTDIR)" || systemctl daemon-reload

guest: .cache/guest/vmlinuz ## fetch the kernel for the test host's guests

.cache/guest/vmlinuz: | deps
	@test/testhost/guest/kernel .cache/guest

machine: deps ## make the Debian that the tests of the units run in
	@test/systemd/machine/image .cache/machine

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

test: check guest machine ## check, test with -race, and test the built binary in the test host
	VIFD_WORLDS=2000 VIFD_STEPS=100000 go test -race $(RACE) -timeout 30m $$(go list ./... | grep -Ev '$(HOSTED)')
	go test -tags failpoints -run 'Kill|Term|Parse|At$$' ./vif/fail ./test/chaos
	go test -count=1 -p 1 -timeout 30m ./test/testhost/... ./test/e2e/... ./test/systemd

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

# Deaths of vifd are no power cuts: its store is where it costs no disk its time.
KILLS := go test -exec 'env TMPDIR=/dev/shm' -count=1 -timeout 3h -v

chaos: export VIFD_CALLS := all
chaos: export VIFD_FLIPS := 20000
chaos: export VIFD_WORLDS := 100000
chaos: export VIFD_STEPS := 200000
chaos: export VIFD_CHAOS := $(CURDIR)/$(CHAOS)
chaos: export VIFD_CHAOS_SEED := $(SEED)
chaos: build guest ## kill, break and crowd, for hours; the table of it goes to bin/chaos.md
	@echo "seed $(SEED)"
	@printf '%s, commit %s: make chaos SEED=%s\n\n| injected | times | afterwards |\n|---|---|---|\n' \
		"$$(date -I)" "$$(git rev-parse --short HEAD)" $(SEED) > $(CHAOS)
	@go build -tags failpoints -o bin/vifd-failpoints ./cmd/vifd
	$(KILLS) ./agent/store -run 'TestSyscalls|TestFlippedBytes'
	$(KILLS) ./agent/hotplug -run TestChaos -rapid.seed=$(SEED)
	$(KILLS) -tags failpoints ./test/chaos
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
