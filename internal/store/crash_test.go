package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// saveInto is an environment variable. It makes the test program save into the folder
// that it names until it is killed.
const saveInto = "STORE_TEST_SAVE_INTO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(saveInto); dir != "" {
		fmt.Fprintln(os.Stderr, saveForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// saveForever counts on from the snapshot that it finds, and prints each number that has been written.
func saveForever(dir string) error {
	s, err := store.Open(dir, store.Options{Logger: log.NewLogfmtLogger(os.Stderr)})
	if err != nil {
		return err
	}
	ctx := context.Background()
	go func() { _ = s.Run(ctx) }()
	snapshot, _ := s.LoadSnapshot(acme(), fingerprint)
	for n := max(number(snapshot), 0) + 1; ; n++ {
		s.Save(acme(), fingerprint, numbered(n))
		s.SaveState(whole("default"), n)
		if err := s.Flush(ctx); err != nil {
			return err
		}
		if !s.Healthy() {
			return errors.New("not saved")
		}
		if _, err := fmt.Println(n); err != nil {
			return err
		}
	}
}

func TestKillAtAnyInstantLosesAtMostThePendingSave(t *testing.T) {
	f := newFolder(t)
	const kills = 20
	interrupted := 0 // saves, recognised by their temporary file
	for range kills {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		written := kill(t, f.dir)
		interrupted += len(f.names(".tmp"))
		f.open() // at once: the lock of a killed process is free
		if !f.Owned() {
			t.Fatal("the folder is still locked")
		}
		f.write()
		snapshot, ok := f.load(acme())
		if n := number(snapshot); !ok || n != written && n != written+1 {
			t.Fatalf("the snapshot (found: %v) is %d, and %d was written", ok, n, written)
		}
		var n int
		if ok := f.stateOf(whole("default"), &n); !ok || n != written && n != written+1 {
			t.Fatalf("the state (found: %v) is %d, and %d was written", ok, n, written)
		}
		if names := f.names(""); len(names) != 2 || f.logged() != nil {
			t.Fatalf("the folder holds %q", names)
		}
	}
	t.Logf("%d of %d kills interrupted a save", interrupted, kills)
}

// kill starts a process that saves, kills it, and returns the last number that it printed.
func kill(t *testing.T, dir string) int {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	saver := exec.CommandContext(t.Context(), program)
	saver.Env = append(os.Environ(), saveInto+"="+dir)
	var problems strings.Builder
	saver.Stderr = &problems
	out, err := saver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := saver.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("nothing was saved: %v %s", err, problems.String())
	}
	// Real time: this decides only at which instant of a save the kill comes.
	<-time.After(rand.N(5 * time.Millisecond))
	if err := saver.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = saver.Wait() // it was killed, which is an error
	if problems.Len() > 0 {
		t.Fatal(problems.String())
	}
	numbers := strings.Fields(first + string(rest))
	n, err := strconv.Atoi(numbers[len(numbers)-1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
