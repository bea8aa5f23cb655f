//go:build port

package scan

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestScanIsAskedForOnceWhateverBecomesOfIt(t *testing.T) {
	gone := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	never := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	for what, c := range map[string]struct {
		answer  http.Handler
		started bool // perhaps
	}{
		"refused":        {status(http.StatusForbidden), false},
		"a bad option":   {status(http.StatusUnprocessableEntity), false},
		"a failure":      {status(http.StatusInternalServerError), true},
		"no answer":      {gone, true},
		"late":           {never, true},
		"no task at all": {status(http.StatusOK), true},
	} {
		t.Run(what, func(t *testing.T) {
			console := &puts{Console: simulator.New(simulator.Options{Assets: 40}), answer: c.answer}
			got := console.scan(t, console.OrganizationToken(0), "--site=Headquarters", "--hosted-zone=auto", "--runzero.timeout=300ms")
			says := "no scan was started"
			if c.started {
				says = "whether the scan was started is not known"
			}
			if got.code != 1 || len(console.asked()) != 1 || !strings.Contains(got.log, says) {
				t.Errorf("exit code %d, sent %d times: %q, want %q", got.code, len(console.asked()), got.log, says)
			}
		})
	}
}

func TestScanOfSeveralAccountsAndCredentials(t *testing.T) {
	console := &puts{Console: simulator.New(simulator.Options{Assets: 40})}
	url := listen(t, console)
	file := write(t, fmt.Sprintf(`accounts:
- name: reads
  url: %s
  credentials: [{authorization: {credentials: %s}}]
- name: writes
  url: %s
  organizations: {include: [Brightwater Clinics]}
  credentials:
  - {name: exports, authorization: {credentials: %s}}
  - {name: first, authorization: {credentials: %s}}
  - {name: second, authorization: {credentials: %s}}
`, url, console.ExportToken(0), url, console.ExportToken(0), console.OrganizationToken(0), console.OrganizationToken(1)))
	run := func(args ...string) (int, string) {
		console.forget()
		code, out, log := command(t, t.Context(), append([]string{"scan", "--config.file", file, "--site=Headquarters", "--hosted-zone=auto"}, args...)...)
		return code, out + log
	}
	if code, said := run(); code != 1 || !strings.Contains(said, "one of reads, writes") {
		t.Errorf("exit code %d, %q", code, said)
	}
	if code, said := run("--account=neither"); code != 1 || !strings.Contains(said, "no account") {
		t.Errorf("exit code %d, %q", code, said)
	}
	if code, said := run("--account=reads"); code != 1 || !strings.Contains(said, "only reads") {
		t.Errorf("exit code %d, %q", code, said)
	}
	// The only organization that is polled, and one that is named.
	for i, args := range [][]string{{"--runzero.organization=Halvorsen Logistics"}, nil} {
		code, said := run(append([]string{"--account=writes"}, args...)...)
		if want := console.Organizations()[i].Sites[0].ID; code != 0 || len(console.asked()) != 1 || !strings.Contains(console.asked()[0], want) {
			t.Errorf("exit code %d, sent %q, want site %s: %s", code, console.asked(), want, said)
		}
	}
}
