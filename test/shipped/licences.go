package shipped

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// LicencesFile is the file of the texts that have to go with the program.
const LicencesFile = "THIRD_PARTY_LICENSES"

// Terms are the licences and notices of what is built into the program, each text with
// the modules, and folders of them, that it is of.
type Terms map[string][]string

// The names of files of terms.
var (
	licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying)`)
	noticeFile  = regexp.MustCompile(`(?i)^notice`)
)

// permitted are the licences of what may be built in, by their SPDX identifiers: those
// that ask for no more than that their text goes with it.
var permitted = set{"Apache-2.0": true, "MIT": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "ISC": true, "MPL-2.0": true}

// Of a text of which less than this is a known licence, nobody knows what it says.
const recognised = 75 // per cent

// Refused tells, as sentences, what in a licence's text does not permit to be built in.
func Refused(text string) []string {
	var f findings
	coverage := licensecheck.Scan([]byte(text))
	if coverage.Percent < recognised {
		f.add("only %.0f %% of it are a licence that is known", coverage.Percent)
	}
	for _, match := range coverage.Match {
		if !permitted[match.ID] {
			f.add("%s is not permitted", match.ID)
		}
	}
	return f
}

// String is the terms as they go with the program.
func (t Terms) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "What is built into %s, and on which terms.\n", programName)
	texts := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		return cmp.Or(slices.Compare(t[a], t[b]), strings.Compare(a, b))
	})
	for _, text := range texts {
		b.WriteString("\n" + strings.Repeat("=", 79) + "\n" + strings.Join(t[text], "\n") + "\n\n" + strings.TrimRight(text, "\n") + "\n")
	}
	return b.String()
}
