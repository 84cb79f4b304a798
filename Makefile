# Everything that people and CI run. `make help` lists it.
SHELL := /bin/bash
export CGO_ENABLED := 0
BIN := .cache/bin

.PHONY: help setup build test race accept integration lint bench demo template image deb

help: ## show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian packages, livekit-server, object stores)
	@scripts/setup

build: ## build the ffegress binary into .cache/bin
	@mkdir -p $(BIN)
	go build -o $(BIN)/ffegress ./cmd/ffegress

test: setup build lint ## set up all that is needed and pass the tests
	@scripts/test

accept: setup build ## run an issue's acceptance in full: make accept ISSUE=A
	@scripts/accept "$(ISSUE)" "$(CASE)"

integration: setup build ## record a room of your own livekit-server in every way: make integration CONFIG=file
	FFEGRESS="$(CURDIR)/$(BIN)/ffegress" go run ./integration/cmd/matrix -config "$(CONFIG)"

lint: ## gofmt, go vet, staticcheck, stale template bundle
	@scripts/lint

bench: setup build ## CPU, memory and latency figures beside the bare encoder
	go run ./integration/cmd/bench

demo: build ## record a real room for 15 s and show the result
	@scripts/setup demo
	@scripts/demo

image: ## build the image of the Dockerfile
	@scripts/image

deb: ## make a Debian package in .cache/deb
	@scripts/deb

template: ## build the bundles of the room template and of the tests' pages (needs npm)
	cd browser/template && npm ci --no-fund --no-audit && npm run build
	cd integration/custompage && npm ci --no-fund --no-audit && npm run build
	cd integration/hlspage && npm ci --no-fund --no-audit && npm run build
