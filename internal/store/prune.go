package store

import (
	"maps"
	"os"
	"path"
	"strings"
)

// Prune makes the writer remove the snapshots of an account whose key is not to be kept, such as those of organizations
// that no longer exist. Snapshots saved after this call stay, and so do files that the store did not write. The writer
// calls keep, on its own goroutine.
func (s *Store) Prune(account Account, keep func(Key) bool) {
	s.enqueue(task{run: func() {
		maps.DeleteFunc(s.failed, func(_ string, t task) bool { return t.key != nil && t.key.Account == account && !keep(*t.key) })
		s.record(task{}, nil) // what could never be written is forgotten, too
		folder := account.folder()
		s.each(folder, func(name string, info os.FileInfo) {
			if !strings.HasPrefix(name, snapshotPrefix) || !strings.HasSuffix(name, suffix) || !info.Mode().IsRegular() {
				return
			}
			name = path.Join(folder, name)
			if key, ok := s.readKey(account, name); ok && key.file() == name && !keep(key) {
				_ = os.Remove(s.path(name)) // or at the next call
			}
		})
	}})
}
