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

var (
	errTooLarge   = errors.New("it is larger than any snapshot")
	errNotRegular = errors.New("it is not a regular file")
	errFolder     = errors.New("a folder is in the place of the file")
)

// path returns the path of a file or folder of the store, whose name has slashes on every system.
func (s *Folder) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// createTemporary creates a file with mode 0600 and a name that isTemporary knows.
func createTemporary(folder string) (*os.File, error) {
	return os.CreateTemp(folder, temporaryPrefix+"*"+temporarySuffix)
}

func isTemporary(name string) bool {
	middle, prefixed := strings.CutPrefix(name, temporaryPrefix)
	middle, suffixed := strings.CutSuffix(middle, temporarySuffix)
	return prefixed && suffixed && strings.Trim(middle, "0123456789") == ""
}

// probe creates and removes a file. The folder's permissions alone do not show whether
// that is possible: the file system may be read-only.
func (s *Folder) probe() error {
	f, err := createTemporary(s.dir)
	if err != nil {
		return err
	}
	err = f.Close()
	if removing := os.Remove(f.Name()); err == nil && !errors.Is(removing, os.ErrNotExist) { // by the owner of the folder
		err = removing
	}
	return err
}

// replaceFile writes a file so that at every instant, even if the machine loses power,
// either the old or the new one is there, complete.
func (s *Folder) replaceFile(name string, data []byte) error {
	if int64(len(data)) > s.limit {
		return fmt.Errorf("%d bytes: %w", len(data), errTooLarge)
	}
	path := s.path(name)
	folder := filepath.Dir(path)
	f, err := createTemporary(folder)
	if errors.Is(err, os.ErrNotExist) && os.Mkdir(folder, 0o700) == nil {
		syncFolder(s.dir)
		f, err = createTemporary(folder)
	}
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
		err = os.Rename(f.Name(), path)
		if info, problem := os.Lstat(path); err != nil && problem == nil && info.IsDir() {
			if err = errFolder; s.setAside(name, info, errNotRegular) {
				err = os.Rename(f.Name(), path)
			}
		}
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	syncFolder(folder)
	return nil
}

// syncFolder makes new names durable. Not every system can sync a folder; without it, losing power costs at most the
// last save, so errors are ignored.
func syncFolder(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// open opens a file that is worth reading. Anything but a regular file is refused:
// opening a pipe could block forever, and a link could lead anywhere.
func (s *Folder) open(name string) (*os.File, os.FileInfo, error) {
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

func (s *Folder) read(name string) ([]byte, os.FileInfo, error) {
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

// readKey reads only the head of a snapshot of an account.
func (s *Folder) readKey(account Account, name string) (Key, bool) {
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
	return Key{Account: account, Organization: h.Organization, Collector: h.Collector}, err == nil
}
