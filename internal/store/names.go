package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"regexp"
	"strconv"
	"strings"
)

const (
	snapshotPrefix = "snapshot-"
	pollPrefix     = "poll-"      // of the state of a poll
	stateName      = "state.prom" // of the account as a whole
	logName        = "state.log"  // which has all of these, in a folder
	suffix         = ".prom"
	badSuffix      = ".bad"

	// readableBytes limits each readable part of a file name. An id fits, and the name
	// stays far below the 255 bytes that file systems allow.
	readableBytes = 36
)

// folder names the account's folder below that of the store: readable, and unique because of its hash.
func (a Account) folder() string {
	return uniqueName(cmp.Or(readable(a.Name), "account"), a.Name, a.Fingerprint)
}

// accountFolder matches what folder returns.
func accountFolder() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9_-]{1,36}-[0-9a-f]{16}$`) }

func (a Account) logFile() string { return path.Join(a.folder(), logName) }

// file names the key's snapshot.
func (k Key) file() string {
	return path.Join(k.Account.folder(), fileName(snapshotPrefix, k.Organization, k.Collector))
}

// whole reports whether it is the key of the account as a whole.
func (k Key) whole() bool { return k.Organization == "" && k.Collector == "" }

// stateFile names the key's state. Before there were logs, it was a file.
func (k Key) stateFile() string {
	if k.whole() {
		return path.Join(k.Account.folder(), stateName)
	}
	return path.Join(k.Account.folder(), fileName(pollPrefix, k.Organization, k.Collector))
}

// isSnapshot reports whether a file has that name because it is a snapshot.
func isSnapshot(name string) bool {
	name, ending := strings.CutSuffix(name, suffix)
	return strings.HasPrefix(name, snapshotPrefix) && ending && strings.Trim(name[max(len(name)-16, 0):], "0123456789abcdef") == ""
}

// isPoll reports whether a file or record has that name because it is the state of a poll.
func isPoll(name string) bool { return strings.HasPrefix(name, pollPrefix) }

// record names the key's state in a log.
func (k Key) record() string { return strings.TrimSuffix(path.Base(k.stateFile()), suffix) }

func fileName(prefix string, parts ...string) string {
	name := strings.Builder{}
	name.WriteString(prefix)
	for _, part := range parts {
		if readable := readable(part); readable != "" {
			name.WriteString(readable)
			name.WriteByte('-')
		}
	}
	return uniqueName(strings.TrimSuffix(name.String(), "-"), parts...) + suffix
}

// uniqueName returns a name that other parts do not have, without anything that has a meaning to a file system: no
// separator, no dot, and no capital letters, because some systems ignore case.
func uniqueName(readable string, parts ...string) string {
	var quoted strings.Builder
	for _, part := range parts {
		quoted.WriteString(strconv.Quote(part))
	}
	return readable + "-" + hash(quoted.String())[:16]
}

func readable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s[:min(len(s), readableBytes)])
	return strings.Trim(s, "-")
}

// hash returns the SHA-256 of a text in hexadecimal digits.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
