# The commands of the README; scripts stand in .ci and examples.
.PHONY: build test test-fast demo interop bench bench-broker chaos fuzz proto clean

build: ## the binary, in bin/
	go build -trimpath -o bin/kurier ./cmd/kurier

test: ## everything: formatting, vet, staticcheck, other systems, all tests
	.ci/test

test-fast: ## what needs no services
	TIER=fast .ci/test

demo: build ## a real PostgreSQL table through a topic into another table, in one minute; DEMO_KEEP=1 stays up
	.ci/install
	examples/postgres-to-postgres/demo.sh

interop: ## real clients of other languages against the broker; needs Java, Maven, Python and Node for all of it
	.ci/install
	.ci/interop

bench: build ## the table of ratios
	.ci/install
	bin/kurier bench

bench-broker: ## the broker against Apache Kafka and against the machine, in about twelve minutes
	.ci/bench-broker

chaos: build ## 20 rounds of kill -9 under load; ROUNDS and SEED may be set
	.ci/install
	.ci/chaos

fuzz: ## every decoder, SECONDS each (60)
	.ci/fuzz $(SECONDS)

proto: ## regenerate the messages of the plugin protocol; needs protoc
	GOBIN=$(CURDIR)/.cache/bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
	GOBIN=$(CURDIR)/.cache/bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
	cd plugins/wire/pluginpb && PATH=$(CURDIR)/.cache/bin:$$PATH protoc --go_out=. --go_opt=paths=source_relative \
		--go-grpc_out=. --go-grpc_opt=paths=source_relative plugin.proto

clean:
	rm -rf bin .cache .kurier
