package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	temporaryPrefix = "runzero_exporter-"
	temporarySuffix = ".tmp"
)

var errTooLarge = errors.New("it is larger than any answer")

func (s *Store) path(name string) string { return filepath.Join(s.dir, name) }

// temporary makes a file that nobody else may read, under a name that removeTemporary
// knows.
func (s *Store) temporary() (*os.File, error) {
	return os.CreateTemp(s.dir, temporaryPrefix+"*"+temporarySuffix)
}

// probe tells whether files can be made in the folder. Permissions alone do not: the
// file system may be read-only.
func (s *Store) probe() error {
	f, err := s.temporary()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// removeTemporary removes what a killed process left. What cannot be removed does no
// harm.
func (s *Store) removeTemporary() {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, file := range files {
		middle, ours := strings.CutPrefix(file.Name(), temporaryPrefix)
		middle, ours2 := strings.CutSuffix(middle, temporarySuffix)
		if ours && ours2 && strings.Trim(middle, "0123456789") == "" && file.Type().IsRegular() {
			_ = os.Remove(s.path(file.Name()))
		}
	}
}

// replace writes a file so that at every instant, even if the machine loses power,
// there is either the old one or the new one, whole.
func (s *Store) replace(name string, data []byte) error {
	if int64(len(data)) > s.limit {
		return fmt.Errorf("%d bytes: %w", len(data), errTooLarge)
	}
	f, err := s.temporary()
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync() // or the name could reach the disk before the bytes do
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = s.rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	s.sync()
	return nil
}

func (s *Store) rename(temporary, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := os.Rename(temporary, s.path(name))
	if err == nil {
		delete(s.said, name)
	}
	return err
}

// sync makes the folder's names durable. Not every system can do that to a folder, and
// without it at most the last answer is lost, so its errors are nobody's concern.
func (s *Store) sync() {
	dir, err := os.Open(s.dir)
	if err != nil {
		return
	}
	_ = dir.Sync()
	_ = dir.Close()
}

// open opens a file that is worth reading. Opening what is not a file, such as a pipe,
// could wait for ever.
func (s *Store) open(name string) (*os.File, error) {
	info, err := os.Lstat(s.path(name))
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > s.limit:
		return nil, errTooLarge
	}
	return os.Open(s.path(name))
}

func (s *Store) read(name string) ([]byte, error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, s.limit+1))
	if err == nil && int64(len(data)) > s.limit {
		err = errTooLarge
	}
	return data, err
}

// readKey reads no more of a snapshot than whose it is.
func (s *Store) readKey(name string) (Key, bool) {
	f, err := s.open(name)
	if err != nil {
		return Key{}, false
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewReader(io.LimitReader(f, s.limit))
	title := make([]byte, len(snapshotTitle))
	if _, err := io.ReadFull(lines, title); err != nil || string(title) != snapshotTitle {
		return Key{}, false
	}
	var head []byte
	for range 3 {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return Key{}, false
		}
		head = append(head, line...)
	}
	r := reader{rest: head}
	key := r.key()
	return key, r.err == nil
}

// setAside moves a file that is of no use out of the way, where its owner can look at
// it.
func (s *Store) setAside(name string, why error) {
	err := os.Rename(s.path(name), s.path(name+badSuffix))
	if err == nil {
		s.log("level", "warn", "msg", "a kept file is set aside", "file", s.path(name), "as", name+badSuffix, "reason", why)
		return
	}
	if !s.said[name] {
		s.said[name] = true
		s.log("level", "warn", "msg", "a kept file is of no use and cannot be set aside", "file", s.path(name), "reason", why, "err", cause(err))
	}
}
