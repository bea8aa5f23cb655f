package collector

import (
	"slices"
	"strconv"
	"strings"
)

// parseVersion returns the numbers of a version such as 5.1.260818.0, without trailing
// zeros: 5.1 equals 5.1.0. It returns false if s is not a version.
func parseVersion(s string) ([]uint64, bool) {
	var v []uint64
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

// outdated reports whether a version is older than the released one. known is false if one of them is not a version.
func outdated(version, released string) (older, known bool) {
	have, ok := parseVersion(version)
	newest, releasedOK := parseVersion(released)
	return slices.Compare(have, newest) < 0, ok && releasedOK
}
