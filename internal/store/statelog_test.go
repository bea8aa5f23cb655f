package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-kit/log"
)

// acme has polls whose states are numbers or texts.
var acme = Account{Name: "acme", Fingerprint: "https://console.example.com"}

func poll(n int) Key {
	return Key{acme, "4ffe8ffb-0000-4000-8000-000000000001", fmt.Sprint("collector", n)}
}

// logFolder is a store in a folder that is driven step by step.
type logFolder struct {
	*Folder
	t      testing.TB
	logged bytes.Buffer
	syncs  int
}

func openLog(t testing.TB, dir string) *logFolder {
	t.Helper()
	f := &logFolder{t: t}
	var err error
	if f.Folder, err = Open(dir, Options{Logger: log.NewLogfmtLogger(&f.logged)}); err != nil {
		t.Fatal(err)
	}
	f.sync = func(file *os.File) error {
		f.syncs++
		return file.Sync()
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// restart is what the next process finds.
func (f *logFolder) restart() *logFolder {
	f.t.Helper()
	if err := f.Close(); err != nil {
		f.t.Fatal(err)
	}
	return openLog(f.t, f.dir)
}

// saveState saves, and reports whether it succeeded.
func (f *logFolder) saveState(key Key, state any) bool {
	f.SaveState(key, state)
	f.work()
	return f.failed[key.stateFile()].run == nil
}

func (f *logFolder) expect(what string, want map[Key]int) {
	f.t.Helper()
	states := f.States(acme)
	f.work()
	for key, n := range want {
		got := 0
		if found := states(key, &got); found != (n != 0) || found && got != n {
			f.t.Errorf("%s: %s is %d (found: %v), want %d", what, key.record(), got, found, n)
		}
	}
}

func (f *logFolder) file() string { return f.path(acme.logFile()) }

// A poll whose result is saved costs one sync, that of the snapshot, and any other none. So does the account's own state.
func TestAPollIsSyncedAtMostOnce(t *testing.T) {
	f := openLog(t, t.TempDir())
	for n := range 10 { // as after the start
		f.saveState(poll(n), 1)
	}
	f.saveState(Key{Account: acme}, 1)
	for n := range 100 {
		for _, saves := range []struct {
			result bool
			syncs  int
		}{{true, 1}, {false, 0}} {
			f.syncs = 0
			f.saveState(poll(n%10), n) // it begins
			f.saveState(Key{Account: acme}, n)
			if saves.result {
				f.Save(poll(n%10), "", result(int64(n)))
			}
			f.SaveState(poll(n%10), n+1) // it has ended
			f.SaveState(Key{Account: acme}, n+1)
			if f.work(); f.syncs != saves.syncs {
				t.Fatalf("poll %d with a result (%v): %d syncs, want %d", n, saves.result, f.syncs, saves.syncs)
			}
		}
	}
}

// What a save writes does not depend on how many polls there are.
func TestASaveWritesOneLine(t *testing.T) {
	f := openLog(t, t.TempDir())
	for n := range 1000 {
		f.saveState(poll(n), n)
	}
	var written []string
	f.Intercept(func(write WriteFile) WriteFile {
		return func(name string, data []byte) error {
			written = append(written, string(data))
			return write(name, data)
		}
	})
	f.saveState(poll(7), 1234)
	if line, _ := encodeLine(poll(7).record(), 1234); len(written) != 1 || written[0] != string(line) {
		t.Errorf("written was %q", written)
	}
}

func TestALogStaysSmall(t *testing.T) {
	f := openLog(t, t.TempDir())
	text := strings.Repeat("x", 600)
	want := map[Key]int{}
	for n := range 50 {
		f.saveState(poll(n), n+1)
		want[poll(n)] = n + 1
	}
	f.syncs = 0
	var largest int64
	for range 20_000 {
		f.saveState(Key{Account: acme}, text)
		info, err := os.Stat(f.file())
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	if largest > 2*compactFrom || f.syncs > 20 {
		t.Errorf("the log had %d bytes, and was synced %d times", largest, f.syncs)
	}
	f.restart().expect("after the restart", want)
}

func TestTheLogIsReadable(t *testing.T) {
	f := openLog(t, t.TempDir())
	f.saveState(poll(1), map[string]string{"Collector": "sites", "Organization": "Acme \"East\"\nNorth"})
	f.saveState(Key{Account: acme}, 12)
	text, err := os.ReadFile(f.file())
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) != 6 || lines[0]+"\n" != logTitle || !strings.HasPrefix(lines[1], `# {"Account":"acme",`) || strings.Contains(string(text), acme.Fingerprint) ||
		!strings.Contains(lines[3], ` poll-4ffe8ffb-0000-4000-8000-000000000001-collector1-`) || !strings.HasSuffix(lines[3], ` {"Collector":"sites","Organization":"Acme \"East\"\nNorth"}`) ||
		!strings.HasSuffix(lines[4], " state 12") {
		t.Errorf("%v, the log is\n%s", err, text)
	}
	if info, err := os.Stat(f.file()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// However a log was damaged, what is valid of it is used, the damaged file is set aside, and nothing is lost afterwards.
func TestADamagedLogKeepsWhatIsValid(t *testing.T) {
	for what, c := range map[string]struct {
		damage func(lines [][]byte) [][]byte // from line 3 on, of the polls 0, 1, 2, and 1 again
		want   map[Key]int
	}{
		"torn":                 {func(l [][]byte) [][]byte { l[6] = l[6][:len(l[6])/2]; return l }, map[Key]int{poll(0): 1, poll(1): 2, poll(2): 3}},
		"without its last end": {func(l [][]byte) [][]byte { l[6] = bytes.TrimSpace(l[6]); return l }, map[Key]int{poll(0): 1, poll(1): 2, poll(2): 3}},
		"damaged in a line":    {func(l [][]byte) [][]byte { l[4][len(l[4])-2] ^= 1; return l }, map[Key]int{poll(0): 1, poll(1): 9, poll(2): 3}},
		"damaged between two":  {func(l [][]byte) [][]byte { l[3][len(l[3])-1] = ' '; return l }, map[Key]int{poll(0): 0, poll(1): 9, poll(2): 3}},
		"mixed with zeros":     {func(l [][]byte) [][]byte { l[5] = make([]byte, 4096); return l }, map[Key]int{poll(0): 1, poll(1): 2, poll(2): 0}},
		"with an empty line":   {func(l [][]byte) [][]byte { return slices.Insert(l, 5, []byte("\n")) }, map[Key]int{poll(0): 1, poll(1): 9, poll(2): 3}},
		"with a name alone":    {func(l [][]byte) [][]byte { return slices.Insert(l, 5, []byte(lineSum("state")+" state\n")) }, map[Key]int{poll(0): 1, {Account: acme}: 0}},
	} {
		f := openLog(t, t.TempDir())
		for n := range 3 {
			f.saveState(poll(n), n+1)
		}
		f.saveState(poll(1), 9)
		data, err := os.ReadFile(f.file())
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.Join(c.damage(slices.Collect(bytes.Lines(data))), nil)
		if err := os.WriteFile(f.file(), data, 0o600); err != nil {
			t.Fatal(err)
		}

		reader, err := OpenReadOnly(f.dir, Options{Logger: log.NewLogfmtLogger(&f.logged)})
		if err != nil {
			t.Fatal(err)
		}
		(&logFolder{Folder: reader, t: t}).expect("read-only, "+what, c.want)
		if f.logged.Len() > 0 {
			t.Errorf("%s: a reader logs %s", what, &f.logged)
		}
		f = f.restart()
		f.expect(what, c.want)
		if aside, err := os.ReadFile(f.file() + badSuffix); err != nil || !bytes.Equal(aside, data) {
			t.Errorf("%s: it is not set aside: %v", what, err)
		}
		if text := f.logged.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=warn") || !strings.Contains(text, f.file()) {
			t.Errorf("%s: logged %s", what, text)
		}
		f = f.restart()
		f.expect("again, "+what, c.want)
		if f.logged.Len() > 0 {
			t.Errorf("%s: logged the second time: %s", what, &f.logged)
		}
	}
}

// Whatever others do to the file, what is saved afterwards is complete.
func TestALogThatOthersChangeIsWrittenAgain(t *testing.T) {
	for what, change := range map[string]func(file string) error{
		"removed":   os.Remove,
		"truncated": func(file string) error { return os.Truncate(file, 100) },
		"replaced": func(file string) error {
			return errors.Join(os.Remove(file), os.WriteFile(file, []byte("other"), 0o600))
		},
		"a folder":  func(file string) error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o700)) },
		"a pipe":    func(file string) error { return errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)) },
		"a link":    func(file string) error { return errors.Join(os.Remove(file), os.Symlink("/dev/null", file)) },
		"read-only": func(file string) error { return os.Chmod(file, 0o400) },
	} {
		f := openLog(t, t.TempDir())
		f.saveState(poll(1), 1)
		f.saveState(poll(2), 2)
		if err := change(f.file()); err != nil {
			t.Fatal(err)
		}
		if !f.saveState(poll(2), 3) {
			t.Errorf("%s: not saved: %s", what, &f.logged)
		}
		f.restart().expect(what, map[Key]int{poll(1): 1, poll(2): 3})
	}
}

