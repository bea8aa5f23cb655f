package runzero_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// garble makes something of a body that is almost, or not at all, what it was.
func garble(random *rand.Rand, body []byte) []byte {
	pieces := []string{"{", "}", "[", "]", ",", ":", `"`, "\\", "\n", "null", "true", "1e9", "-0", `"id"`, `"next_key"`, `"sites"`, "\xff", "\xef\xbb\xbf", "<", `{"error":"x"}`, `\u0000`, "\x00", `""`}
	body = bytes.Clone(body)
	for range 1 + random.IntN(4) {
		at := random.IntN(len(body) + 1)
		end := min(len(body), at+random.IntN(20))
		switch random.IntN(5) {
		case 0: // cut off
			body = body[:at]
		case 1: // one byte changed
			if at < len(body) {
				body[at] = byte(random.Uint32())
			}
		case 2: // something put in
			body = append(body[:at:at], append([]byte(pieces[random.IntN(len(pieces))]), body[at:]...)...)
		case 3: // something left out
			body = append(body[:at:at], body[end:]...)
		default: // something repeated
			body = append(body[:end:end], body[at:]...)
		}
	}
	return body
}

// Whatever comes: nothing panics, no row is without an id, an error is the last
// thing and shows nothing of the body, and the observer hears of each exchange.
func TestNoBodyYieldsARowWithoutAnID(t *testing.T) {
	compact := strings.NewReplacer("\n", "")
	samples := [][]byte{
		[]byte(compact.Replace(childTask) + "\n" + compact.Replace(failingSchedule) + "\n" + compact.Replace(newSchedule)),
		[]byte("[" + childTask + "," + newSchedule + "]"),
		[]byte(`{"tasks":[` + failingSchedule + `,` + childTask + `],"next_key":"topsecret"}`),
		[]byte(`{"error":"topsecret"}`),
	}
	var body []byte
	seen := &recorder{}
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("start_key") {
			_, _ = w.Write([]byte("[]"))
			return
		}
		_, _ = w.Write(body)
	}), runzero.Config{Observer: seen})
	random := rand.New(rand.NewPCG(1, 2))
	rows, failed := 0, 0
	for range 2000 {
		body = garble(random, samples[random.IntN(len(samples))])
		var last error
		for task, err := range client.Tasks(t.Context(), "") {
			if last != nil {
				t.Fatalf("%q: a row after the error %v", body, last)
			}
			if last = err; err != nil {
				failed++
				if text := err.Error(); strings.Contains(text, "secret") || !utf8.ValidString(text) {
					t.Errorf("%q: error %q", body, text)
				}
				continue
			}
			rows++
			if task.ID == "" || !utf8.ValidString(task.Name) || !utf8.ValidString(task.SiteID) {
				t.Errorf("%q: task %+v", body, task)
			}
		}
	}
	if rows == 0 || failed == 0 {
		t.Errorf("%d rows and %d errors: this proves nothing", rows, failed)
	}
	if answered, finished := seen.take(); len(answered) != len(finished) || len(answered) < 2000 {
		t.Errorf("%d exchanges answered, %d finished", len(answered), len(finished))
	}
}

// The same for what is not streamed, or counted, or one object.
func TestNoBodyMakesARecordOfNothing(t *testing.T) {
	compact := strings.NewReplacer("\n", "")
	samples := [][]byte{
		[]byte(plantedOrganization), []byte("[" + plantedOrganization + "]"),
		[]byte(plantedExplorer), []byte("[" + plantedExplorer + "," + plantedExplorer + "]"), []byte(plantedZone), []byte(plantedLicense),
		[]byte(compact.Replace(plantedExplorer + "\n" + plantedZone)), []byte(`{"explorers":[` + plantedExplorer + `],"next_key":null}`),
		[]byte(`{"id":"agent","version":"5.1.260818.0 (build PLANTED)"}`), []byte(newTask), []byte(`{"error":"PLANTED"}`),
		[]byte(compact.Replace(plantedService + "\n" + plantedCertificate)),
	}
	var body []byte
	console := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("start_key") {
			_, _ = w.Write([]byte("[]"))
			return
		}
		_, _ = w.Write(body)
	})
	config := runzero.Config{HTTP: withToken(organizationToken), Write: true}
	client := serve(t, console, config)
	random := rand.New(rand.NewPCG(3, 4))
	read, failed := map[string]int{}, map[string]int{}
	for range 500 {
		body = garble(random, samples[random.IntN(len(samples))])
		check := func(what, id, name string, err error) {
			t.Helper()
			if err != nil {
				failed[what]++
				if text := err.Error(); strings.Contains(text, "PLANTED") || !utf8.ValidString(text) {
					t.Errorf("%q: %s: error %q", body, what, text)
				}
				return
			}
			read[what]++
			if id == "" || !utf8.ValidString(name) {
				t.Errorf("%q: %s %q without an id, or named so that it cannot be shown", body, what, name)
			}
		}
		o, err := client.Organization(t.Context(), "")
		check("organization", o.ID, o.Name, err)
		for e, err := range client.Explorers(t.Context(), "") {
			check("explorer", e.ID, e.Name+e.Version+e.OS+e.Arch, err)
		}
		for z, err := range client.HostedZones(t.Context(), "") {
			check("zone", z.ID, z.Name, err)
		}
		for s, err := range client.AccountSites(t.Context()) {
			check("site", s.ID, s.Name, err)
		}
		task, err := client.StartScan(t.Context(), "", "a", nil)
		check("task", task.ID, task.Name, err)
		l, err := client.License(t.Context())
		check("licence", "none", l.Type, err)
		n, err := client.Count(t.Context(), "", "services", "")
		check("count", strings.Repeat("n", int(n)+1), "", err)
		for v, err := range client.Services(t.Context(), "") {
			check("service", "none", v.Protocol+v.Transport+v.Port, err)
		}
		for c, err := range client.Certificates(t.Context(), "") {
			check("certificate", "none", c.Type, err)
		}
		version, err := serve(t, console, config).ExplorerRelease(t.Context())
		check("release", version, version, err)
	}
	for _, what := range []string{"organization", "explorer", "zone", "site", "task", "licence", "count", "service", "certificate", "release"} {
		if read[what] == 0 || failed[what] == 0 {
			t.Errorf("%s: %d read and %d errors: this proves nothing", what, read[what], failed[what])
		}
	}
}
