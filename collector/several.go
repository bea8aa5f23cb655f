package collector

// several counts things by a label of which each of them may have several values.
type several struct {
	*dimension

	things int64
	last   []int64 // the last thing that had the value, by its code
}

func newSeveral() *several { return &several{dimension: newDimension(true)} }

// next begins with another thing.
func (s *several) next() { s.things++ }

// has counts the thing with this value: once, however often it is named.
func (s *several) has(value string) {
	code := s.code(value)
	for int(code) >= len(s.last) {
		s.last = append(s.last, 0)
	}
	if s.last[code] != s.things {
		s.last[code] = s.things
		s.counts[code]++
	}
}

// folded returns the counts by value, with all but the top values counted as other.
func (s *several) folded(top int) map[string]int64 {
	kept, counts := s.fold(top), map[string]int64{}
	for code, n := range s.counts {
		if n > 0 {
			counts[s.labels[kept[code]]] += n
		}
	}
	return counts
}
