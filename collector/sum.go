package collector

import (
	"math"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// sum adds up counts that may be unknown, and stays at the largest number there is when
// it comes there.
type sum struct {
	n     int64
	known bool
}

func (s *sum) add(c runzero.Count) {
	if n, known := c.Get(); known {
		s.n += min(n, math.MaxInt64-s.n)
		s.known = true
	}
}
