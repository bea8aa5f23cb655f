package runzero_test

import (
	"net/http"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// usageOf is what an answer with these headers says of the quota.
func usageOf(t *testing.T, headers map[string]string) runzero.Usage {
	t.Helper()
	seen := &recorder{}
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range headers {
			w.Header()[name] = []string{value}
		}
	}), runzero.Config{Observer: seen})
	if _, err := all(client.Sites(t.Context(), "")); err != nil {
		t.Fatal(err)
	}
	answered, finished := seen.take()
	if answered[0].Usage != finished[0].Usage {
		t.Errorf("Answered said %v, Finished %v", answered[0].Usage, finished[0].Usage)
	}
	return finished[0].Usage
}

func TestUsageIsReadFromTheHeaders(t *testing.T) {
	got := usageOf(t, map[string]string{
		"X-API-Usage-Total": "4821", "X-API-Usage-Today": "37", "X-API-Usage-Limit": "1000", "X-API-Usage-Remaining": "963",
	})
	want := runzero.Usage{Total: runzero.Known(4821), Today: runzero.Known(37), Limit: runzero.Known(1000), Remaining: runzero.Known(963)}
	if got != want {
		t.Errorf("usage %v, want %v", got, want)
	}
}

func TestUsageHeaderThatSaysNothingIsUnknownAndLeavesTheOthers(t *testing.T) {
	names := []string{"X-API-Usage-Total", "X-API-Usage-Today", "X-API-Usage-Limit", "X-API-Usage-Remaining"}
	values := map[string]struct {
		value string
		want  runzero.Count
	}{
		"zero":        {"0", runzero.Known(0)},
		"spaces":      {" 12 ", runzero.Known(12)},
		"largest":     {"1000000000000", runzero.Known(1e12)},
		"empty":       {"", runzero.Count{}},
		"negative":    {"-1", runzero.Count{}},
		"float":       {"3.5", runzero.Count{}},
		"huge":        {"1000000000001", runzero.Count{}},
		"beyond all":  {"99999999999999999999999", runzero.Count{}},
		"not numeric": {"unlimited", runzero.Count{}},
		"thousands":   {"1,000", runzero.Count{}},
	}
	for value, c := range values {
		for i, name := range names {
			t.Run(value+" "+name, func(t *testing.T) {
				headers := map[string]string{}
				for _, other := range names {
					headers[other] = "5"
				}
				headers[name] = c.value
				usage := usageOf(t, headers)
				for j, got := range []runzero.Count{usage.Total, usage.Today, usage.Limit, usage.Remaining} {
					want := runzero.Known(5)
					if i == j {
						want = c.want
					}
					if got != want {
						t.Errorf("%s: %v, want %v", names[j], got, want)
					}
				}
			})
		}
	}
}

func TestUsageIsUnknownWithoutHeaders(t *testing.T) {
	if got := usageOf(t, nil); got != (runzero.Usage{}) {
		t.Errorf("usage %v, want all unknown", got)
	}
	if n, known := (runzero.Count{}).Get(); n != 0 || known {
		t.Errorf("the zero Count is %d, known %t; want unknown", n, known)
	}
}
