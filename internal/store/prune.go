package store

import (
	"maps"
	"os"
	"path"
)

// usedFiles are the files of keys, and the entries that are called like them.
func usedFiles(keys map[Key]bool) map[string]bool {
	files := map[string]bool{}
	for key := range keys {
		files[key.file()], files[key.stateFile()] = true, true
	}
	return files
}

// Prune implements Store. Files that the store did not write stay.
func (s *Folder) Prune(account Account, used map[Key]bool) {
	if !s.Owned() {
		return
	}
	s.enqueue(task{run: func() {
		s.forget(account, used)
		files := usedFiles(used)
		l := s.log(account)
		before := len(l.lines)
		maps.DeleteFunc(l.lines, func(name string, _ []byte) bool {
			return isPoll(name) && !files[path.Join(account.folder(), name+suffix)]
		})
		if len(l.lines) < before {
			_ = s.rewrite(l) // or when it is large
		}
		s.each(account.folder(), func(name string, info os.FileInfo) {
			if file := path.Join(account.folder(), name); isSnapshot(name) && info.Mode().IsRegular() && !files[file] {
				_ = os.Remove(s.path(file)) // or at the next call
			}
		})
	}})
}
