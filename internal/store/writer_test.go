package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
)

// slowDisk takes a while for each file, and fails while err is set.
type slowDisk struct {
	delay   time.Duration
	err     error
	written []string
}

func (d *slowDisk) replace(name string, data []byte) error {
	time.Sleep(d.delay)
	if d.err == nil {
		d.written = append(d.written, name+"\n"+string(data))
	}
	return d.err
}

// startWriter starts the writer of a new store on a disk. It ends with the test.
func startWriter(t *testing.T, disk *slowDisk) (s *Folder, logged *bytes.Buffer) {
	t.Helper()
	logged = &bytes.Buffer{}
	s, err := Open(t.TempDir(), Options{Logger: log.NewLogfmtLogger(logged)})
	if err != nil {
		t.Fatal(err)
	}
	s.replace, s.append = disk.replace, disk.replace
	go func() { _ = s.Run(t.Context()) }()
	return s, logged
}

// whole is the key of an account's own state.
func whole(account string) Key { return Key{Account: Account{Name: account}} }

func load(s Store, key Key, state any) bool { return s.States(key.Account)(key, state) }

func flush(t *testing.T, s *Folder) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestHangingDiskDelaysOnlyTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		disk := &slowDisk{delay: 10 * time.Second}
		s, _ := startWriter(t, disk)

		s.SaveState(whole("a"), 1)
		synctest.Wait() // the writer is in the middle of the first file
		for n := range 1000 {
			s.SaveState(whole("a"), n)
			s.Save(Key{Collector: "sites"}, "", Snapshot{})
			if !s.Healthy() {
				t.Fatal("a hanging disk is not a failed one")
			}
			if _, found := s.LoadSnapshot(Key{Collector: "sites"}, ""); found {
				t.Fatal("loaded what is not yet written")
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v for the disk", waited)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("Flush returned %v after %v, want its deadline of 5s", err, time.Since(start))
		}
		flush(t, s)
		if waited := time.Since(start); waited != 30*time.Second {
			t.Errorf("everything was written after %v, want three files in 30s", waited)
		}
		if n := len(disk.written); n != 3 || !strings.Contains(disk.written[1], " state 999\n") {
			t.Errorf("%d files were written, want the first state, the newest state and the snapshot:\n%q", n, disk.written)
		}
	})
}

func TestRunWritesWhatIsPendingWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &slowDisk{delay: time.Second}
		s, _ := startWriter(t, disk)
		flush(t, s) // nothing: returns at once
		ctx, cancel := context.WithCancel(t.Context())
		s.SaveState(whole("a"), 1)
		s.SaveState(whole("b"), 1)
		cancel()
		if err := s.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Flush returned %v", err)
		}
		flush(t, s)
		if len(disk.written) != 2 {
			t.Errorf("%d files were written", len(disk.written))
		}
	})
}

func TestFailureAndRecoveryAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &slowDisk{err: errors.New("no space left on device")}
		s, logged := startWriter(t, disk)
		save := func(accounts ...string) {
			for _, account := range accounts {
				s.SaveState(whole(account), 1)
			}
			flush(t, s)
		}
		expect := func(healthy bool, warnings, infos int) {
			t.Helper()
			w, i := strings.Count(logged.String(), "level=warn"), strings.Count(logged.String(), "level=info")
			if s.Healthy() != healthy || w != warnings || i != infos {
				t.Errorf("healthy: %v, want %v; logged %d warnings and %d recoveries, want %d and %d:\n%s", s.Healthy(), healthy, w, i, warnings, infos, logged)
			}
		}
		save("a", "b", "a", "b")
		expect(false, 1, 0)
		disk.err = nil
		save("a") // b is still not written
		expect(false, 1, 0)
		save("b", "a", "b")
		expect(true, 1, 1)
		disk.err = errors.New("no space left on device")
		save("a")
		expect(false, 2, 1)
	})
}

func TestFailureOfWhatIsPrunedIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &slowDisk{err: errors.New("no space left on device")}
		s, _ := startWriter(t, disk)
		s.Save(Key{Collector: "sites"}, "", Snapshot{})
		s.SaveState(whole("a"), 1)
		s.Prune(Account{}, nil)
		flush(t, s)
		if s.Healthy() {
			t.Error("the state is not saved")
		}
		disk.err = nil
		s.SaveState(whole("a"), 2)
		flush(t, s)
		if !s.Healthy() || len(disk.written) != 1 {
			t.Errorf("healthy: %v, and %d files were written: unhealthy because of a file that is not wanted", s.Healthy(), len(disk.written))
		}
	})
}

func TestFolderThatVanishesAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := startWriter(t, &slowDisk{})
		s.replace, s.append = s.replaceFile, s.appendFile
		if err := os.RemoveAll(s.dir); err != nil {
			t.Fatal(err)
		}
		s.SaveState(whole("a"), 1)
		s.Prune(Account{}, nil)
		flush(t, s)
		if s.Healthy() {
			t.Error("healthy without a folder")
		}
		if err := os.Mkdir(s.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(retryEvery)
		synctest.Wait()
		var state int
		if !s.Healthy() || !load(s, whole("a"), &state) || state != 1 {
			t.Errorf("not written again by itself: the state is %d", state)
		}
	})
}

// A file that Load would refuse must not be written.
func TestTooLargeAFileIsNotSaved(t *testing.T) {
	s, err := Open(t.TempDir(), Options{Logger: log.NewNopLogger()})
	if err != nil {
		t.Fatal(err)
	}
	s.limit = 600
	go func() { _ = s.Run(t.Context()) }()
	s.SaveState(whole("a"), "short")
	flush(t, s)
	s.SaveState(whole("a"), strings.Repeat("x", 600))
	flush(t, s)
	var state string
	if s.Healthy() || !load(s, whole("a"), &state) || state != "short" {
		t.Errorf("healthy: %v, the state is %q", s.Healthy(), state)
	}
}

func TestConcurrentUse(t *testing.T) {
	var logged bytes.Buffer
	s, err := Open(t.TempDir(), Options{Logger: log.NewLogfmtLogger(&logged)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	var writer, users sync.WaitGroup
	writer.Go(func() { _ = s.Run(ctx) })
	series := func(n int) Snapshot {
		metric := &dto.Metric{Gauge: &dto.Gauge{Value: new(float64(n))}}
		return Snapshot{Families: []*dto.MetricFamily{{Name: new("a"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{metric}}}}
	}
	for i := range 4 {
		key := Key{Collector: fmt.Sprint(i % 2)}
		users.Go(func() {
			for n := range 100 {
				s.Save(key, "", series(n))
				s.SaveState(whole(key.Collector), n)
				s.Prune(Account{}, map[Key]bool{{Collector: "0"}: true, {Collector: "1"}: true})
				if !s.Healthy() {
					t.Error("unhealthy")
				}
				if snapshot, found := s.LoadSnapshot(key, ""); found && len(snapshot.Families) != 1 {
					t.Error("loaded a part of a snapshot")
				}
			}
		})
	}
	users.Wait()
	end()
	writer.Wait()
	for i := range 2 {
		var n int
		snapshot, found := s.LoadSnapshot(Key{Collector: fmt.Sprint(i)}, "")
		if !found || snapshot.Families[0].Metric[0].GetGauge().GetValue() != 99 {
			t.Errorf("the last snapshot is %v", snapshot)
		}
		if !load(s, whole(fmt.Sprint(i)), &n) || n != 99 {
			t.Errorf("the last state is %d", n)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", &logged)
	}
}
