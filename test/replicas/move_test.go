package replicas

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// The files of a folder are copied to an empty Redis, as docs/replicas.md says, or they are those of the version that saved
// all states in one. The replicas go on from there.
func TestReplicasGoOnFromWhatOthersHaveLeft(t *testing.T) {
	for name, change := range map[string]func(*testing.T, string){
		"the files of a folder": func(*testing.T, string) {}, "the version before": func(t *testing.T, dir string) { harness.ToBefore(t, dir) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				setup := harness.Before()
				setup.On = simulator.New(setup.Console)
				g := &group{t: t, redis: harness.NewRedis(t), console: setup.On, setup: setup}
				setup.CacheDir = harness.CacheDir(t)
				w := harness.Start(t, setup)
				w.Pass(20 * time.Minute)
				w.Stop()
				change(t, setup.CacheDir)
				copyFiles(t, g.redis, setup.CacheDir)

				leader, follower := g.start(nil), g.start(nil)
				for range 2 {
					g.pass(time.Minute)
					if n := len(g.calls); n > 0 || !leader.Exporter.Ready() || !follower.Exporter.Ready() {
						t.Fatalf("%d requests for what is not due: %v", n, g.calls)
					}
					g.expectEqual(leader, follower)
					follower.stop()
					leader.stop()
					leader, follower = g.start(nil), g.start(nil) // which know nothing
				}
				g.pass(time.Minute)
				g.pass(time.Hour) // in which everything is due
				g.expectEqual(leader, follower)
				g.leader().stop()
				g.pass(time.Minute)
				g.expectNoPollTwice()
				for _, key := range g.redis.Keys() {
					text, _ := g.redis.Get(key)
					if strings.HasSuffix(key, ".log") || strings.HasSuffix(key, "/state.prom") && strings.Contains(text, `"Jobs"`) {
						t.Errorf("%s is left behind:\n%s", key, text)
					}
				}
			})
		})
	}
}

func copyFiles(t *testing.T, redis *harness.Redis, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%q, %v", files, err)
	}
	for n, file := range files {
		text, err := os.ReadFile(file)
		name, outside := filepath.Rel(dir, file)
		if err != nil || outside != nil {
			t.Fatal(err, outside)
		}
		_ = redis.Set("{runzero_exporter}:"+filepath.ToSlash(name), string(text))
		_, _ = redis.ZAdd("{runzero_exporter}:versions", float64(n+1), filepath.ToSlash(name))
		_ = redis.Set("{runzero_exporter}:version", "1000")
	}
}

// A follower reads what is new, and nothing else.
func TestAFollowerReadsOnlyWhatIsNew(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		g.settle()
		var mu sync.Mutex
		read, written := map[string]int{}, map[string]int{}
		g.redis.Fail(func(command string, args []string) string {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case command == "GET":
				read[args[0]]++
			case command == "EVALSHA" && args[1] == "4":
				written[args[5]]++
			}
			return ""
		})
		g.pass(time.Hour)
		mu.Lock()
		defer mu.Unlock()
		polls := 0
		for key, n := range read {
			if strings.Contains(key, "/poll-") {
				polls++
			}
			if n > written[key] && strings.Contains(key, "/") && !strings.HasSuffix(key, "/state.prom") {
				t.Errorf("%s was written %d times, and read %d times", key, written[key], n)
			}
		}
		if polls == 0 {
			t.Error("no state of a poll was read")
		}
	})
}
