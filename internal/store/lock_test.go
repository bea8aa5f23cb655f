package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// second is another exporter's store on the folder of the first.
type second struct {
	*store.Folder
	log logged
	err chan error // of Run
}

func (f *folder) second(t *testing.T, required bool) *second {
	t.Helper()
	s := &second{err: make(chan error, 1)}
	var err error
	s.Folder, err = store.Open(f.dir, store.Options{Logger: log.NewLogfmtLogger(&s.log), Required: required})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { s.err <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		_ = s.Close()
	})
	return s
}

func TestOneOfTwoStoresWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		f.saveState("a", 1)
		temporary := filepath.Join(f.dir, "runzero_exporter-1.tmp")
		write(t, temporary, nil) // which the first is about to rename

		s := f.second(t, false)
		var state int
		if !s.States(named("a"))(whole("a"), &state) || state != 1 {
			t.Error("the state of the first cannot be loaded")
		}
		for _, after := range []struct {
			time.Duration
			settled, healthy bool
			lines            int
		}{{0, false, true, 1}, {29 * time.Second, false, true, 1}, {2 * time.Second, true, false, 2}, {time.Hour, true, false, 2}} {
			time.Sleep(after.Duration)
			synctest.Wait()
			s.SaveState(whole("a"), 2)
			if (s.State().Term != 0) || s.State().Settled != after.settled || s.Healthy() != after.healthy || strings.Count(s.log.String(), "\n") != after.lines {
				t.Errorf("after %s: acquired %v, settled %v, healthy %v, logged %s", after.Duration, (s.State().Term != 0), s.State().Settled, s.Healthy(), &s.log)
			}
		}
		if _, err := os.Lstat(temporary); err != nil {
			t.Errorf("the temporary file of the first: %v", err)
		}
		f.saveState("a", 3)

		_ = f.Close()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if s.State().Term == 0 || !s.Healthy() || !s.States(named("a"))(whole("a"), &state) || state != 3 {
			t.Errorf("acquired %v, healthy %v, the state is %d, want the last of the first", (s.State().Term != 0), s.Healthy(), state)
		}
		s.SaveState(whole("a"), 4)
		synctest.Wait()
		if !s.States(named("a"))(whole("a"), &state) || state != 4 {
			t.Errorf("the state is %d, want that of the second", state)
		}
		if _, err := os.Lstat(temporary); !os.IsNotExist(err) {
			t.Errorf("the temporary file is left behind: %v", err)
		}
	})
}

func TestTheFirstMayEndWhileTheSecondWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		s := f.second(t, true)
		time.Sleep(10 * time.Second)
		_ = f.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		if s.State().Term == 0 || strings.Contains(s.log.String(), "level=warn") {
			t.Errorf("acquired %v, logged %s", (s.State().Term != 0), &s.log)
		}
	})
}

func TestARequiredFolderThatStaysInUseIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		began := time.Now()
		s := f.second(t, true)
		err := <-s.err
		if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "--cache.dir") || time.Since(began) != 30*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if s.State().Settled {
			t.Error("polling would begin")
		}
	})
}

// A file system without locks, as it looks when the lock cannot be opened.
func TestAFolderThatCannotBeLocked(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	s, err := store.Open(dir, store.Options{Logger: log.NewLogfmtLogger(&logged)})
	if err != nil || !s.Owned() || strings.Count(logged.String(), "level=warn") != 1 {
		t.Errorf("%v, logged %s", err, &logged)
	}
	if _, err = store.Open(dir, store.Options{Logger: log.NewNopLogger(), Required: true}); err == nil || !strings.Contains(err.Error(), "--cache.required") {
		t.Errorf("required: %v", err)
	}
}
