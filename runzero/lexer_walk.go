package runzero

import (
	"encoding/binary"
	"math/bits"
)

// These functions find the ends of values in JSON that is known to be valid. On anything else their results mean
// nothing, but they do not panic.

// skipGap returns where the next value or closing bracket starts, after the blanks and the separator at b[i:].
func skipGap(b []byte, i int) int {
	for i < len(b) && (b[i] <= ' ' || b[i] == ',' || b[i] == ':') {
		i++
	}
	return i
}

// valueEnd returns where the value at b[i:] ends, and whether it is a plain string.
func valueEnd(b []byte, i int) (end int, plain bool) {
	if i >= len(b) {
		return len(b), false
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		return nestEnd(b, i), false
	}
	for i++; i < len(b) && b[i] > ' ' && b[i] != ',' && b[i] != '}' && b[i] != ']'; {
		i++
	}
	return i, false
}

// nestEnd returns where the object or array at b[i:] ends.
func nestEnd(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i, _ = stringEnd(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if i++; depth == 0 {
			return i
		}
	}
	return len(b)
}

// stringEnd returns where the string at b[i:] ends, and whether it is plain: ASCII without escapes, whose bytes are
// its text. It compares eight bytes at a time, because strings are most of a record. A string that ends within the
// last eight bytes is not reported as plain.
func stringEnd(b []byte, i int) (end int, plain bool) {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for i++; len(b)-i >= 8; i += 8 {
		eight := binary.LittleEndian.Uint64(b[i : i+8])
		quotes, backslashes := eight^each*'"', eight^each*'\\' // bytes that are zero
		// Subtracting one from a byte that is zero sets its high bit. It may also set those of higher bytes, which
		// does not matter: the lowest one is used.
		found := ((quotes-each)&^quotes | (backslashes-each)&^backslashes | eight) & high
		if found == 0 {
			continue
		}
		if i += bits.TrailingZeros64(found) / 8; b[i] == '"' {
			return i + 1, true
		}
		break
	}
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, false
		case '\\':
			i++ // the escaped character may be a quote
		}
	}
	return len(b), false
}
