package collector

import (
	"errors"
	"net/http"
	"testing"
)

func TestConsole(t *testing.T) {
	for _, test := range []struct {
		name     string
		response response
	}{
		{"console", response{body: `{"status":"ok","version":"5.1.260818.0"}`}},
		{"console-degraded", response{body: `{"status":"degraded: database","version":"5.1.260818.0"}`}},
		{"console-without-version", response{body: `{"status":"ok"}`}},
		{"console-hostile-version", response{body: `{"status":"ok","version":"5.1\n\u0000 \" beta"}`}},
		{"console-unavailable", response{status: http.StatusServiceUnavailable, body: `<html>down for maintenance</html>`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := collect(t, collectorOf(t, "console", defaults()), responses{healthPath: test.response}, Poll{})
			golden(t, test.name, s.Families)
		})
	}
}

func TestConsoleWithoutHealth(t *testing.T) {
	c := collectorOf(t, "console", defaults())
	for _, test := range []struct {
		name        string
		responses   responses
		unsupported bool
	}{
		{"no such endpoint", responses{}, true},
		{"forbidden", responses{healthPath: {status: http.StatusForbidden}}, false},
		{"another program", responses{healthPath: {body: `{"hello":"world"}`}}, false},
		{"login page", responses{healthPath: {body: `<!doctype html><title>Sign in</title>`}}, false},
		{"connection breaks", responses{healthPath: {body: `{"status":"ok"`, cut: true}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := attempt(t, c, test.responses, Poll{})
			if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported || s.Families != nil {
				t.Errorf("error %v, %d families", err, len(s.Families))
			}
		})
	}
}
