package collector

import (
	"maps"
	"strings"
	"testing"
	"unicode"
)

// A label consists of the words of the text, separated by one space, as far as they fit.
// Label does not change it again.
func FuzzLabel(f *testing.F) {
	for _, text := range []string{
		"", "Primary", " \t\n\u00a0\u2028 ", "a\x00\x1b[0m\x7fb\u0085c", "caf\xe9", "a\xed\xa0\x80", "🏭 مصنع", "\"} 1\n# HELP x \\", "\ufffd\ufeff\u202e",
		strings.Repeat("é", 129), strings.Repeat("x", 127) + " y", strings.Repeat("x", 126) + " yz", strings.Repeat(" x", 99),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
		runes := []rune(strings.Join(words, " "))
		want := strings.TrimSpace(string(runes[:min(len(runes), maxLabelRunes)]))
		if len(runes) == 0 {
			want = unknown
		}
		got := Label(text)
		checkLabel(t, got)
		if got != want {
			t.Errorf("Label(%q) = %q, want %q", text, got, want)
		}
	})
}

// Whatever the names and ids, labels are clean, unique and not taken. A unique name is not
// changed, and others begin like their name.
func FuzzDistinguish(f *testing.F) {
	for _, things := range []string{
		"aaaaaaaa-1=HQ|bbbbbbbb-1= HQ", "aaaaaaaa-1=HQ|aaaaaaaa-2=HQ|bbbbbbbb-1=HQ", "aaaaaaaa-1=HQ|bbbbbbbb-1=HQ|cccccccc-1=HQ (aaaaaaaa)",
		"aaaaaaaa-1=HQ|aaaaaaaa-2=HQ|cccccccc-1=HQ (aaaaaaaa-1)|dddddddd-1=HQ (aaaaaaaa-1) 3|eeeeeeee-1=HQ (aaaaaaaa-1) 4", "a=|b=unknown|=|c",
		"a=x|a\n=x|a =x| a=x|\xff=x|\xfe=x", strings.Repeat("i", 200) + "=x|" + strings.Repeat("i", 201) + "=x", "a=" + strings.Repeat("é", 124) + " (a)|b=" + strings.Repeat("é", 124) + " (a)",
		"a) 3 (b=HQ|b=HQ|c=HQ (a)", "a=HQ|a) (a=HQ|b=HQ (a",
	} {
		f.Add(things, "HQ|HQ (aaaaaaaa)|x (a) 3")
		f.Add(things, "")
	}
	f.Fuzz(func(t *testing.T, things, took string) {
		names, taken := map[string]string{}, map[string]bool{}
		for thing := range strings.SplitSeq(things, "|") {
			id, name, _ := strings.Cut(thing, "=")
			names[id] = name
		}
		for label := range strings.SplitSeq(took, "|") {
			taken[Label(label)] = true
		}
		labels := distinguish(names, taken)
		checkUnique(t, labels)
		called := map[string]int{}
		for _, name := range names {
			called[Label(name)]++
		}
		for id, name := range names {
			label, name := labels[id], Label(name)
			begins, _, _ := strings.Cut(name, " (")
			switch {
			case taken[label]:
				t.Errorf("%q is taken", label)
			case called[name] == 1 && !taken[name] && label != name && !strings.Contains(name, "("):
				t.Errorf("%q, of which there is one, is called %q", name, label)
			case !strings.HasPrefix(label, string([]rune(begins)[:min(len([]rune(begins)), maxLabelRunes/4)])):
				t.Errorf("%q is called %q", name, label)
			}
		}
		if again := distinguish(maps.Clone(names), taken); !maps.Equal(labels, again) {
			t.Errorf("%v and %v are labels of the same names", labels, again)
		}
	})
}
