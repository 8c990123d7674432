//go:build slow

package main

import (
	"testing"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
)

func runTests(m *testing.M) { pgtest.Main(m) }
