package shipped

import (
	"fmt"
	"slices"
)

// findings are sentences on what is wrong, in the order it was found, each once.
type findings []string

func (f *findings) add(format string, args ...any) {
	if finding := fmt.Sprintf(format, args...); !slices.Contains(*f, finding) {
		*f = append(*f, finding)
	}
}

// at adds what was found somewhere, with the place in front.
func (f *findings) at(place string, found []string) {
	for _, finding := range found {
		f.add("%s: %s", place, finding)
	}
}
