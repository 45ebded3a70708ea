# The usual names for plain commands. On a fresh machine with Go, `make demo`
# and `make test` are all there is to do: both begin with `make setup`, which
# installs what is missing and says what it does.
#
#   make demo ARGS="-port 9000"          what follows goes to the portal
#   make test ARGS="-run Withdrawal"     … or to go test

# Packages tested at once: one more than there are processors, for journeys mostly wait. Each
# has a pool of database connections and some have a browser, so more than four gain nothing
# and crowd the test server.
AT_ONCE := $(shell n=$$(($$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)); [ "$$n" -lt 4 ] || n=4; echo $$n)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: vulnerable demo test pictures hsm lint bench fuzz campaigns hostile perf load faults failover recovery s3 setup
.DEFAULT_GOAL := demo

# exec: Ctrl-C and TERM reach the portal itself, which ends its database too.
demo: setup
	@echo "Building the portal: about two minutes the first time, seconds afterwards." >&2
	@go build -o .portal/bin/portal ./cmd/portal && exec .portal/bin/portal demo $(ARGS)

test: setup
	go vet ./...
	@echo "The pages and journeys come first: a quarter of an hour until the first line." >&2
	go test -vet=off -p $(AT_ONCE) -timeout 19m $(ARGS) ./portal ./...
	$(if $(ARGS),,@$(MAKE) --no-print-directory hsm)

# How each page of the browser journeys looks, in screenshots/: for whoever looks after the design.
pictures: setup
	PICTURES=1 go test ./portal -count=1 -timeout 30m $(ARGS)

# The keeper's hardware module, on SoftHSM. It is C, so it is not in the plain build.
hsm:
	@if command -v cc >/dev/null && command -v softhsm2-util >/dev/null; then set -ex; \
		go vet -tags hsm ./portal/keeper/... ./cmd/portal; \
		go test -vet=off -tags hsm ./portal/keeper ./cmd/portal -run 'HSM|TestEveryBackEndDoesTheSame/pkcs11'; \
	else echo "SoftHSM or a C compiler is missing (make setup): the keeper's hardware module was not tested." >&2; fi

lint:
	@unformatted=$$(gofmt -l assets.go cmd portal); \
	[ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go vet -tags lab ./cmd/portal
	go run $(STATICCHECK) ./...

bench: setup
	go test -p 1 -run '^$$' -bench . -benchmem -timeout 30m $(ARGS) ./...

# Everything that parses, 30 seconds each: make fuzz FUZZTIME=10m
FUZZTIME ?= 30s
fuzz:
	@for p in $$(go list ./portal/...); do \
		all=$$(go test -list '^Fuzz' $$p) || exit 1; \
		for f in $$(echo "$$all" | grep '^Fuzz'); do \
			echo "$$p $$f" >&2; \
			go test $$p -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; \
		done; \
	done

# What CI does a part of: every bit of the genuine signatures flipped, and every
# public message shown to OpenSSL, too. Some minutes.
campaigns:
	go test ./portal/filing -count=1 -timeout 30m -run RandomLives -rapid.checks=2000 -v | grep -v '^=== \|INFO'
	CANARY=all go test ./portal/canary -count=1 -timeout 30m -run TestNothing -v | grep -v '^=== \|INFO'
	FENCES=all go test ./portal -count=1 -timeout 30m -run 'TestEachFenceIsTakenOff|TestNothingOpensAfter' -v | grep -v '^=== \|INFO'
	AGAIN=all go test ./portal -count=1 -timeout 60m -run TestWhatIsShownAgainIsWhat -v | grep -v '^=== \|INFO'
	AXE=all go test ./portal -count=1 -timeout 30m -run TestAxe -v | grep -v '^=== \|INFO'
	CRAWL=all go test ./portal -count=1 -timeout 30m -run TestNobodyReaches -v | grep -v '^=== \|INFO'
	SLOW=2000 go test ./cmd/portal -count=1 -timeout 30m -run TestSlowClients -v | grep -v '^=== \|^{'
	EDS_FLIPS=all EDS_DIFFERENTIAL=all go test ./portal/eds/... -count=1 -timeout 30m -run 'NoBit|NoByte|Flip|OpenSSL' -v | grep -v '^=== '

# Whether a known weakness of a component of others can be reached: before each release, and each week.
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
vulnerable:
	go run $(GOVULNCHECK) ./...

# The malformed files in little memory: the process may have 2 GiB of addresses.
hostile:
	@mkdir -p .portal/bin && go test -c -o .portal/bin/eds.test ./portal/eds
	cd portal/eds && (ulimit -v 2097152; GOMEMLIMIT=256MiB ../../.portal/bin/eds.test -test.run 'TestSuites/corpus' -test.v | grep -v '^=== ')

# Our signatures beside gost-engine and OpenSSL; the portal under a flood.
perf:
	go run ./cmd/perfbench crypto
	go run ./cmd/perfbench flood
	go run ./cmd/perfbench signin
	go run ./cmd/perfbench reports
	go run ./cmd/perfbench page
	go run ./cmd/perfbench status
	go run ./cmd/perfbench file

# A million filings, then their people: some twenty minutes, and 10 GB while it runs. With
# ARGS="-keep DIR" the country stays for the next run, which then begins at once.
load: setup
	go run ./cmd/loadtest -size 1000000 $(ARGS)

# The portal, its database, keeper and auditor killed and cut off while people file: some
# four minutes; then twelve defects built in on purpose, each of which must be seen: ten.
faults: setup
	go run ./cmd/faultlab run -faults portal,postmaster,portal,backend -cycles 50 -wait 500ms
	go run ./cmd/faultlab planted -q

# Three machines of cmd/portal/deploy/ha and two portals on this one; who leads goes while
# people file, and nothing acknowledged may go with it. About a minute each time. Patroni
# and etcd are installed for this alone; they are started by the lab, and nowhere else.
CYCLES ?= 20
failover: setup
	@command -v patroni >/dev/null && command -v etcd >/dev/null || { \
		as=; [ "$$(id -u)" = 0 ] || as=sudo; echo "Installing patroni, python3-etcd and etcd-server." >&2; \
		$$as env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends patroni python3-etcd etcd-server >/dev/null; }
	go run ./cmd/faultlab failover -cycles $(CYCLES) $(ARGS)

# A server put back to twenty moments while people file: what was acknowledged before each
# is there, what was sent after is not, and what a witness has seen beyond is named.
recovery: setup
	RECOVERY=20 go test ./portal/backup -count=1 -timeout 30m -run PutBackToAny -v | grep -v '^=== '

# Files in a bucket of a real S3 server: versitygw, which is built here (some minutes).
VERSITYGW := github.com/versity/versitygw/cmd/versitygw@v1.8.0
s3: setup
	@[ -x .portal/bin/versitygw ] || GOBIN=$(CURDIR)/.portal/bin go install $(VERSITYGW)
	S3=must go test ./portal/bucket -count=1 -timeout 10m -v | grep -v '^=== '

setup:
	@.ci/setup
