package runzero_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestUsageFromTheHeadersOfAResponse(t *testing.T) {
	known := runzero.Known
	for name, c := range map[string]struct {
		headers map[string]string
		want    runzero.Usage
	}{
		"all": {
			map[string]string{"X-API-Usage-Total": "4821", "X-API-Usage-Today": "37", "X-API-Usage-Limit": "1000", "X-API-Usage-Remaining": "963"},
			runzero.Usage{Total: known(4821), Today: known(37), Limit: known(1000), Remaining: known(963)},
		},
		"none": {nil, runzero.Usage{}},
		"invalid beside valid": {
			map[string]string{"X-API-Usage-Total": "unlimited", "X-API-Usage-Today": "-1", "X-API-Usage-Limit": "3.5", "X-API-Usage-Remaining": "5"},
			runzero.Usage{Remaining: known(5)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &recorder{}
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range c.headers {
					w.Header()[name] = []string{value}
				}
			}), runzero.Config{Observer: seen})
			if _, err := all(client.Sites(t.Context(), "")); err != nil {
				t.Fatal(err)
			}
			responded, finished := seen.take()
			if responded[0].Usage != c.want || finished[0].Usage != c.want {
				t.Errorf("usage %v and %v, want %v", responded[0].Usage, finished[0].Usage, c.want)
			}
		})
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
