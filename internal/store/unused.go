package store

import (
	"maps"
	"os"
	"path"
	"strings"
	"time"

	"github.com/go-kit/log/level"
)

// keepUnused is how long the files of an account stay that no configuration uses: a name may have been misspelt, or a
// test made with another console.
const keepUnused = 30 * 24 * time.Hour

// use records that the configuration has an account.
func (s *Folder) use(account Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[account.folder()] = true
}

// tidy removes the temporary files of a killed process, and what no configuration has used for long. It marks as used
// what is. What cannot be removed does no harm.
func (s *Folder) tidy() {
	s.mu.Lock()
	used := maps.Clone(s.used)
	s.mu.Unlock()
	now := s.Now()
	s.each("", func(name string, info os.FileInfo) {
		unused := now.Sub(info.ModTime()) > keepUnused
		switch {
		case info.IsDir() && accountFolder().MatchString(name):
			if unused = unused && !used[name]; used[name] {
				_ = os.Chtimes(s.path(name), now, now)
			}
			s.each(name, func(file string, info os.FileInfo) {
				if own := isTemporary(file) || unused && isCached(strings.TrimSuffix(file, badSuffix)); own && info.Mode().IsRegular() {
					_ = os.Remove(s.path(path.Join(name, file)))
				}
			})
			if unused && os.Remove(s.path(name)) == nil {
				level.Info(s.Logger).Log("msg", "cached files removed: no configuration has used them for 30 days", "folder", s.path(name))
			}
		case info.Mode().IsRegular() && isTemporary(name):
			_ = os.Remove(s.path(name))
		}
	})
}

// each calls visit for everything in a folder.
func (s *Folder) each(folder string, visit func(name string, info os.FileInfo)) {
	entries, err := os.ReadDir(s.path(folder))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			visit(entry.Name(), info)
		}
	}
}
