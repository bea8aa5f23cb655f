package shipped

import (
	"regexp"
	"strings"
)

// Named are the findings of text that names metrics and alerts, in whatever form.
func (f Families) Named(text string, alerts set) []string {
	var found findings
	for _, name := range regexp.MustCompile(`(?:[a-z]+:)?\brunzero_[a-z0-9_:]*`).FindAllString(text, -1) {
		name = strings.TrimRight(name, ":")
		// Behind the program's own name and a colon stands the version of its image.
		if program, _, _ := strings.Cut(name, ":"); program != programName && !f.stands(name) {
			found.add("there is no metric %s", name)
		}
	}
	// What a pattern goes on from is no name.
	for _, match := range regexp.MustCompile(`\b(RunZero[A-Z][A-Za-z0-9]+)(\.[*+]|\()?`).FindAllStringSubmatch(text, -1) {
		if name := match[1]; match[2] == "" && !alerts[name] {
			found.add("there is no alert %s", name)
		}
	}
	return found
}

// stands is whether a name is that of a series, or stands for some as in runzero_api_*.
func (f Families) stands(name string) bool {
	if !strings.HasSuffix(name, "_") {
		_, known := f[name]
		return known
	}
	for other := range f {
		if strings.HasPrefix(other, name) {
			return true
		}
	}
	return false
}
