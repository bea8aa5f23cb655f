package runzero_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// FuzzUsage reads other values.
func TestUsageFromTheHeadersOfAResponse(t *testing.T) {
	want := runzero.Usage{Total: runzero.Known(4821), Today: runzero.Known(37), Remaining: runzero.Known(963)}
	seen := &recorder{}
	refused := refusal(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{"Total": "4821", "Today": "37", "Limit": "many", "Remaining": "963"} {
			w.Header()["X-API-Usage-"+name] = []string{value}
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}), runzero.Config{Observer: seen})
	responded, finished := seen.take()
	if refused.Usage != want || responded[0].Usage != want || finished[0].Usage != want {
		t.Errorf("usage %v, %v and %v; want %v", refused.Usage, responded[0].Usage, finished[0].Usage, want)
	}
}

func TestCountIsEncodedAsANumberOrNull(t *testing.T) {
	for count, want := range map[runzero.Count]string{{}: "null", runzero.Known(0): "0", runzero.Known(-1 << 62): "-4611686018427387904"} {
		data, err := json.Marshal(count)
		if err != nil || string(data) != want {
			t.Errorf("%v is encoded as %s, %v; want %s", count, data, err, want)
		}
		decoded := runzero.Known(7)
		if err := json.Unmarshal(data, &decoded); err != nil || decoded != count {
			t.Errorf("%s is decoded as %v, %v; want %v", want, decoded, err, count)
		}
	}
	if err := json.Unmarshal([]byte(`"7"`), new(runzero.Count)); err == nil {
		t.Error("a text is accepted as a count")
	}
}
