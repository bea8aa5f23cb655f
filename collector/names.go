package collector

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	unknown = "unknown"
	other   = "other"

	maxLabelRunes = 128
)

// Label makes a label value of an untrusted text: valid UTF-8 on one line, trimmed, at most
// 128 characters, "unknown" if nothing is left.
func Label(s string) string {
	if isLabel(s) {
		return s
	}
	// Stops at the end of the label, because a hostile name may have megabytes.
	var label strings.Builder
	runes, space := 0, false
	for _, r := range s { // yields U+FFFD for invalid bytes
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			space = runes > 0
			continue
		}
		if space {
			if runes+2 > maxLabelRunes {
				break
			}
			label.WriteByte(' ')
			runes, space = runes+1, false
		}
		if runes == maxLabelRunes {
			break
		}
		label.WriteRune(r)
		runes++
	}
	if runes == 0 {
		return unknown
	}
	return label.String()
}

// isLabel reports whether s is an ASCII text that needs no cleaning, as most are.
func isLabel(s string) bool {
	if len(s) == 0 || len(s) > maxLabelRunes {
		return false
	}
	space := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7F || (s[i] == ' ' && space) {
			return false
		}
		space = s[i] == ' '
	}
	return !space
}

func shorten(s string, runes int) string {
	if len(s) <= runes {
		return s
	}
	if r := []rune(s); len(r) > runes {
		return strings.TrimSpace(string(r[:runes]))
	}
	return s
}

// Distinguish returns a unique label for the name of each id. Equal names are all followed by the first 8 characters
// of their ids, or by the complete ids if those are equal too. The result does not depend on the order of the ids.
func Distinguish(names map[string]string) map[string]string { return distinguish(names, nil) }

// distinguish is Distinguish without the labels that are taken.
func distinguish(names map[string]string, taken map[string]bool) map[string]string {
	labels := make(map[string]string, len(names))
	owners := make(map[string][]string, len(names)) // the ids with each label
	for id, name := range names {
		labels[id] = Label(name)
		owners[labels[id]] = append(owners[labels[id]], id)
	}
	changed := slices.Collect(maps.Keys(owners))
	for try := 1; len(changed) > 0; try++ {
		var conflicts []string
		for _, label := range changed {
			if len(owners[label]) > 1 || taken[label] {
				conflicts = append(conflicts, owners[label]...)
				delete(owners, label)
			}
		}
		changed = nil
		for _, id := range conflicts {
			suffix := " (" + shorten(idSuffix(id), 8) + ")"
			if try > 1 {
				suffix = " (" + idSuffix(id) + ")"
			}
			// Still equal: somebody gave a thing a name that looks like this, with another's id.
			if try > 2 {
				suffix += " " + strconv.Itoa(try)
			}
			label := shorten(Label(names[id]), maxLabelRunes-len(suffix)) + suffix
			labels[id] = label
			owners[label] = append(owners[label], id)
			changed = append(changed, label)
		}
	}
	return labels
}

// idSuffix returns the id if it can be part of a label, otherwise its hash.
func idSuffix(id string) string {
	if isLabel(id) && len(id) <= maxLabelRunes/2 && !strings.Contains(id, " ") {
		return id
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))
}

// baseName returns a label without the suffix that Distinguish added.
func baseName(label, id string) string {
	for _, suffix := range []string{idSuffix(id), shorten(idSuffix(id), 8)} {
		if name, ok := strings.CutSuffix(label, " ("+suffix+")"); ok {
			return name
		}
	}
	return label
}
