package collector

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"strings"
	"unicode"
)

const (
	unknown    = "unknown"
	unassigned = "unassigned" // the site of what is in no site
	other      = "other"

	labelRunes = 128
	// The id in the name of what is in no site, should a site be called like it.
	zeroID = "00000000-0000-0000-0000-000000000000"
)

// Label makes a label value of a text that strangers chose: valid UTF-8 on one line,
// trimmed, of at most 128 characters, never empty.
func Label(s string) string {
	if plain(s) {
		return s
	}
	// In one pass that ends with the label: a hostile name may have megabytes.
	var label strings.Builder
	runes, space := 0, false
	for _, r := range s { // invalid bytes come as U+FFFD
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			space = runes > 0
			continue
		}
		if space {
			if runes+2 > labelRunes {
				break
			}
			label.WriteByte(' ')
			runes, space = runes+1, false
		}
		if runes == labelRunes {
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

// plain tells whether s is a label value as it is. Most are.
func plain(s string) bool {
	if len(s) == 0 || len(s) > labelRunes {
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

// Distinguish gives each id the label of its name. Where names are equal, all of
// them are followed by the first 8 characters of their ids, or by the whole ids where
// that does not tell them apart either; so a name does not depend on the order in
// which things came.
func Distinguish(names map[string]string) map[string]string { return distinguish(names, nil) }

// distinguish is Distinguish where some labels are taken already.
func distinguish(names map[string]string, taken map[string]bool) map[string]string {
	labels := make(map[string]string, len(names))
	owners := make(map[string][]string, len(names)) // by label, who has it, or had it once
	for id, name := range names {
		labels[id] = Label(name)
		owners[labels[id]] = append(owners[labels[id]], id)
	}
	same := repeated(maps.Keys(owners), owners, labels, taken)
	for try := 1; len(same) > 0; try++ {
		anew := map[string]bool{}
		for id := range same {
			suffix := " (" + shorten(tag(id), 8) + ")"
			if try > 1 {
				suffix = " (" + tag(id) + ")"
			}
			// Names that look like these, ids and all, are the work of somebody who
			// wants them to be equal.
			if try > 2 {
				suffix += " " + strconv.Itoa(try)
			}
			label := shorten(Label(names[id]), labelRunes-len(suffix)) + suffix
			labels[id] = label
			owners[label] = append(owners[label], id)
			anew[label] = true
		}
		same = repeated(maps.Keys(anew), owners, labels, taken)
	}
	return labels
}

// repeated returns the ids that have one of these labels, where another id has it too,
// or where it is taken.
func repeated(of iter.Seq[string], owners map[string][]string, labels map[string]string, taken map[string]bool) map[string]bool {
	same := map[string]bool{}
	for label := range of {
		have := map[string]bool{}
		for _, id := range owners[label] {
			if labels[id] == label {
				have[id] = true
			}
		}
		if len(have) > 1 || taken[label] {
			maps.Copy(same, have)
		}
	}
	return same
}

// tag is what of an id can stand in a label: all of it, or, where it is no id of
// runZero's, its hash.
func tag(id string) string {
	if plain(id) && len(id) <= labelRunes/2 && !strings.Contains(id, " ") {
		return id
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))
}

// undistinguished is the name without what Distinguish put behind it.
func undistinguished(label, id string) string {
	for _, behind := range []string{tag(id), shorten(tag(id), 8)} {
		if name, ok := strings.CutSuffix(label, " ("+behind+")"); ok {
			return name
		}
	}
	return label
}

// SiteNames is the site_name of each site by its id.
type SiteNames map[string]string

// siteKey is the id under which a site is known; what is in no site has one too.
func siteKey(id string) string {
	if id == "" {
		return zeroID
	}
	return id
}

// nameSites gives names to the sites that records spoke of, by id. Sites that are
// known keep the name they have.
func nameSites(known SiteNames, seen map[string]string) SiteNames {
	if known == nil {
		all := maps.Clone(seen)
		all[zeroID] = unassigned
		return Distinguish(all)
	}
	taken := map[string]bool{}
	for _, name := range known {
		taken[name] = true
	}
	strangers := map[string]string{}
	for id, name := range seen {
		if _, ok := known[id]; !ok {
			strangers[id] = name
		}
	}
	names := maps.Clone(known)
	maps.Copy(names, distinguish(strangers, taken))
	return names
}

// seeSite notes the site of a record and returns the id under which it is known.
func seeSite(seen map[string]string, id, name string) (string, error) {
	key := siteKey(id)
	return key, see(seen, key, name)
}

// see notes a site that a record spoke of, and the name the record gave. Records may
// differ in it, when one has none or the site is renamed meanwhile; which of them
// counts does not depend on which came first. An error is one site too many.
func see(seen map[string]string, key, name string) error {
	before, ok := seen[key]
	if ok && name == before {
		return nil // most do not differ
	}
	if !ok {
		if err := roomForSite(seen, key); err != nil {
			return err
		}
	}
	name = Label(name)
	if key == zeroID {
		name = unassigned
	}
	if !ok || before == unknown || name != unknown && name > before {
		seen[key] = name
	}
	return nil
}
