package runzero_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const clientSecret = "s3cr&t=+ %/ü"

func withClient() config.HTTPClientConfig {
	c := config.DefaultHTTPClientConfig
	c.OAuth2 = &config.OAuth2{ClientID: "client+1", ClientSecret: clientSecret}
	return c
}

// issuer is a console that issues access tokens "access-1", "access-2", … and accepts the latest.
type issuer struct {
	response string // of the token endpoint; %d is the token's number
	refuses  bool   // every access token

	mu      sync.Mutex
	issued  int
	revoked int // tokens up to this are refused
	paths   []string
	form    url.Values
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v1.0")
	i.paths = append(i.paths, path)
	w.Header().Set("Content-Type", "application/json")
	if path == runzero.TokenEndpoint {
		body, _ := io.ReadAll(r.Body)
		i.form, _ = url.ParseQuery(string(body))
		i.issued++
		_, _ = fmt.Fprintf(w, i.response, i.issued)
		return
	}
	if i.refuses || i.issued == i.revoked || r.Header.Get("Authorization") != fmt.Sprintf("Bearer access-%d", i.issued) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"`+r.Header.Get("Authorization")+` is invalid"}`)
		return
	}
	_, _ = io.WriteString(w, "[]")
}

// take returns the paths of the requests since the last take.
func (i *issuer) take() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	paths := i.paths
	i.paths = nil
	return paths
}

func (i *issuer) revoke() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked = i.issued
}

const (
	anHour = `{"access_token":"access-%d","token_type":"bearer","expires_in":3600}`
	sites  = "/export/org/sites.json"
)

// expect reads sites and compares the paths that were requested.
func (i *issuer) expect(t *testing.T, client *runzero.Client, what string, want ...string) {
	t.Helper()
	_, err := all(client.Sites(t.Context(), organization))
	if i.refuses != (err != nil) {
		t.Fatalf("%s: %v", what, err)
	}
	if got := i.take(); !slices.Equal(got, want) {
		t.Errorf("%s: requested %q, want %q", what, got, want)
	}
}

func TestOAuthTokenIsReplacedShortlyBeforeItExpires(t *testing.T) {
	for _, c := range []struct {
		name, response string
		lasts          time.Duration
	}{
		{"an hour", anHour, 59 * time.Minute},
		{"text", `{"access_token":"access-%d","expires_in":"600"}`, 9 * time.Minute},
		{"missing", `{"access_token":"access-%d"}`, 5 * time.Minute},
		{"zero", `{"access_token":"access-%d","expires_in":0}`, 5 * time.Minute},
		{"shorter than the margin", `{"access_token":"access-%d","expires_in":30}`, 15 * time.Second},
		{"absurdly long", `{"access_token":"access-%d","expires_in":99999999999}`, 24 * 365 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := &issuer{response: c.response}
				client := serve(t, console, runzero.Config{HTTP: withClient()})
				console.expect(t, client, "first", runzero.TokenEndpoint, sites)
				for range 3 {
					console.expect(t, client, "again", sites)
				}
				<-time.After(c.lasts - time.Second)
				console.expect(t, client, "just before", sites)
				if c.lasts > time.Hour {
					return
				}
				<-time.After(time.Second)
				console.expect(t, client, "at the time", runzero.TokenEndpoint, sites)
			})
		})
	}
}

func TestRevokedOAuthTokenIsReplacedOnce(t *testing.T) {
	console := &issuer{response: anHour}
	client := serve(t, console, runzero.Config{HTTP: withClient()})
	console.expect(t, client, "first", runzero.TokenEndpoint, sites)
	console.revoke()
	console.expect(t, client, "revoked", sites, runzero.TokenEndpoint, sites)
	console.expect(t, client, "after", sites)
}

func TestNewOAuthTokenThatIsRefusedIsNotReplaced(t *testing.T) {
	console := &issuer{response: anHour, refuses: true}
	client := serve(t, console, runzero.Config{HTTP: withClient()})
	console.expect(t, client, "first", runzero.TokenEndpoint, sites)
	console.expect(t, client, "the next time", sites, runzero.TokenEndpoint, sites)

	_, err := all(client.Sites(t.Context(), organization))
	var refused *runzero.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || refused.Endpoint != sites || strings.Contains(err.Error(), "access-") {
		t.Errorf("error %v, want a 401 of %s without the access token", err, sites)
	}
}

func TestOAuthSecretFileIsReadForEachToken(t *testing.T) {
	name := file(t, "old")
	console := &issuer{response: anHour}
	client := serve(t, console, runzero.Config{HTTP: config.HTTPClientConfig{
		OAuth2: &config.OAuth2{ClientID: "client+1", ClientSecretFile: name},
	}})
	console.expect(t, client, "first", runzero.TokenEndpoint, sites)
	write(t, name, "\ufeffnew\r\n") // as Windows' editors write it
	console.expect(t, client, "while the access token lasts", sites)
	console.revoke()
	console.expect(t, client, "revoked", sites, runzero.TokenEndpoint, sites)
	if got := console.form.Get("client_secret"); got != "new" {
		t.Errorf("secret %q sent, want the new one", got)
	}

	console.revoke()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := all(client.Sites(t.Context(), organization))
		if err == nil || !strings.Contains(err.Error(), "secret file cannot be read") || runzero.CauseOf(err) != runzero.Unreadable {
			t.Errorf("error %v, want one that is not retryable", err)
		}
	}
	if got := console.take(); !slices.Equal(got, []string{sites}) {
		t.Errorf("requested %q, want no token without a secret", got)
	}
}

func TestConcurrentRequestsFetchOneOAuthToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := &issuer{response: anHour}
		client := serve(t, console, runzero.Config{HTTP: withClient()})
		for _, revoked := range []bool{false, true} {
			if revoked {
				console.revoke()
			}
			var group sync.WaitGroup
			for range 10 {
				group.Go(func() {
					if _, err := all(client.Sites(t.Context(), organization)); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			fetched := 0
			for _, path := range console.take() {
				if path == runzero.TokenEndpoint {
					fetched++
				}
			}
			if fetched != 1 {
				t.Errorf("revoked %t: %d tokens fetched, want 1", revoked, fetched)
			}
		}
	})
}

func TestOAuthRefusalIsAnErrorWithoutTheSecret(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		media, body string
		message     string
	}{
		"400":                     {400, "application/json", `{"title":"Bad Request","status":400,"detail":"grant_type is missing"}`, "grant_type is missing: Bad Request"},
		"401":                     {401, "application/json", `{"error":"invalid_client"}`, "invalid_client"},
		"the secret echoed":       {401, "application/json", `{"error":"no client has ` + clientSecret + `"}`, ""},
		"the form echoed":         {400, "text/plain", "bad form: client_secret=" + url.QueryEscape(clientSecret), ""},
		"200 that says error":     {200, "application/json", `{"error":"invalid_client"}`, "invalid_client"},
		"text that is not a form": {400, "text/plain", "50% of clients; %zz", ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: answer(c.status, c.media, c.body)}
			_, err := all(serve(t, log, runzero.Config{HTTP: withClient()}).Sites(t.Context(), organization))
			var refused *runzero.Error
			if !errors.As(err, &refused) {
				t.Fatalf("error %v (%T), want a *runzero.Error", err, err)
			}
			if refused.Endpoint != runzero.TokenEndpoint || refused.Status != c.status || refused.Message != c.message {
				t.Errorf("error %+v, want status %d, message %q", refused, c.status, c.message)
			}
			if got := log.paths(); !slices.Equal(got, []string{runzero.TokenEndpoint}) {
				t.Errorf("requested %q, want the token once and nothing else", got)
			}
		})
	}
}

func TestOAuthRequestsReachTheObserver(t *testing.T) {
	seen := &recorder{}
	console := &issuer{response: anHour}
	client := serve(t, console, runzero.Config{HTTP: withClient(), Observer: seen})
	console.expect(t, client, "first", runzero.TokenEndpoint, sites)
	responded, finished := seen.take()
	for i, endpoint := range []string{runzero.TokenEndpoint, sites} {
		if before, after := responded[i], finished[i]; before.Endpoint != endpoint || after.Endpoint != endpoint || !after.Authenticated || after.Code != http.StatusOK {
			t.Errorf("exchanges %+v and %+v, want an authenticated 200 of %s", before, after, endpoint)
		}
	}
}
