package browser

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// patience is how long a test waits for a condition: far longer than it ever takes, because the machine may be busy.
const patience = time.Minute

var program string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "browser")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(folder, "runzero_exporter")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir, build.Stderr = "../..", os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// state is a state of the exporter that the page has to show.
type state struct {
	name    string
	console simulator.Options
	token   string            // instead of an account token
	later   []simulator.Fault // once everything has been polled
	args    []string
	verdict string // a pattern: what the page must say

	// organizations replaces the program by its page alone: the first polls of hundreds of them take minutes. The first
	// organizations are failing.
	organizations, failing int
	replica                *poller.Replica // likewise; nil: there are no others
}

func states() []state {
	notFound := "<html>no such page</html>"
	return []state{
		{name: "demo", args: []string{"--demo"}, verdict: `^All \d+ polls succeed\.$`},
		{name: "healthy", console: simulator.Options{Organizations: 1}, args: []string{"--web.grafana-url=https://grafana.example.com"}, verdict: `^All \d+ polls succeed\.$`},
		{name: "refused", token: "ET" + strings.Repeat("0", 30), verdict: `the console refuses the token`},
		{
			name: "failing", console: simulator.Options{Limit: 100_000_000}, args: []string{"--cache.interval=1s", "--collector.assets.refresh=interval", "--collector.sites.interval=1s"},
			later: []simulator.Fault{
				{Path: "/export/org/assets.jsonl", Status: http.StatusOK, Body: &notFound, ContentType: "text/html"},
				{Path: "/account/sites", Status: http.StatusOK, Truncate: 100},
			},
			verdict: `fail: .*more`,
		},
		{name: "paused", console: simulator.Options{Limit: 20}, verdict: `^Polling is paused`},
		{name: "follows", organizations: 3, replica: &poller.Replica{Leader: "runzero-exporter-7d9c6b5f4-x2x8q", Since: time.Now().Add(-3 * time.Hour), StoreUp: true, Synced: time.Now()}},
		{name: "store-away", organizations: 3, replica: &poller.Replica{Leader: "runzero-exporter-7d9c6b5f4-x2x8q", Synced: time.Now().Add(-time.Hour)}},
		{name: "300-organizations", organizations: 300},
		{name: "300-organizations-failing", organizations: 300, failing: 40},
	}
}

// start runs the exporter in the state, and returns the address of its page.
func (s state) start(t *testing.T) string {
	t.Helper()
	if s.organizations > 0 {
		return s.pageOnly(t)
	}
	console := simulator.New(s.console)
	server := httptest.NewServer(console)
	t.Cleanup(server.Close)
	token := s.token
	if token == "" {
		token = console.AccountToken()
	}
	command := exec.CommandContext(t.Context(), program, append([]string{"--web.listen-address=127.0.0.1:0", "--runzero.url=" + server.URL}, s.args...)...)
	command.Env = []string{"RUNZERO_TOKEN=" + token}
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() })
	lines := bufio.NewScanner(log)
	address := ""
	for address == "" && lines.Scan() {
		address = regexp.MustCompile(`address=(127\.0\.0\.1:\d+)`).FindStringSubmatch(lines.Text() + " address=127.0.0.1:0")[1]
		if strings.HasSuffix(address, ":0") {
			address = ""
		}
	}
	go func() {
		for lines.Scan() { // so that it can go on logging
		}
	}()
	page := "http://" + address + "/"
	if len(s.later) > 0 {
		await(t, page, `^All \d+ polls succeed\.$`)
	}
	for _, fault := range s.later {
		console.Inject(fault)
	}
	await(t, page, s.verdict)
	return page
}

// await waits until the exporter's verdict is the one that is wanted.
func await(t *testing.T, page, verdict string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline, last := time.Now().Add(patience), ""
	for time.Now().Before(deadline) {
		<-tick.C
		response, err := http.Get(page + "api/v1/status")
		if err != nil {
			continue
		}
		status := struct {
			Verdict string
			Ready   bool
		}{}
		err = json.NewDecoder(response.Body).Decode(&status)
		_ = response.Body.Close()
		if last = status.Verdict; err == nil && status.Ready && regexp.MustCompile(verdict).MatchString(last) {
			return
		}
	}
	t.Fatalf("the verdict is %q, not %s", last, verdict)
}
