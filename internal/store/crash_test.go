package store_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// In the environment it makes this program save into a folder until it is killed.
const saveInto = "STORE_TEST_SAVE_INTO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(saveInto); dir != "" {
		fmt.Fprintln(os.Stderr, saveForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// saveForever goes on counting from what it finds, and says each number that is saved.
func saveForever(dir string) error {
	s, err := store.Open(dir, func(keyvals ...any) { fmt.Fprintln(os.Stderr, keyvals...) })
	if err != nil {
		return err
	}
	e, _ := s.Load(acme(), shape)
	for n := max(number(e), 0) + 1; ; n++ {
		if err := s.Save(acme(), shape, numbered(n)); err != nil {
			return err
		}
		if err := s.SaveState("default", shape, []byte(strconv.Itoa(n))); err != nil {
			return err
		}
		if _, err := fmt.Println(n); err != nil {
			return err
		}
	}
}

func TestAfterAKillTheLastAnswerIsThere(t *testing.T) {
	f := newFolder(t)
	const kills = 40
	within := 0 // kills that left a temporary file: they hit a Save
	for range kills {
		said := kill(t, f.dir)
		within += len(f.names(".tmp"))
		f.open()
		e, ok := f.Load(acme(), shape)
		if n := number(e); !ok || n != said && n != said+1 {
			t.Fatalf("the answer (there: %v) is %d, and %d was saved", ok, n, said)
		}
		state, ok := f.LoadState("default", shape)
		if n, err := strconv.Atoi(string(state)); !ok || err != nil || n != said && n != said+1 {
			t.Fatalf("the state (there: %v) is %q, and %d was saved", ok, state, said)
		}
		if names := f.names(""); len(names) != 2 || f.logged() != nil {
			t.Fatalf("the folder holds %q", names)
		}
	}
	t.Logf("%d of %d kills were within a Save", within, kills)
}

// kill lets another process save for a while, kills it, and returns the last number
// that it said.
func kill(t *testing.T, dir string) int {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	helper := exec.CommandContext(t.Context(), program)
	helper.Env = append(os.Environ(), saveInto+"="+dir)
	var problems strings.Builder
	helper.Stderr = &problems
	out, err := helper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	last, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("nothing was saved: %v %s", err, problems.String())
	}
	// Any instant will do, be it in the midst of a Save or between two.
	<-time.After(rand.N(5 * time.Millisecond))
	if err := helper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = helper.Wait() // it was killed, which is an error
	if problems.Len() > 0 {
		t.Fatal(problems.String())
	}
	// A line without its end is of a number that was saved all the same.
	said := strings.Fields(last + string(rest))
	n, err := strconv.Atoi(said[len(said)-1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
