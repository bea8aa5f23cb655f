package store

import (
	"maps"
	"os"
	"path"
	"strings"
)

// Prune implements Store. Files that the store did not write stay.
func (s *Folder) Prune(account Account, used map[Key]bool) {
	if !s.Owned() {
		return
	}
	s.enqueue(task{run: func() {
		maps.DeleteFunc(s.failed, func(_ string, t task) bool { return t.key != nil && t.key.Account == account && !used[*t.key] })
		s.record(task{}, nil) // what could never be written is forgotten, too
		folder := account.folder()
		s.each(folder, func(name string, info os.FileInfo) {
			if !strings.HasPrefix(name, snapshotPrefix) || !strings.HasSuffix(name, suffix) || !info.Mode().IsRegular() {
				return
			}
			name = path.Join(folder, name)
			if key, ok := s.readKey(account, name); ok && key.file() == name && !used[key] {
				_ = os.Remove(s.path(name)) // or at the next call
			}
		})
	}})
}
