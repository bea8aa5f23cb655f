package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// unobserved is an observer that does not look.
type unobserved struct{}

func (unobserved) granted(string)                        {}
func (unobserved) written(string, string, int64, []byte) {}
func (unobserved) lost()                                 {}

// The scripts do in Redis what the model does in memory.
func TestModelIsLikeRedis(t *testing.T) {
	t.Run("model", func(t *testing.T) {
		now := time.Now()
		m := newMemory(func() time.Time { return now }, unobserved{})
		expectSteps(t, m, func(d time.Duration) { now = now.Add(d) })
	})
	t.Run("redis", func(t *testing.T) {
		m := miniredis.RunT(t)
		client := redis.NewClient(&redis.Options{Addr: m.Addr(), DisableIdentity: true})
		t.Cleanup(func() { _ = client.Close() })
		expectSteps(t, newDatabase(client, defaultPrefix), m.FastForward)
	})
}

func expectSteps(t *testing.T, s server, pass func(time.Duration)) {
	ctx := t.Context()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 8, time.FixedZone("", 3600))
	a, b := leader{Leader{"pod-a", noon}, "a"}, leader{Leader{"pod-b", noon.Add(time.Hour)}, "b"}
	expect := func(want string, values ...any) {
		t.Helper()
		if got := strings.TrimSpace(fmt.Sprintln(values...)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	look := func(want string) {
		t.Helper()
		v, err := s.look(ctx)
		expect(want, v.Name, v.id, v.token, v.Since.Format(time.RFC3339Nano), v.version, err)
	}
	acquire := func(want string, l leader, least int64) {
		t.Helper()
		term, ok, err := s.acquire(ctx, l, least, 30*time.Second)
		expect(want, term, ok, err)
	}
	renew := func(want, token string) {
		t.Helper()
		ok, err := s.renew(ctx, token, 30*time.Second)
		expect(want, ok, err)
	}
	write := func(want, token, name string, kept, version int64, data string) {
		t.Helper()
		expect(want, s.write(ctx, token, name, kept, version, []byte(data)))
	}
	read := func(want, name string) {
		t.Helper()
		data, err := s.read(ctx, name)
		expect(want, fmt.Sprintf("%q", data), data == nil, err)
	}
	versions := func(want string, after int64) {
		t.Helper()
		later, err := s.versions(ctx, after)
		expect(want, later, err)
	}
	const (
		over, late, done = "the lease is over", "a later write has overtaken this one", "<nil>"
		nobody           = "0001-01-01T00:00:00Z"
	)
	// A new server has nothing, and takes nothing without a lease.
	look(nobody + " 0 <nil>")
	read(`"" true <nil>`, "x")
	versions("map[] <nil>", 0)
	write(over, "1-a", "x", 0, 1, "none")
	renew("false <nil>", "1-a")

	// A lease is one replica's until it ends. Its token is large: a number from a clock.
	acquire("1772600000001 true <nil>", a, 1_772_600_000_000)
	look("pod-a a 1772600000001-a 2026-03-04T11:00:00Z 1772600000001 <nil>")
	acquire("0 false <nil>", b, 1_800_000_000_000)
	pass(29 * time.Second)
	renew("true <nil>", "1772600000001-a")
	pass(29 * time.Second)
	acquire("0 false <nil>", b, 0)

	// Each write has a later version than all before, and none is accepted when something was lost before it.
	const one = "1772600000001-a"
	write(done, one, "x", 1_772_600_000_001, 1_772_600_000_002, "\x00\xff first")
	write(done, one, "y", 1_772_600_000_002, 1_772_600_000_005, "")
	write(late, one, "x", 1_772_600_000_002, 1_772_600_000_005, "late")
	write(late, one, "z", 1_772_600_000_002, 1_772_600_000_004, "late")
	write(over, one, "x", 1_772_600_000_006, 1_772_600_000_007, "after a loss")
	write(over, "1772600000001-b", "x", 0, 1_772_600_000_009, "of another")
	read(`"\x00\xff first" false <nil>`, "x")
	read(`"" false <nil>`, "y")
	read(`"" true <nil>`, "z")
	versions("map[x:1772600000002 y:1772600000005] <nil>", 0)
	versions("map[y:1772600000005] <nil>", 1_772_600_000_002)
	versions("map[] <nil>", 1_772_600_000_005)

	// Its owner may take the lease again: the answer may have been lost. The former token is no good any more.
	acquire("1772600000006 true <nil>", a, 0)
	write(over, one, "x", 0, 1_772_600_000_010, "former")
	renew("false <nil>", one)

	// Only the owner can release it. Versions go on after that, and after its time is over.
	expect(done, s.release(ctx, "b"))
	acquire("0 false <nil>", b, 0)
	expect(done, s.release(ctx, "a"))
	look(nobody + " 1772600000006 <nil>")
	acquire("1772600000007 true <nil>", b, 0)
	look("pod-b b 1772600000007-b 2026-03-04T12:00:00Z 1772600000007 <nil>")
	write(over, "1772600000006-a", "x", 0, 1_772_600_000_010, "of another")
	pass(30 * time.Second)
	look(nobody + " 1772600000007 <nil>")
	acquire("1772600000008 true <nil>", a, 0)

	// What was written after a removal was asked for stays.
	const two = "1772600000008-a"
	write(done, two, "x", 0, 1_772_600_000_010, "second")
	expect(over, s.remove(ctx, one, 1_772_600_000_020, []string{"x", "y"}))
	expect(done, s.remove(ctx, two, 1_772_600_000_009, []string{"x", "y", "z"}))
	read(`"second" false <nil>`, "x")
	read(`"" true <nil>`, "y")
	versions("map[x:1772600000010] <nil>", 0)
	expect(done, s.remove(ctx, two, 1_772_600_000_010, []string{"x"}))
	read(`"" true <nil>`, "x")
	look("pod-a a 1772600000008-a 2026-03-04T11:00:00Z 1772600000010 <nil>")
}
