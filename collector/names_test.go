package collector

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// text is a random name.
func text(r *rand.Rand) string {
	parts := []string{"HQ", "HQ", "a", " ", "\n", "\x00", "\xff", "é", "世", "\u2028", "\uFFFD", strings.Repeat("x", 60), strings.Repeat("é", 127), " (", ")"}
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

func checkLabel(t *testing.T, label string) {
	t.Helper()
	if label == "" || !utf8.ValidString(label) || utf8.RuneCountInString(label) > 128 || Label(label) != label {
		t.Errorf("%q is no clean label: cleaned, it is %q", label, Label(label))
	}
}

// identifier is a random id whose first eight characters are rarely unique.
func identifier(r *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x", r.IntN(3), r.IntN(40))
}

// lookalike is a name that often looks like a label from Distinguish.
func lookalike(r *rand.Rand) string {
	id := identifier(r)
	return []string{text(r), "HQ", "HQ (" + id + ")", "HQ (" + id[:8] + ")", id, "HQ (" + id + ") 3", "HQ (" + id + ") (" + id + ")"}[r.IntN(7)]
}

func checkUnique(t *testing.T, labels map[string]string) {
	t.Helper()
	ids := map[string]string{}
	for id, label := range labels {
		checkLabel(t, label)
		if before, duplicate := ids[label]; duplicate {
			t.Fatalf("%s and %s are both %q", before, id, label)
		}
		ids[label] = id
	}
}

func TestDistinguishIsUnique(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		names := map[string]string{}
		for range r.IntN(20) {
			names[identifier(r)] = lookalike(r)
		}
		labels := Distinguish(names)
		checkUnique(t, labels)
		if len(labels) != len(names) {
			t.Fatalf("%d labels of %d names", len(labels), len(names))
		}
		for range 3 { // map order is random
			if again := Distinguish(maps.Clone(names)); !maps.Equal(labels, again) {
				t.Fatalf("%v and %v are labels of the same names", labels, again)
			}
		}
	}
}

// Known sites keep their names.
func TestNamesOfUnlistedSitesAreUnique(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		sites, seen := map[string]string{zeroID: unassigned}, map[string]string{}
		for range r.IntN(10) {
			sites[identifier(r)] = lookalike(r)
			seen[identifier(r)] = lookalike(r)
		}
		known := SiteNames(Distinguish(sites))
		names := nameSites(known, seen)
		checkUnique(t, names)
		for id, name := range known {
			if names[id] != name {
				t.Fatalf("%q is now %q", name, names[id])
			}
		}
		for id := range seen {
			if names[id] == "" {
				t.Fatalf("%s has no name", id)
			}
		}
		checkUnique(t, nameSites(nil, seen))
	}
}

func TestDistinguish(t *testing.T) {
	for _, test := range []struct {
		name        string
		names, want map[string]string
	}{
		{"two", map[string]string{"aaaaaaaa-1": "HQ", "bbbbbbbb-1": " HQ"}, map[string]string{"aaaaaaaa-1": "HQ (aaaaaaaa)", "bbbbbbbb-1": "HQ (bbbbbbbb)"}},
		{"ids with the same prefix", map[string]string{"aaaaaaaa-1": "HQ", "aaaaaaaa-2": "HQ", "bbbbbbbb-1": "HQ"},
			map[string]string{"aaaaaaaa-1": "HQ (aaaaaaaa-1)", "aaaaaaaa-2": "HQ (aaaaaaaa-2)", "bbbbbbbb-1": "HQ (bbbbbbbb)"}},
		{"name looks like another with its id", map[string]string{"aaaaaaaa-1": "HQ", "bbbbbbbb-1": "HQ", "cccccccc-1": "HQ (aaaaaaaa)"},
			map[string]string{"aaaaaaaa-1": "HQ (aaaaaaaa-1)", "bbbbbbbb-1": "HQ (bbbbbbbb)", "cccccccc-1": "HQ (aaaaaaaa) (cccccccc-1)"}},
		{"name looks like another with its complete id", map[string]string{"aaaaaaaa-1": "HQ", "aaaaaaaa-2": "HQ", "cccccccc-1": "HQ (aaaaaaaa-1)"},
			map[string]string{"aaaaaaaa-1": "HQ (aaaaaaaa-1) 3", "aaaaaaaa-2": "HQ (aaaaaaaa-2)", "cccccccc-1": "HQ (aaaaaaaa-1) (cccccccc-1) 3"}},
		{"empty names", map[string]string{"aaaaaaaa-1": "", "bbbbbbbb-1": "unknown"}, map[string]string{"aaaaaaaa-1": "unknown (aaaaaaaa)", "bbbbbbbb-1": "unknown (bbbbbbbb)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Distinguish(test.names); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
