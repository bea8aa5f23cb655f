package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	snapshotPrefix = "snapshot-"
	statePrefix    = "state-"
	suffix         = ".prom"
	badSuffix      = ".bad"

	// Longest readable part: an id is whole, and a name with everything around it is
	// far below the 255 bytes that file systems take.
	readableBytes = 36
)

// file is the name of the key's snapshot: readable, and by its hash no other key's.
func (k Key) file() string {
	return fileName(snapshotPrefix, k.Account, k.Organization, k.Collector)
}

func stateFile(account string) string { return fileName(statePrefix, account) }

// fileName holds nothing that means something to any file system: no dot but the
// last, no separator, and no capital, which some do not tell from small letters.
func fileName(prefix string, parts ...string) string {
	var name, whole strings.Builder
	name.WriteString(prefix)
	for _, part := range parts {
		whole.WriteString(quote(part))
		if readable := readable(part); readable != "" {
			name.WriteString(readable)
			name.WriteByte('-')
		}
	}
	name.WriteString(hash(whole.String())[:16])
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

// hash is the SHA-256 of a text in hexadecimal digits.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
