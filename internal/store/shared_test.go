package store

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	miniserver "github.com/alicebob/miniredis/v2/server"
	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
)

// shared is a replica of a test that drives it: nothing happens between the calls of step.
type shared struct {
	*Shared
	t   testing.TB
	now time.Time
	log bytes.Buffer
}

func openShared(t testing.TB, at Redis) *shared {
	t.Helper()
	s := &shared{t: t, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	var err error
	if s.Shared, err = OpenShared(t.Context(), at, Options{Logger: log.NewLogfmtLogger(&s.log), Now: func() time.Time { return s.now }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// step is a second of Run.
func (s *shared) step() {
	s.now = s.now.Add(time.Second)
	s.note(asking, s.tend(s.t.Context()))
	select {
	case <-s.again:
		s.retry()
	default:
	}
	s.work()
}

// lead makes the replica the one that saves.
func (s *shared) lead() *shared {
	s.t.Helper()
	for range 10 {
		s.step()
		if state := s.State(); state.Term != 0 && s.Loaded(state.Term, state.Version) {
			return s
		}
	}
	s.t.Fatalf("it does not lead: %s", s.log.String())
	return s
}

// logged returns what was logged since the last call.
func (s *shared) logged() []string {
	lines := slices.Collect(strings.Lines(s.log.String()))
	s.log.Reset()
	return lines
}

func (s *shared) expectLogged(parts ...string) {
	s.t.Helper()
	lines := s.logged()
	if len(lines) != len(parts) {
		s.t.Errorf("logged %q, want %q", lines, parts)
		return
	}
	for i, part := range parts {
		if !strings.Contains(lines[i], part) {
			s.t.Errorf("logged %q, want %q", lines[i], part)
		}
	}
}

var sites, ofPair = Key{pair, "1", "sites"}, Key{Account: pair}

func result(second int64) Snapshot {
	gauge := &dto.Metric{Gauge: &dto.Gauge{Value: new(float64(second))}}
	return Snapshot{
		Families: []*dto.MetricFamily{{Name: new("runzero_sites"), Help: new("Sites."), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{gauge}}},
		Success:  time.Unix(second, 0),
	}
}

func (s *shared) expectResult(second int64) {
	s.t.Helper()
	snapshot, found := s.LoadSnapshot(sites, "")
	if got := snapshot.Success.Unix(); found != (second != 0) || found && got != second {
		s.t.Errorf("loaded the result of %d (%v), want that of %d", got, found, second)
	}
}

func at(m *miniredis.Miniredis) Redis { return Redis{URL: "redis://" + m.Addr()} }

func TestReplicaFollowsTheLeader(t *testing.T) {
	m := miniredis.RunT(t)
	leader := openShared(t, at(m)).lead()
	follower := openShared(t, at(m))
	leader.Save(sites, "", result(1))
	leader.SaveState(ofPair, "first")
	leader.SaveState(sites, "second")
	leader.step()
	if err := leader.Recorded(t.Context()); err != nil || leader.Permit() != nil {
		t.Errorf("the leader may not poll: %v, %v", err, leader.Permit())
	}
	follower.step()
	state := follower.State()
	follower.expectResult(1)
	var text string
	if !load(follower, sites, &text) || text != "second" {
		t.Errorf("the follower loads the state %q of a poll", text)
	}
	if !load(follower, ofPair, &text) || text != "first" || !follower.Loaded(0, state.Version) {
		t.Errorf("the follower loads the state %q", text)
	}
	if s := follower.State(); s.Leader.Name == "" || s.Term != 0 || !s.Up || !s.Synced.Equal(follower.now) || follower.Permit() == nil {
		t.Errorf("the follower is %+v", s)
	}
	follower.Save(sites, "", result(2)) // is not up to it
	follower.step()
	leader.Save(sites, "", result(3))
	leader.step()
	follower.step()
	if follower.State().Version <= state.Version || follower.Version(sites) <= state.Version || follower.StateVersion(ofPair) > state.Version {
		t.Errorf("versions after %d: %d, of the entry %d", state.Version, follower.State().Version, follower.Version(sites))
	}
	follower.expectResult(3)
	leader.Prune(pair, nil)
	leader.step()
	follower.expectResult(0)
	if !load(follower, ofPair, &text) || load(follower, sites, &text) {
		t.Error("the state was removed, or that of the poll was not")
	}
}

func TestEntriesAreReadable(t *testing.T) {
	m := miniredis.RunT(t)
	s := openShared(t, Redis{URL: "redis://" + m.Addr() + "?prefix=siem"}).lead()
	s.Save(sites, "", result(1))
	s.SaveState(ofPair, 12)
	s.SaveState(sites, 13)
	s.step()
	folder := "{siem}:" + pair.folder()
	want := []string{folder + "/poll-1-sites-089628cdb3ff1d56.prom", folder + "/snapshot-1-sites-089628cdb3ff1d56.prom", folder + "/state.prom", "{siem}:lease", "{siem}:version", "{siem}:versions"}
	if keys := m.Keys(); !slices.Equal(keys, want) {
		t.Errorf("keys are %q, want %q", keys, want)
	}
	text, _ := m.Get(want[1])
	for _, part := range []string{"# runzero_exporter snapshot 1\n", `"Collector":"sites"`, "\nrunzero_sites 1\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	name, _ := os.Hostname()
	if got := m.HGet("{siem}:lease", "holder"); got != name {
		t.Errorf("the lease is that of %q, want %q", got, name)
	}
	if ttl := m.TTL(want[0]); ttl != keepUnused {
		t.Errorf("the entry is kept for %s", ttl)
	}
}

func TestEntryThatIsOfNoUseIsReportedOnce(t *testing.T) {
	m := miniredis.RunT(t)
	s := openShared(t, at(m)).lead()
	s.Save(sites, "", result(1))
	s.step()
	s.logged()
	text, _ := m.Get("{runzero_exporter}:" + sites.file())
	_ = m.Set("{runzero_exporter}:"+sites.file(), strings.Replace(text, "snapshot 1", "snapshot 2", 1))
	s.expectResult(0)
	s.expectResult(0)
	s.expectLogged("cached entry ignored")
	s.Save(sites, "", result(2))
	s.step()
	s.expectResult(2)
	s.expectLogged()
}

func TestEmptiedServerIsFilledAgain(t *testing.T) {
	m := miniredis.RunT(t)
	s := openShared(t, at(m)).lead()
	s.Save(sites, "", result(1))
	s.step()
	before := s.State()
	m.FlushAll()
	s.step()
	if after := s.State(); after.Term <= before.Version || after.Version <= before.Version || s.Version(sites) != 0 || s.Permit() == nil {
		t.Errorf("state is %+v after %+v; the entry has version %d", after, before, s.Version(sites))
	}
	if s.Loaded(before.Term, before.Version) || s.Permit() == nil {
		t.Error("what was loaded under the former lease counts for this one")
	}
	s.lead().Save(sites, "", result(1))
	s.step()
	s.expectResult(1)
}

func TestLeaseWhoseGrantWasNotHeardOfIsTakenAgain(t *testing.T) {
	m := miniredis.RunT(t)
	s := openShared(t, at(m))
	if _, ok, err := s.server.acquire(t.Context(), s.self, 0, leaseFor); !ok || err != nil {
		t.Fatal(ok, err)
	}
	refuse(m, "LOADING", func(string, []string) bool { return true })
	s.step()
	refuse(m, "", nil)
	s.step()
	s.expectLogged("cannot be used", "this replica leads", "can be used again")
}

// refuse has a server refuse commands; an empty text ends that.
func refuse(m *miniredis.Miniredis, text string, which func(command string, args []string) bool) {
	m.Server().SetPreHook(func(peer *miniserver.Peer, command string, args ...string) bool {
		refused := text != "" && which(command, args)
		if refused {
			peer.WriteError(text)
		}
		return refused
	})
}

func TestServerThatRefusesIsReportedOnceAndUsedAgain(t *testing.T) {
	writes := func(command string, args []string) bool { return strings.HasPrefix(command, "EVAL") && args[1] == "4" }
	scripts := func(command string, _ []string) bool { return strings.HasPrefix(command, "EVAL") }
	all := func(string, []string) bool { return true }
	for _, c := range []struct {
		err   string
		which func(string, []string) bool
		do    string
	}{
		{"OOM command not allowed when used memory > 'maxmemory'.", writes, "raise its maxmemory"},
		{"READONLY You can't write against a read only replica.", scripts, "name the primary"},
		{"MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.", writes, "look at its log"},
		{"LOADING Redis is loading the dataset in memory", all, "wait until the server is ready"},
		{"NOPERM this user has no permissions to run the 'evalsha' command", scripts, "allow the user"},
		{"NOAUTH Authentication required.", all, "--cache.password-file"},
		{"MOVED 1234 10.0.0.1:6379", all, "name a node of it with addr="},
		{"ERR something else", all, "check --cache.url"},
	} {
		m := miniredis.RunT(t)
		s := openShared(t, at(m)).lead()
		s.logged()
		refuse(m, c.err, c.which)
		for second := range int64(12) { // the lease is to be renewed meanwhile
			s.Save(sites, "", result(1+second))
			s.step()
		}
		if state := s.State(); !state.Held || state.Up || s.Recorded(t.Context()) == nil {
			t.Errorf("%s: state is %+v", c.err, state)
		}
		s.expectLogged(c.do)
		refuse(m, "", nil)
		s.step()
		s.step()
		s.expectLogged("can be used again")
		if state := s.State(); state.Held || !state.Up || s.Recorded(t.Context()) != nil {
			t.Errorf("%s: state is %+v afterwards", c.err, state)
		}
		s.expectResult(12)
	}
}

func TestEntryThatIsTooLargeHoldsUpNothing(t *testing.T) {
	m := miniredis.RunT(t)
	s := openShared(t, at(m)).lead()
	s.logged()
	s.handOver(sites.file(), sites, func() ([]byte, error) { return make([]byte, maxSize+1), nil })
	s.SaveState(ofPair, 1)
	s.step()
	s.step()
	s.expectLogged("larger than any snapshot")
	if err := s.Recorded(t.Context()); err != nil || s.StateVersion(ofPair) == 0 || !s.State().Up {
		t.Errorf("the state has version %d; %v", s.StateVersion(ofPair), err)
	}
}

// A collector that is switched off while its snapshot cannot be written must not keep the others from polling.
func TestPrunedEntryIsNotWrittenAgain(t *testing.T) {
	m := miniredis.RunT(t)
	s := openShared(t, at(m)).lead()
	refuse(m, "OOM", func(command string, args []string) bool {
		return strings.HasPrefix(command, "EVAL") && slices.Contains(args, sites.file())
	})
	s.Save(sites, "", result(1))
	s.step()
	s.Prune(pair, nil)
	s.step()
	if state := s.State(); state.Held || !state.Up {
		t.Errorf("state is %+v", state)
	}
}

func TestPasswordFileIsReadAtEachConnection(t *testing.T) {
	m := miniredis.RunT(t)
	m.RequireUserAuth("exporter", "first")
	file := filepath.Join(t.TempDir(), "password")
	password := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	password("first\n")
	s := openShared(t, Redis{URL: "redis://exporter@" + m.Addr(), PasswordFile: file}).lead()
	s.logged()

	m.RequireUserAuth("exporter", "second")
	restart(t, m)
	s.step()
	s.step()
	s.expectLogged("check the user in --cache.url and the password in --cache.password-file")
	password("second")
	s.step()
	s.expectLogged("can be used again")

	restart(t, m)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	s.step()
	if lines := s.logged(); len(lines) != 1 || !strings.Contains(lines[0], "--cache.password-file: open") {
		t.Errorf("logged %q", lines)
	}
}

// restart ends all connections to a server.
func restart(t *testing.T, m *miniredis.Miniredis) {
	t.Helper()
	m.Close()
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSharedThatIsRequired(t *testing.T) {
	m := miniredis.RunT(t)
	m.RequireAuth("secret")
	_, err := OpenShared(t.Context(), at(m), Options{Logger: log.NewNopLogger(), Required: true})
	if want := "--cache.url: NOAUTH Authentication required: check the user"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	s := openShared(t, at(m)) // which waits
	s.expectLogged("cannot be used")
	m.RequireAuth("")
	s.lead()
}
