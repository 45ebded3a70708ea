# The usual names for plain commands. On a fresh machine with Go, `make demo`
# and `make test` are all there is to do: both begin with `make setup`, which
# installs what is missing and says what it does.
#
#   make demo ARGS="-port 9000"          what follows goes to the portal
#   make test ARGS="-run Withdrawal"     … or to go test

# Packages tested at once. Each has a pool of database connections and some have
# a browser, so more than four gain nothing and crowd the test server.
AT_ONCE := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$n" -lt 4 ] || n=4; echo $$n)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: demo test lint bench setup
.DEFAULT_GOAL := demo

# exec: Ctrl-C and TERM reach the portal itself, which ends its database too.
demo: setup
	@echo "Building the portal: about two minutes the first time, seconds afterwards." >&2
	@go build -o .portal/bin/portal ./cmd/portal && exec .portal/bin/portal demo $(ARGS)

test: setup
	go vet ./...
	go test -p $(AT_ONCE) -timeout 15m $(ARGS) ./...

lint:
	@unformatted=$$(gofmt -l assets.go cmd portal); \
	[ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

bench: setup
	go test -p 1 -run '^$$' -bench . -benchmem -timeout 30m $(ARGS) ./...

setup:
	@.ci/setup
