package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/go-kit/log/level"
)

// The log of an account has a head like any file, with its own checksum, and a line for each state that was saved. Of those
// with the same name, the last counts.

var (
	errLine   = errors.New("it has lines that are incomplete or were edited")
	errRecord = errors.New("its JSON is not that of a state") // the error of JSON would quote the data
)

// encodeLine returns a line of a log: a checksum, the name of the record, and the state as JSON.
func encodeLine(name string, state any) ([]byte, error) {
	data, err := json.Marshal(state)
	text := name + " " + string(data)
	return []byte(lineSum(text) + " " + text + "\n"), err
}

// lineSum is enough to recognise what is torn or damaged.
func lineSum(text string) string { return hash(text)[:16] }

func decodeLine(line []byte, state any) error {
	if parts := bytes.SplitN(line, []byte(" "), 3); len(parts) < 3 || json.Unmarshal(parts[2], state) != nil {
		return errRecord
	}
	return nil
}

func logHead(account Account) ([]byte, error) {
	return encode(logTitle, header{Account: account.Name, File: account.logFile(), Fingerprint: hash(account.Fingerprint)}, nil)
}

// decodeLog returns the lines that count, by name. If some lines are damaged, it returns the others with the error.
func decodeLog(data []byte, account Account) (lines map[string][]byte, err error) {
	lines = map[string][]byte{}
	const headLines = 3
	parts := bytes.SplitAfterN(data, []byte("\n"), headLines+1)
	h, _, err := decode(bytes.Join(parts[:min(len(parts), headLines)], nil), logTitle)
	if err == nil {
		err = h.check(account.logFile(), account.Fingerprint)
	}
	if err != nil {
		return lines, err
	}
	for line := range bytes.Lines(parts[headLines]) {
		text, whole := bytes.CutSuffix(line, []byte("\n"))
		sum, text, _ := bytes.Cut(text, []byte(" "))
		if name, _, named := bytes.Cut(text, []byte(" ")); whole && named && string(sum) == lineSum(string(text)) {
			lines[string(name)] = bytes.Clone(line)
		} else {
			err = errLine
		}
	}
	return lines, err
}

// stateLog is the log of an account as the writer keeps it.
type stateLog struct {
	account Account
	lines   map[string][]byte // that count, by name; nil for one that is not to be written
	whole   int64             // the size of the file when it was last written as a whole
	written os.FileInfo       // the file as it was left; nil: it is to be written as a whole
	before  bool              // there is the file of a version that saved all states at once
}

// log returns an account's log. Only the writer may call it.
func (s *Folder) log(account Account) *stateLog {
	if l := s.logs[account]; l != nil {
		return l
	}
	l := &stateLog{account: account, lines: map[string][]byte{}}
	if data, _, err := s.read(account.logFile()); err == nil {
		l.lines, _ = decodeLog(data, account) // what is wrong is reported when it is loaded
	}
	_, err := os.Lstat(s.path(Key{Account: account}.stateFile()))
	l.before = err == nil
	s.logs[account] = l
	return l
}

// compactFrom is from which size on a log is rewritten that has become three times as large as when it last was. Many saves
// share the cost of that.
const compactFrom = 1 << 20

// keep writes the line of a key's state. Adding it to the file needs no sync: it survives the end of the process, and a loss
// of power costs the last seconds. The file is rewritten if somebody has changed it, or it has become large.
func (s *Folder) keep(key Key, line []byte) error {
	l, file := s.log(key.Account), key.Account.logFile()
	last := l.before && key.whole() // which is saved after all others
	before := l.lines[key.record()]
	l.lines[key.record()] = line
	now, err := os.Lstat(s.path(file))
	added := !last && err == nil && l.written != nil && unchanged(l.written, now) &&
		now.Size()+int64(len(line)) <= min(3*l.whole+compactFrom, s.limit) && s.append(file, line) == nil
	if added {
		l.written, _ = os.Lstat(s.path(file))
		return nil
	}
	if err := s.rewrite(l); err != nil {
		l.lines[key.record()] = before
		return err
	}
	if last {
		s.syncFolder(s.path(key.Account.folder()))
		l.before = os.Remove(s.path(key.stateFile())) != nil
	}
	return nil
}

// rewrite replaces the file by one with what counts.
func (s *Folder) rewrite(l *stateLog) error {
	data, err := logHead(l.account)
	for _, name := range slices.Sorted(maps.Keys(l.lines)) {
		data = append(data, l.lines[name]...)
	}
	if err == nil {
		err = s.replace(l.account.logFile(), data)
	}
	if err == nil {
		l.whole = int64(len(data))
		l.written, _ = os.Lstat(s.path(l.account.logFile()))
	}
	return err
}

// States implements Store. What a version that saved all states at once has left is newer than the log: the log takes its
// place as soon as it has everything.
func (s *Folder) States(account Account) States {
	s.use(account)
	var lines map[string][]byte
	s.load(account, account.logFile(), func(data []byte) (err error) {
		lines, err = decodeLog(data, account)
		if errors.Is(err, errLine) && !s.Owned() {
			return nil // its owner may be writing
		}
		return err
	})
	return func(key Key, state any) bool {
		if key.whole() && s.load(account, key.stateFile(), func(data []byte) error { return decodeState(data, key, state) }) {
			return true
		}
		line, found := lines[key.record()]
		if found && decodeLine(line, state) != nil {
			level.Warn(s.Logger).Log("msg", "cached state ignored", "file", s.path(account.logFile()), "state", key.record(), "reason", errRecord)
			return false
		}
		return found
	}
}

// setLogAside sets a damaged log aside, and goes on with what is valid of it.
func (s *Folder) setLogAside(account Account, found os.FileInfo, reason error) {
	if l := s.log(account); s.setAside(account.logFile(), found, reason) && len(l.lines) > 0 {
		_ = s.rewrite(l) // or at the next save
	}
}