// dyingDisk writes a part of what is written at one instant, and nothing after that.
type dyingDisk struct {
	*logFolder
	left  int // writes that succeed
	keeps float64
	dead  bool
}

func (d *dyingDisk) wrap(appends bool, write WriteFile) WriteFile {
	return func(name string, data []byte) error {
		if d.left--; d.left >= 0 {
			return write(name, data)
		}
		if part := data[:int(d.keeps*float64(len(data)))]; !d.dead && appends {
			_ = write(name, part)
		}
		d.dead = true
		return errors.New("no space left on device")
	}
}

// A process that ends in the middle of any write loses nothing but what was being written.
func TestTheEndAtAnyWriteLosesOnlyThatWrite(t *testing.T) {
	for _, keeps := range []float64{0, 0.01, 0.5, 0.99, 1} {
		for fatal := range 40 {
			f := openLog(t, t.TempDir())
			d := &dyingDisk{logFolder: f, left: fatal, keeps: keeps}
			f.replace, f.append = d.wrap(false, f.replaceFile), d.wrap(true, f.appendFile)
			kept, tried := map[Key]int{}, map[Key]int{}
			random := rand.New(rand.NewPCG(uint64(fatal), 0))
			for n := 1; n <= 50; n++ {
				key := poll(random.IntN(4))
				if n%10 == 0 {
					f.Prune(acme, map[Key]bool{poll(0): true, poll(1): true, poll(2): true})
					f.work()
					if !d.dead {
						delete(kept, poll(3))
					}
				}
				tried[key] = n
				if !f.saveState(key, n) {
					break
				}
				kept[key] = n
			}
			f = f.restart()
			states := f.States(acme)
			for n := range 3 {
				got := 0
				if found := states(poll(n), &got); got != kept[poll(n)] && got != tried[poll(n)] || found != (got != 0) {
					t.Fatalf("the end at write %d, of which %v is kept: poll %d is %d, want %d or %d", fatal, keeps, n, got, kept[poll(n)], tried[poll(n)])
				}
			}
			if f.work(); !f.saveState(poll(1), 99) {
				t.Fatalf("nothing can be saved afterwards: %s", &f.logged)
			}
			maps.DeleteFunc(kept, func(key Key, n int) bool { return n != tried[key] || key == poll(3) || key == poll(1) })
			kept[poll(1)] = 99
			f.restart().expect("after another restart", kept)
		}
	}
}

