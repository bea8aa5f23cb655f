package runzero_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestObserverFollowsEveryExchange(t *testing.T) {
	gone := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	early := func(ctx context.Context, client *runzero.Client) error {
		for _, err := range client.Sites(ctx, "") {
			return err
		}
		return nil
	}
	for name, c := range map[string]struct {
		handler http.Handler
		request func(context.Context, *runzero.Client) error
		codes   []int
		bytes   int64 // of the last
		fails   bool
	}{
		"success":           {data(`[{"id":"a"}]`), nil, []int{200}, 12, false},
		"no content":        {answer(204, "", ""), nil, []int{204}, 0, true},
		"refusal":           {answer(401, "", "unauthorized"), nil, []int{401}, 12, true},
		"refusal, no body":  {answer(500, "", ""), nil, []int{500}, 0, true},
		"a web page":        {answer(200, "text/html", "<html>"), nil, []int{200}, 6, true},
		"a broken record":   {data(`[{"id":"a"},5]`), nil, []int{200}, 14, true},
		"no response":       {gone, nil, []int{0}, 0, true},
		"cut off":           {truncated(`[{"id":"a"},{"id":"b"}]`, 12), nil, []int{200}, 12, true},
		"stopped early":     {data(`[{"id":"a"},{"id":"b"}]`), early, []int{200}, 23, false},
		"two pages":         {pages(map[string]string{"": "A", "A": ""}), nil, []int{200, 200}, 40, false},
		"redirected":        {http.RedirectHandler("https://example.com/", http.StatusFound), nil, []int{302}, 0, true},
		"tasks of an old":   {routes(map[string]string{taskExport: "404", scanExport: "404", runzero.TaskList: `[]`}), func(ctx context.Context, c *runzero.Client) error { _, err := all(c.Tasks(ctx, "")); return err }, []int{404, 404, 200}, 2, false},
		"larger than limit": {data(strings.Repeat(" ", 2000)), nil, []int{200}, 2000, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &recorder{}
				slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					<-time.After(3 * time.Second)
					c.handler.ServeHTTP(w, r)
				})
				client := serve(t, slow, runzero.Config{Observer: seen, Limits: runzero.Limits{Bytes: 1000}})
				request := c.request
				if request == nil {
					request = func(ctx context.Context, c *runzero.Client) error { _, err := all(c.Sites(ctx, "")); return err }
				}
				if err := request(t.Context(), client); (err != nil) != c.fails {
					t.Errorf("error %v, want one: %t", err, c.fails)
				}
				synctest.Wait()
				responded, finished := seen.take()
				var before, after []int
				for _, e := range responded {
					before = append(before, e.Code)
					if !e.Authenticated || e.Endpoint == "" || e.Duration != 0 || e.Bytes != 0 {
						t.Errorf("responded %+v", e)
					}
				}
				for _, e := range finished {
					after = append(after, e.Code)
					if !e.Authenticated || e.Endpoint == "" || e.Duration != 3*time.Second {
						t.Errorf("finished %+v", e)
					}
				}
				if !slices.Equal(before, c.codes) || !slices.Equal(after, c.codes) {
					t.Fatalf("responded %v, finished %v; want %v", before, after, c.codes)
				}
				// net/http may or may not read the body of a refused redirect.
				if got := finished[len(finished)-1].Bytes; got != c.bytes && name != "redirected" {
					t.Errorf("%d bytes, want %d", got, c.bytes)
				}
			})
		})
	}
}

func TestExchangeHasTheConsolesClockAndCertificate(t *testing.T) {
	date := "Tue, 21 Nov 2023 10:00:00 GMT"
	server := quietTLS(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{date}
		_, _ = w.Write([]byte("[]"))
	}))
	defer server.Close()
	exchange := func(trusted bool) runzero.Exchange {
		seen, http := &recorder{}, withToken(exportToken)
		http.TLSConfig.InsecureSkipVerify = trusted
		_, _ = all(newClient(t, runzero.Config{URL: server.URL, HTTP: http, Observer: seen}).Sites(t.Context(), ""))
		return seen.finished[0]
	}
	if e := exchange(true); !e.Date.Equal(time.Date(2023, 11, 21, 10, 0, 0, 0, time.UTC)) || !e.TLS.PeerCertificates[0].Equal(server.Certificate()) {
		t.Errorf("exchange %+v, want date and certificate", e)
	}
	if e := exchange(false); !e.Date.IsZero() || e.TLS != nil || e.Code != 0 {
		t.Errorf("exchange %+v, want no response", e)
	}
	date = "now"
	if e := exchange(true); !e.Date.IsZero() || e.Code != 200 {
		t.Errorf("exchange %+v, want no date", e)
	}
}
