package runzero_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

var redirects = []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}

func TestRedirectWithinTheOriginIsFollowed(t *testing.T) {
	for _, code := range redirects {
		for name, target := range map[string]string{
			"path":         "/elsewhere",
			"whole":        "http://localhost/elsewhere",
			"default port": "http://localhost:80/elsewhere",
			"upper case":   "http://LOCALHOST/elsewhere",
		} {
			t.Run(fmt.Sprint(code, " ", name), func(t *testing.T) {
				mux := http.NewServeMux()
				mux.Handle("/api/v1.0"+sites, http.RedirectHandler(target, code))
				mux.Handle("/elsewhere", data(`[{"id":"a"}]`))
				log := &requests{next: mux}
				seen := &recorder{}
				ids, err := readSites(t, log, runzero.Config{URL: "http://localhost", Observer: seen})
				if err != nil || !slices.Equal(ids, []string{"a"}) {
					t.Fatalf("got %q (%v)", ids, err)
				}
				if asked := log.take(); len(asked) != 2 || asked[1].Header.Get("Authorization") != "Bearer "+exportToken {
					t.Errorf("asked %d times, want 2 with the token", len(asked))
				}
				answered, finished := seen.take()
				if len(answered) != 2 || len(finished) != 2 || answered[0].Code != code || finished[1].Endpoint != sites {
					t.Errorf("answered %+v, finished %+v; want each hop once", answered, finished)
				}
			})
		}
	}
}

func TestRedirectElsewhereIsRefusedAndTheTokenGoesNowhere(t *testing.T) {
	log := &requests{next: data(`[{"id":"a"}]`)}
	other := httptest.NewServer(log)
	defer other.Close()
	secured := httptest.NewTLSServer(log)
	defer secured.Close()
	for _, code := range redirects {
		var target string
		console := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/stolen") {
				log.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, target, code)
		}))
		t.Cleanup(console.Close)
		port := console.Listener.Addr().String()[len("127.0.0.1"):]
		for name, to := range map[string]string{
			"port":           other.URL + "/stolen",
			"host":           "http://localhost" + port + "/stolen",
			"scheme":         "https://127.0.0.1" + port + "/stolen",
			"scheme and all": secured.URL + "/stolen",
			"user":           "http://127.0.0.1" + port + "@" + other.Listener.Addr().String() + "/stolen",
		} {
			target = to
			for credential, c := range map[string]runzero.Config{
				"token":  {HTTP: withToken(exportToken)},
				"client": {HTTP: withClient()},
			} {
				t.Run(fmt.Sprint(code, " ", name, " ", credential), func(t *testing.T) {
					c.URL = console.URL
					_, err := all(newClient(t, c).Sites(t.Context(), organization))
					if err == nil || !strings.Contains(err.Error(), "another origin") || runzero.Retryable(err) {
						t.Errorf("error %v, want one that says why", err)
					}
					if asked := log.take(); len(asked) != 0 {
						t.Errorf("the other place was asked: %v %v", asked[0].URL, asked[0].Header)
					}
				})
			}
		}
	}
}

func TestRedirectInACircleEnds(t *testing.T) {
	log := &requests{}
	log.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"?"+url.Values{"n": {r.URL.Query().Get("n") + "x"}}.Encode(), http.StatusFound)
	})
	if _, err := readSites(t, log, runzero.Config{}); err == nil || !strings.Contains(err.Error(), "circle") {
		t.Errorf("error %v, want one that speaks of a circle", err)
	}
	if n := len(log.take()); n > 5 {
		t.Errorf("%d calls spent", n)
	}
}

func TestRedirectWithoutATargetIsAnError(t *testing.T) {
	for _, code := range []int{300, 302, 304} {
		_, err := readSites(t, answer(code, "", ""), runzero.Config{})
		var refused *runzero.Error
		if err == nil || errors.As(err, &refused) && refused.Status != code {
			t.Errorf("%d: error %v", code, err)
		}
	}
}
