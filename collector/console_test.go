package collector

import (
	"errors"
	"net/http"
	"testing"
)

func TestConsole(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer answer
	}{
		{"console", answer{body: `{"status":"ok","version":"5.1.260818.0"}`}},
		{"console-degraded", answer{body: `{"status":"degraded: database","version":"5.1.260818.0"}`}},
		{"console-without-version", answer{body: `{"status":"ok"}`}},
		{"console-hostile-version", answer{body: `{"status":"ok","version":"5.1\n\u0000 \" beta"}`}},
		{"console-unavailable", answer{status: http.StatusServiceUnavailable, body: `<html>down for maintenance</html>`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := collect(t, made(t, "console", defaults()), answers{healthPath: test.answer}, Poll{})
			golden(t, test.name, s.Families)
		})
	}
}

func TestConsoleThatSaysNothingOfItself(t *testing.T) {
	c := made(t, "console", defaults())
	for _, test := range []struct {
		name        string
		answers     answers
		unsupported bool
	}{
		{"no such endpoint", answers{}, true},
		{"refused", answers{healthPath: {status: http.StatusForbidden}}, false},
		{"another program", answers{healthPath: {body: `{"hello":"world"}`}}, false},
		{"a login page", answers{healthPath: {body: `<!doctype html><title>Sign in</title>`}}, false},
		{"a connection that breaks", answers{healthPath: {body: `{"status":"ok"`, cut: true}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := try(t, c, test.answers, Poll{})
			if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported || s.Families != nil {
				t.Errorf("error %v, %d families", err, len(s.Families))
			}
		})
	}
}