// A disk that is full for a while, and cannot even take back what it has written of a line, spoils nothing.
func TestAFullDiskSpoilsNoLaterRecord(t *testing.T) {
	f := openLog(t, t.TempDir())
	full := false
	f.append = func(name string, data []byte) error {
		if full {
			return errors.Join(f.appendFile(name, data[:len(data)/2]), errors.New("no space left on device"))
		}
		return f.appendFile(name, data)
	}
	f.replace = func(name string, data []byte) error {
		if full {
			return errors.New("no space left on device")
		}
		return f.replaceFile(name, data)
	}
	f.saveState(poll(1), 1)
	f.saveState(poll(2), 2)
	full = true
	if f.saveState(poll(1), 3) || f.saveState(poll(2), 4) || f.Healthy() {
		t.Error("saved on a full disk")
	}
	full = false
	f.saveState(poll(2), 5)
	if f.retry(); !f.Healthy() {
		t.Error("not healthy")
	}
	f.restart().expect("after the restart", map[Key]int{poll(1): 3, poll(2): 5})
}

// What a version that saved all states at once has left is used until everything is in the log, and whenever it was back.
func TestTheFileOfTheVersionBefore(t *testing.T) {
	f := openLog(t, t.TempDir())
	whole := Key{Account: acme}
	leave := func(n int) {
		data, err := encodeState(whole, n)
		if err == nil {
			err = f.replaceFile(whole.stateFile(), data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	file := f.path(whole.stateFile())
	for round, n := range []int{10, 20} {
		leave(n)
		f = f.restart()
		f.expect("at first", map[Key]int{whole: n})
		f.saveState(poll(1), n+1)
		f = f.restart() // a crash
		f.expect("after a poll was saved", map[Key]int{whole: n, poll(1): n + 1})
		f.saveState(poll(1), n+2)
		f.syncs = 0
		f.saveState(whole, n+3)
		if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) || f.syncs != 2 {
			t.Errorf("round %d: it is still there, or not everything is in the log for certain: %v, %d syncs", round, err, f.syncs)
		}
		f = f.restart()
		f.expect("at last", map[Key]int{whole: n + 3, poll(1): n + 2})
	}
	if names, err := filepath.Glob(filepath.Join(f.dir, "*", "*")); err != nil || len(names) != 1 || f.logged.Len() > 0 {
		t.Errorf("the folder holds %q, %v; logged %s", names, err, &f.logged)
	}
}

func TestPruneRemovesStatesThatAreNotUsed(t *testing.T) {
	f := openLog(t, t.TempDir())
	f.saveState(poll(1), 1)
	f.saveState(poll(2), 2)
	f.saveState(Key{Account: acme}, 3)
	f.Prune(acme, map[Key]bool{poll(1): true})
	f.work()
	want := map[Key]int{poll(1): 1, poll(2): 0, {Account: acme}: 3}
	f.expect("pruned", want)
	f.syncs = 0
	f.Prune(acme, map[Key]bool{poll(1): true})
	if f.work(); f.syncs != 0 {
		t.Error("the log was written although nothing was to be removed")
	}
	f = f.restart()
	f.saveState(poll(3), 4)
	f.restart().expect("after the restart", want)
}

func TestEveryFlippedBitOfALogIsDetected(t *testing.T) {
	data, err := logHead(acme)
	for n := range 3 {
		line, problem := encodeLine(poll(n).record(), n)
		data, err = append(data, line...), errors.Join(err, problem)
	}
	want, problem := decodeLog(data, acme)
	if err != nil || problem != nil || len(want) != 3 {
		t.Fatalf("%v, %v, %d lines", err, problem, len(want))
	}
	for i := range data {
		for bit := range 8 {
			flipped := bytes.Clone(data)
			flipped[i] ^= 1 << bit
			got, err := decodeLog(flipped, acme)
			if err == nil {
				t.Errorf("not detected:\n%s", flipped)
			}
			for name, line := range got {
				if !bytes.Equal(line, want[name]) {
					t.Errorf("%q of\n%s", line, flipped)
				}
			}
		}
	}
}

// FuzzLog reads any log. Each state that is found was written, and with a valid head none is overlooked.
func FuzzLog(f *testing.F) {
	head, err := logHead(acme)
	if err != nil {
		f.Fatal(err)
	}
	line := func(name string, state any) string {
		line, err := encodeLine(name, state)
		if err != nil {
			f.Fatal(err)
		}
		return string(line)
	}
	a, b := line(poll(1).record(), 1), line("state", map[string]string{"PLANTED": "# \u2028"})
	for _, lines := range []string{"", a, a + b, b + a + a, a[:len(a)/2], a[:len(a)-1], a + "\n" + b, a[:9] + b, strings.ToUpper(a) + b, "\x00\xff" + a, lineSum("state") + " state\n"} {
		f.Add([]byte(lines), true)
		f.Add(append(head, lines...), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, headed bool) {
		if headed {
			data = append(slices.Clone(head), data...)
		}
		lines, err := decodeLog(data, acme)
		valid := map[string][]byte{}
		for line := range bytes.Lines(data) {
			if fields := strings.SplitN(string(line), " ", 3); len(fields) == 3 && strings.HasSuffix(fields[2], "\n") &&
				hash(fields[1] + " " + strings.TrimSuffix(fields[2], "\n"))[:16] == fields[0] {
				valid[fields[1]] = line
			}
		}
		for name, line := range lines {
			if !bytes.Equal(line, valid[name]) {
				t.Errorf("%q is %q, and written was %q", name, line, valid[name])
			}
			var state any
			_ = decodeLine(line, &state)
		}
		if headed && len(lines) != len(valid) {
			t.Errorf("%d states of %d: %v", len(lines), len(valid), err)
		}
		if err != nil && strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("the error quotes the data: %v", err)
		}
	})
}
