# The project's verbs. `make` alone says what they are.
.DEFAULT_GOAL := help
.PHONY: help deps build test goldens test-slow test-boot demo bench soak lint format install dist deb rpm image man hook

prefix ?= /usr/local
export PATH := $(CURDIR)/.build-tools/venv/bin:$(PATH)

help: ## says what there is
	@echo 'Usage: make VERB'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

deps: ## installs what building and testing need (root; Debian 12 with a Swift toolchain)
	@scripts/deps

build: deps ## builds the programs, for debugging
	swift build

test: deps ## runs all tests on private Docker Engines; FILTER=name runs some
	@scripts/test

goldens: deps ## records what Docker Compose makes of the tests' corpus anew (Tests/ComposeTests)
	@scripts/goldens

test-slow: ## the tests that take minutes and more packages (scripts/deps slow)
	@scripts/deps slow
	@scripts/test-slow

test-boot: ## the packages and the systemd cgroup driver on an emulated machine that boots: 20 minutes; CHECKS=packages, systemd-v2 or systemd-v1 runs one part
	@scripts/deps slow
	@scripts/check-boot || [ $$? = 77 ]

demo: deps ## two pods of one Compose file, side by side on this machine
	@scripts/demo

bench: deps ## measures launch, end, output, idling, notifications and more beside their peers; BENCH="ends leaked" runs parts, BENCH_PAIRS=n shortens
	@scripts/bench $(BENCH)

soak: deps ## ends pods at a hundred random moments, has sixty at once, all kinds of failed launches, a stranger beside pods, random lives, mutated input and an agent's chaos; SOAK_ROUNDS=n, TEST_SEED=n repeats a run
	@scripts/soak

lint: deps ## checks format and scripts, and builds with warnings as errors
	@scripts/lint

format: ## formats the sources in place
	swift format format --in-place --parallel --recursive Package.swift Sources Tests

install: ## puts the tarball's files below prefix (/usr/local; DESTDIR is respected)
	@scripts/install "$(DESTDIR)$(prefix)"

dist: deps ## makes dist/compose-executor-VERSION-linux-ARCH.tar.gz and checks it
	@scripts/dist

man: build ## writes manual pages and shell completions below dist/share, from the programs' own options
	@scripts/manuals "$$(swift build --show-bin-path)" dist/share

deb: ## makes the Debian packages in dist, the module's where Mesos' headers are (MESOS_PREFIX)
	@scripts/deps deb
	@scripts/deb

rpm: ## makes the package for Red Hat's systems, CentOS 7 and later, in dist
	@scripts/deps deb
	@scripts/rpm

image: deps ## makes container images in dist, for `docker load`: the daemon alone, and all programs
	@scripts/image

hook: ## builds the Mesos module against the Mesos below MESOS_PREFIX (/usr), and checks it
	@scripts/hook
