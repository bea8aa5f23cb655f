package store

import (
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

// replaceFile writes a file so that at every instant, even if the machine loses power, either the old or the new one is
// there, complete. Which of them is there after that is not worth another sync.
func (s *Folder) replaceFile(name string, data []byte) error {
	if int64(len(data)) > s.limit {
		return fmt.Errorf("%d bytes: %w", len(data), errTooLarge)
	}
	path := s.path(name)
	folder := filepath.Dir(path)
	f, err := createTemporary(folder)
	if errors.Is(err, os.ErrNotExist) && os.Mkdir(folder, 0o700) == nil {
		s.syncFolder(s.dir)
		f, err = createTemporary(folder)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = s.sync(f) // or the new name could reach the disk before the data
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
		if info, problem := os.Lstat(path); err != nil && problem == nil && info.IsDir() {
			if err = fmt.Errorf("%w %q", errFolder, path); s.setAside(name, info, errNotRegular) {
				err = os.Rename(f.Name(), path)
			}
		}
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	delete(s.reported, name)
	return nil
}

// appendFile adds to a file. After an error the file is as before: what is added later is not to be part of a torn line.
func (s *Folder) appendFile(name string, data []byte) error {
	f, err := os.OpenFile(s.path(name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		if _, err = f.Write(data); err != nil {
			_ = f.Truncate(info.Size()) // or it is seen to have another size
		}
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes names durable that something else is about to depend on. Not every system can do that, so errors are
// ignored.
func (s *Folder) syncFolder(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = s.sync(dir)
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
