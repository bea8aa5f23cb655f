package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble runs f in a synctest bubble with a client of a console.
func inBubble(t *testing.T, o Options, f func(t *testing.T, c *Console, ask func(ctx context.Context, path string) (*http.Response, string, error))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if o.Assets == 0 {
			o.Assets = 300
		}
		c := New(o)
		dial, stop := Pipe(c)
		defer stop()
		tr := &http.Transport{DialContext: dial, DisableCompression: true}
		defer tr.CloseIdleConnections()
		f(t, c, func(ctx context.Context, path string) (*http.Response, string, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://console/api/v1.0"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+c.ExportToken(0))
			// http.Client would retry.
			resp, err := tr.RoundTrip(r)
			if err != nil {
				return nil, "", err
			}
			b, err := io.ReadAll(resp.Body)
			return resp, string(b), errors.Join(err, resp.Body.Close())
		})
	})
}

const sitesPath = "/export/org/sites.json"

func TestFaults(t *testing.T) {
	html := "<html>login</html>"
	inBubble(t, Options{}, func(t *testing.T, c *Console, ask func(context.Context, string) (*http.Response, string, error)) {
		ctx := context.Background()
		want := func(status int, contains string) http.Header {
			t.Helper()
			resp, body, err := ask(ctx, sitesPath)
			if err != nil || resp.StatusCode != status || !strings.Contains(body, contains) {
				t.Fatalf("%v %v %.200s; want %d %s", err, resp, body, status, contains)
			}
			return resp.Header
		}
		c.Inject(Fault{Path: sitesPath, Times: 2, Status: 503, Header: http.Header{"Retry-After": {"7"}, "X-API-Usage-Remaining": {"nonsense"}, "X-Api-Usage-Limit": nil}})
		c.Inject(Fault{Path: sitesPath, Times: 1, Body: &html, ContentType: "text/html"})
		if h := want(503, `"status":503`); h.Get("Retry-After") != "7" || h.Get("X-API-Usage-Remaining") != "nonsense" || h.Get("X-API-Usage-Limit") != "" || h.Get("X-API-Usage-Today") != "1" {
			t.Errorf("headers %v", h)
		}
		if resp, _, err := ask(ctx, "/export/org/tasks.json?fields=id"); err != nil || resp.StatusCode != 200 {
			t.Errorf("another path: %v %v", resp, err)
		}
		want(503, "injected")
		if h := want(200, "login"); h.Get("Content-Type") != "text/html" {
			t.Errorf("headers %v", h)
		}
		want(200, `"asset_count"`)

		remove := c.Inject(Fault{Header: http.Header{"X-Api-Usage-Remaining": {"1"}}, Uncounted: true})
		before := c.Usage().Today
		if h := want(200, `"asset_count"`); h.Get("X-API-Usage-Remaining") != "1" {
			t.Errorf("headers %v", h)
		}
		if c.Usage().Today != before {
			t.Error("charged")
		}
		remove()
		remove()
		if h := want(200, `"asset_count"`); h.Get("X-API-Usage-Remaining") == "1" {
			t.Error("still there")
		}
	})
}

func TestBrokenConnections(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, c *Console, ask func(context.Context, string) (*http.Response, string, error)) {
		ctx := context.Background()
		for _, n := range []int{1, 100, 40000} {
			c.Inject(Fault{Truncate: n, Times: 1})
			_, body, err := ask(ctx, "/export/org/assets.json")
			if err == nil || len(body) > n {
				t.Errorf("cut after %d: %d bytes, error %v", n, len(body), err)
			}
		}
		c.Inject(Fault{Truncate: 1 << 30, Times: 1})
		if _, body, err := ask(ctx, sitesPath); err != nil || !strings.HasSuffix(body, "]") {
			t.Errorf("a body shorter than the cut: %v", err)
		}
		remove := c.Inject(Fault{Drop: true, Path: sitesPath})
		if resp, _, err := ask(ctx, sitesPath); err == nil {
			t.Errorf("dropped, but got %v", resp)
		}
		remove()
		calls := c.Calls()
		if last := calls[len(calls)-1]; last.Status != 0 {
			t.Errorf("a dropped call has status %d", last.Status)
		}
		if n := c.Usage().Today; n != c.Count() {
			t.Errorf("%d charged of %d", n, c.Count())
		}
	})
}

func TestDelay(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, c *Console, ask func(context.Context, string) (*http.Response, string, error)) {
		remove := c.Inject(Fault{Delay: 90 * time.Second})
		began := time.Now()
		if _, _, err := ask(context.Background(), sitesPath); err != nil || time.Since(began) != 90*time.Second {
			t.Errorf("took %v, %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		began = time.Now()
		if _, _, err := ask(ctx, sitesPath); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("took %v, %v", time.Since(began), err)
		}
		// Otherwise this would wait for the timer of a handler that did not notice.
		synctest.Wait()
		remove()
		if _, _, err := ask(context.Background(), sitesPath); err != nil {
			t.Error(err)
		}
	})
}
