package collector

import (
	"slices"
	"strconv"
	"strings"
)

// version is the number of a release, such as 5.1.260818.0, part by part. Zeros at its
// end are left out: 5.1 is 5.1.0.
type version []uint64

// parseVersion reads a version and reports whether it is one.
func parseVersion(s string) (version, bool) {
	var v version
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return nil, false
		}
		v = append(v, n)
	}
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return v, true
}

// outdated tells whether a version is older than the released one, where both are
// versions.
func outdated(v, released string) (older, known bool) {
	have, ok := parseVersion(v)
	newest, told := parseVersion(released)
	return slices.Compare(have, newest) < 0, ok && told
}
