package store

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/go-kit/log/level"
)

// maxAside bounds how many files that were set aside stay in a folder. The oldest are removed.
const maxAside = 10

// setAside renames an unusable file, so that its owner can look at it, and reports whether it did. A file that has been
// replaced since it was found unusable stays.
func (s *Folder) setAside(name string, found os.FileInfo, reason error) bool {
	now, err := os.Lstat(s.path(name))
	if err != nil || !unchanged(found, now) {
		return false
	}
	err = os.Rename(s.path(name), s.path(name+badSuffix))
	switch {
	case err == nil:
		level.Warn(s.Logger).Log("msg", "cached file set aside", "file", s.path(name), "as", path.Base(name)+badSuffix, "reason", reason)
		s.removeOldestAside(path.Dir(name))
	case !s.reported[name]:
		s.reported[name] = true
		level.Warn(s.Logger).Log("msg", "cached file is unusable and cannot be set aside", "file", s.path(name), "reason", reason, "err", cause(err))
	}
	return err == nil
}

// unchanged reports whether nobody has replaced a file, or written to it.
func unchanged(before, now os.FileInfo) bool {
	return os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime())
}

func (s *Folder) removeOldestAside(folder string) {
	var aside []fs.FileInfo
	s.each(folder, func(name string, info fs.FileInfo) {
		if cached, isAside := strings.CutSuffix(name, badSuffix); isAside && isCached(cached) {
			aside = append(aside, info)
		}
	})
	slices.SortFunc(aside, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for _, info := range aside[min(len(aside), maxAside):] {
		_ = os.Remove(s.path(path.Join(folder, info.Name())))
	}
}

// isCached reports whether a file name is that of snapshots or states.
func isCached(name string) bool {
	return name == logName || name == stateName || isSnapshot(name)
}
