package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-kit/log/level"
)

const (
	temporaryPrefix = "runzero_exporter-"
	temporarySuffix = ".tmp"
)

var (
	errTooLarge   = errors.New("it is larger than any snapshot")
	errNotRegular = errors.New("it is not a regular file")
)

func (s *Store) path(name string) string { return filepath.Join(s.dir, name) }

// createTemporary creates a file with mode 0600 and a name that removeTemporary knows.
func (s *Store) createTemporary() (*os.File, error) {
	return os.CreateTemp(s.dir, temporaryPrefix+"*"+temporarySuffix)
}

// probe creates and removes a file. The folder's permissions alone do not show whether
// that is possible: the file system may be read-only.
func (s *Store) probe() error {
	f, err := s.createTemporary()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// removeTemporary removes the temporary files of a killed process. One that cannot be removed does no harm.
func (s *Store) removeTemporary() {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, file := range files {
		middle, prefixed := strings.CutPrefix(file.Name(), temporaryPrefix)
		middle, suffixed := strings.CutSuffix(middle, temporarySuffix)
		if prefixed && suffixed && strings.Trim(middle, "0123456789") == "" && file.Type().IsRegular() {
			_ = os.Remove(s.path(file.Name()))
		}
	}
}

// replaceFile writes a file so that at every instant, even if the machine loses power,
// either the old or the new one is there, complete.
func (s *Store) replaceFile(name string, data []byte) error {
	if int64(len(data)) > s.limit {
		return fmt.Errorf("%d bytes: %w", len(data), errTooLarge)
	}
	f, err := s.createTemporary()
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync() // or the new name could reach the disk before the data
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path(name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	// This makes the new name durable. Not every system can sync a folder; without it, losing power costs at most this
	// save, so errors are ignored.
	if dir, err := os.Open(s.dir); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// open opens a file that is worth reading. Anything but a regular file is refused:
// opening a pipe could block forever, and a link could lead anywhere.
func (s *Store) open(name string) (*os.File, os.FileInfo, error) {
	info, err := os.Lstat(s.path(name))
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, info, errNotRegular
	case info.Size() > s.limit:
		return nil, info, errTooLarge
	}
	f, err := os.Open(s.path(name))
	return f, info, err
}

func (s *Store) read(name string) ([]byte, os.FileInfo, error) {
	f, info, err := s.open(name)
	if err != nil {
		return nil, info, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, s.limit+1))
	if err == nil && int64(len(data)) > s.limit {
		err = errTooLarge
	}
	return data, info, err
}

// readKey reads only the head of a snapshot.
func (s *Store) readKey(name string) (Key, bool) {
	f, _, err := s.open(name)
	if err != nil {
		return Key{}, false
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewReader(io.LimitReader(f, s.limit))
	title, _ := lines.ReadString('\n')
	head, err := lines.ReadBytes('\n')
	if err != nil || title != snapshotTitle {
		return Key{}, false
	}
	h, err := decodeHeader(head)
	return h.Key, err == nil
}

// setAside renames an unusable file, so that its owner can look at it. A file that has
// been replaced since it was found unusable stays.
func (s *Store) setAside(name string, found os.FileInfo, reason error) {
	now, err := os.Lstat(s.path(name))
	if err != nil || !os.SameFile(found, now) || found.Size() != now.Size() || !found.ModTime().Equal(now.ModTime()) {
		return
	}
	err = os.Rename(s.path(name), s.path(name+badSuffix))
	switch {
	case err == nil:
		level.Warn(s.logger).Log("msg", "cached file set aside", "file", s.path(name), "as", name+badSuffix, "reason", reason)
	case !s.reported[name]:
		s.reported[name] = true
		level.Warn(s.logger).Log("msg", "cached file is unusable and cannot be set aside", "file", s.path(name), "reason", reason, "err", cause(err))
	}
}
