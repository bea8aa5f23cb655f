package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

const (
	snapshotPrefix = "snapshot-"
	statePrefix    = "state-"
	suffix         = ".prom"
	badSuffix      = ".bad"

	// readableBytes limits each readable part of a file name. An id fits, and the name
	// stays far below the 255 bytes that file systems allow.
	readableBytes = 36
)

// file names the key's snapshot: readable, and unique because of its hash.
func (k Key) file() string {
	return fileName(snapshotPrefix, k.Account, k.Organization, k.Collector)
}

func stateFile(account string) string { return fileName(statePrefix, account) }

// fileName returns a name without anything that has a meaning to a file system: no
// separator, only one dot, and no capital letters, because some systems ignore case.
func fileName(prefix string, parts ...string) string {
	var name, quoted strings.Builder
	name.WriteString(prefix)
	for _, part := range parts {
		quoted.WriteString(strconv.Quote(part))
		if readable := readable(part); readable != "" {
			name.WriteString(readable)
			name.WriteByte('-')
		}
	}
	name.WriteString(hash(quoted.String())[:16])
	name.WriteString(suffix)
	return name.String()
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
