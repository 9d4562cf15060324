# The project's commands. `make` without arguments lists them.
.DEFAULT_GOAL := help
.PHONY: help deps build test goldens test-slow test-boot demo bench soak lint format install dist deb rpm image man hook

prefix ?= /usr/local
export PATH := $(CURDIR)/.build-tools/venv/bin:$(PATH)

help: ## list all verbs
	@echo 'Usage: make VERB'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

deps: ## install the packages for building and testing (root; Debian 12 with a Swift toolchain)
	@scripts/deps

build: deps ## build the programs, for debugging
	swift build

test: deps ## run all tests on private Docker Engines; FILTER=name runs matching tests
	@scripts/test

goldens: deps ## record again how Docker Compose resolves the tests' corpus (Tests/ComposeTests)
	@scripts/goldens

test-slow: ## run the tests that take minutes and need more packages (scripts/deps slow)
	@scripts/deps slow
	@scripts/test-slow

test-boot: ## test the packages and the systemd cgroup driver on an emulated machine: 20 minutes; CHECKS=packages, systemd-v2 or systemd-v1 runs one part
	@scripts/deps slow
	@scripts/check-boot || [ $$? = 77 ]

demo: deps ## run two pods of one Compose file side by side on this machine
	@scripts/demo

bench: deps ## measure launch, stop, output, idle cost, notifications and more against peers; BENCH="ends leaked" runs parts, BENCH_PAIRS=n shortens
	@scripts/bench $(BENCH)

soak: deps ## run randomized tests: stops, sixty pods at once, failed launches, foreign clients, random pods, mutated input, a faulty agent; SOAK_ROUNDS=n, TEST_SEED=n repeats a run
	@scripts/soak

lint: deps ## check format and scripts, and build with warnings as errors
	@scripts/lint

format: ## format the sources in place
	swift format format --in-place --parallel --recursive Package.swift Sources Tests

install: ## install the tarball's files below prefix (/usr/local; DESTDIR is respected)
	@scripts/install "$(DESTDIR)$(prefix)"

dist: deps ## create dist/compose-executor-VERSION-linux-ARCH.tar.gz and check it
	@scripts/dist

man: build ## write manual pages and shell completions below dist/share, from the programs' options
	@scripts/manuals "$$(swift build --show-bin-path)" dist/share

deb: ## create the Debian packages in dist; the module's only with Mesos' headers (MESOS_PREFIX)
	@scripts/deps deb
	@scripts/deb

rpm: ## create the RPM package for CentOS 7 and later in dist
	@scripts/deps deb
	@scripts/rpm

image: deps ## create container images in dist, for `docker load`: pod-reaper alone, and all programs
	@scripts/image

hook: ## build the Mesos module for the Mesos below MESOS_PREFIX (/usr), and check it
	@scripts/hook
