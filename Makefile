# Everything a person or CI does with this repository. `make` alone explains the targets.

.DEFAULT_GOAL := help
.PHONY: help demo run test bench lint clean

# One set of flags for every debug build: the demo and the tests share .build, and other flags would rebuild it all.
# No debug information: a clean build on two cores takes 66 s instead of 80 s. The index store stays on: it costs
# nothing that could be measured, and SwiftPM reads it to find the tests.
DEBUG_FLAGS := -Xswiftc -gnone
# The release build has a folder of its own, so that neither build throws the other away.
RELEASE_FLAGS := -c release --scratch-path .build-release --disable-index-store \
	-Xswiftc -gnone -Xswiftc -num-threads -Xswiftc 2
SWIFT_SOURCES := Sources adapters storage Tests bench Package.swift

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Install what is missing, build, and watch one video, one image and one speech job run
	@scripts/install
	swift build --product mediary $(DEBUG_FLAGS)
	@.build/debug/mediary demo

run: ## The same set-up with a release build, then serve (ARGS="--port 9000" adds arguments)
	@scripts/install
	swift build --product mediary $(RELEASE_FLAGS)
	@exec .build-release/release/mediary serve $(ARGS)

# Many tests wait for programs that they started: scripts/test bounds how many run at once.
test: ## Install what is missing, build, and run every test (FILTER=Name narrows)
	@scripts/install
	@scripts/wire-venv
	swift build --build-tests --explicit-target-dependency-import-check error $(DEBUG_FLAGS)
ifdef FILTER
	swift test --skip-build --no-parallel $(DEBUG_FLAGS) --filter $(FILTER)
else
	@scripts/test
endif

bench: ## Measure the service against its own ceilings, side by side, into bench/REPORT.md
	@scripts/install
	swift build --product mediary $(RELEASE_FLAGS)
	swift build --product HelloWorld $(RELEASE_FLAGS)
	swift build --product provider-simulator $(RELEASE_FLAGS)
	@scripts/bench $(ARGS)

lint: ## Check the formatting of every Swift file
	@swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

clean: ## Remove everything that was built
	rm -rf .build .build-release .venv-wire .venv-wire-earlier .venv-speech
