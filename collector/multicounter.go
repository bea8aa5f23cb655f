package collector

// multiCounter counts records by a label of which a record can have several values.
type multiCounter struct {
	*dimension

	records int64
	last    []int64 // number of the last record with the value, by code
}

func newMultiCounter(label string) *multiCounter {
	return &multiCounter{dimension: newDimension(label, true)}
}

// next starts another record.
func (m *multiCounter) next() { m.records++ }

// add counts the current record for this value, once however often it is added.
func (m *multiCounter) add(value string) {
	code := m.code(value)
	for int(code) >= len(m.last) {
		m.last = append(m.last, 0)
	}
	if m.last[code] != m.records {
		m.last[code] = m.records
		m.counts[code]++
	}
}

// folded returns the counts by value. All but the top values are counted as other.
func (m *multiCounter) folded(top int) map[string]int64 {
	codes, counts := m.fold(top), map[string]int64{}
	for code, n := range m.counts {
		if n > 0 {
			counts[m.labels[codes[code]]] += n
		}
	}
	return counts
}
