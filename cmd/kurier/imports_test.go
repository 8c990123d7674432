package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which folders of the module a folder may import, besides folders below itself. A folder stands for everything below it
// that has no row of its own.
var allowed = map[string][]string{
	"plugins/data":               {},
	"plugins/config":             {},
	"plugins/connect":            {"plugins/data", "plugins/config"},
	"plugins/registry":           {"plugins/connect", "plugins/config"},
	"plugins/wire":               {"plugins/connect", "plugins/data", "plugins/config"},
	"plugins/host":               {"plugins/wire", "plugins/registry", "plugins/connect", "plugins/config"},
	"plugins/serve":              {"plugins/wire", "plugins/registry", "plugins/connect", "plugins/config"},
	"plugins/plugintest":         {"plugins/host", "plugins/serve", "plugins/wire", "plugins/registry", "plugins/connect", "plugins/data", "plugins/config"},
	"converters":                 {"plugins/connect", "plugins/data", "plugins/config", "plugins/registry"},
	"transforms":                 {"plugins/connect", "plugins/data", "plugins/config", "plugins/registry", "converters/simpledate", "converters/javatext", "converters/lru", "converters/values"},
	"connectors":                 {"plugins/connect", "plugins/data", "plugins/config", "plugins/registry"},
	"broker":                     {},
	"broker/schemaregistry":      {"converters/avroconv/avroschema", "converters/protoconv/protoschema", "converters/jsonschemaconv/jsonschema"},
	"interop":                    {},
	"runtime/assign":             {},
	"runtime/settings":           {},
	"runtime/supervise":          {"plugins/connect"},
	"runtime/tail":               {},
	"runtime/bench":              {"plugins"},
	"runtime/kafka":              {"runtime/settings", "plugins/config/ssl"},
	"runtime/membership":         {"runtime/assign"},
	"runtime/store":              {"runtime/assign"},
	"runtime/tolerance":          {"plugins/connect"},
	"runtime/pipeline":           {"plugins", "runtime/tolerance"},
	"runtime/worker":             {"plugins", "runtime/assign", "runtime/kafka", "runtime/pipeline", "runtime/settings", "runtime/store", "runtime/supervise", "runtime/tolerance"},
	"runtime/herder":             {"plugins/config", "plugins/registry", "runtime/assign", "runtime/store"},
	"runtime/herder/distributed": {"plugins/registry", "runtime/assign", "runtime/herder", "runtime/membership", "runtime/settings", "runtime/store", "runtime/worker"},
	"runtime/herder/standalone":  {"runtime/membership"},
	"runtime/validation":         {"plugins", "runtime/herder", "runtime/kafka", "runtime/settings"},
	"runtime/rest":               {"plugins/config", "plugins/registry", "runtime/assign", "runtime/herder", "runtime/settings", "runtime/store"},
	"runtime/app":                {"plugins", "broker", "runtime"},
	"cmd/kurier":                 {"plugins", "broker", "runtime", "converters", "transforms", "connectors"},
}

// confined says where a library may be imported: its types stay behind one folder's interface.
var confined = map[string][]string{
	"github.com/labstack/echo":           {"runtime/rest"},
	"github.com/jackc/pgx":               {"connectors/postgres"},
	"github.com/hashicorp/go-plugin":     {"plugins/host", "plugins/serve", "plugins/wire"},
	"google.golang.org/grpc":             {"plugins/host", "plugins/serve", "plugins/wire", "plugins/plugintest"},
	"github.com/spf13/cobra":             {"cmd/kurier"},
	"github.com/twmb/franz-go/pkg/kfake": {}, // tests only
	"github.com/prometheus":              {"broker/metrics"},
	"github.com/anishathalye/porcupine":  {}, // tests only
	"github.com/linkedin/goavro":         {"converters/avroconv"},
	"github.com/bufbuild/protocompile":   {"converters/protoconv"},
	"github.com/santhosh-tekuri":         {"converters/jsonschemaconv"},
	"github.com/dlclark/regexp2":         {"transforms/javaregex"},
	"github.com/twmb/franz-go/pkg/sr":    {}, // tests only
	"github.com/twmb/avro":               {}, // tests only
	"github.com/google/go-cmp":           {"plugins/plugintest"},
	"pgregory.net/rapid":                 {},
	"github.com/cockroachdb/datadriven":  {},
	"go.uber.org/goleak":                 {},
}

const module = "github.com/kurier-io/kurier/"

// TestImportsFollowTheArchitecture keeps the edges between folders to those that ARCHITECTURE.md draws.
func TestImportsFollowTheArchitecture(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		folder := strings.TrimPrefix(p.ImportPath, module)
		row := rowOf(folder)
		if row == "" {
			t.Errorf("%s has no row in the table: decide what it may import", folder)
			continue
		}
		for _, imp := range p.Imports {
			checkImport(t, folder, row, imp)
		}
	}
	if seen < 30 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

func checkImport(t *testing.T, folder, row, imp string) {
	t.Helper()
	if target, ours := strings.CutPrefix(imp, module); ours {
		if !within(target, row) && !slices.ContainsFunc(allowed[row], func(a string) bool { return within(target, a) }) {
			t.Errorf("%s imports %s, which the architecture does not allow", folder, target)
		}
		return
	}
	for lib, homes := range confined {
		if within(imp, lib) && !slices.ContainsFunc(homes, func(h string) bool { return within(folder, h) }) {
			t.Errorf("%s imports %s, which belongs into %v", folder, imp, homes)
		}
	}
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// rowOf returns the longest row that holds the folder.
func rowOf(folder string) string {
	best := ""
	for row := range allowed {
		if within(folder, row) && len(row) > len(best) {
			best = row
		}
	}
	return best
}
