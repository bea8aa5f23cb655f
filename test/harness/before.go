package harness

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Before is a console of which the version that saved all states in one file has polled everything, and stopped after 20
// minutes.
func Before() Setup {
	return Setup{Console: simulator.Options{Organizations: 2, Sites: 2, Assets: 5, Limit: 10_000}, Token: (*simulator.Console).AccountToken}
}

//go:embed testdata/states.json
var statesBefore string

// ToBefore makes the folder of an exporter that has polled that console, too, one of that version.
func ToBefore(t testing.TB, dir string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*", "state.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%q, %v", logs, err)
	}
	text, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	head := strings.Replace(string(bytes.Split(text, []byte("\n"))[1]), "state.log", "state.prom", 1)
	file := "# runzero_exporter state 1\n" + head + "\n" + statesBefore
	file = fmt.Sprintf("%s# sha256 %x\n", file, sha256.Sum256([]byte(file)))
	if err := os.WriteFile(filepath.Join(filepath.Dir(logs[0]), "state.prom"), []byte(file), 0o600); err != nil { //nolint:gosec // a folder of the test
		t.Fatal(err)
	}
	if err := os.Remove(logs[0]); err != nil {
		t.Fatal(err)
	}
}
