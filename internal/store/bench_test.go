package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// BenchmarkSaveState saves the state of one poll of an account that has few or many.
func BenchmarkSaveState(b *testing.B) {
	state := json.RawMessage(`{"Collector":"assets","Text":"` + strings.Repeat("x", 600) + `"}`)
	for _, polls := range []int{10, 5000} {
		for name, s := range map[string]interface {
			Store
			work()
		}{"folder": openLog(b, b.TempDir()), "redis": openShared(b, at(miniredis.RunT(b))).lead()} {
			b.Run(fmt.Sprintf("%s/polls=%d", name, polls), func(b *testing.B) {
				for n := range polls {
					s.SaveState(poll(n), state)
				}
				s.work()
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					s.SaveState(poll(n%polls), state)
					s.work()
				}
			})
		}
	}
}
