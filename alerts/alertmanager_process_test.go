//go:build e2e

package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// No program of a test outlives this.
	processLimit = 3 * time.Minute
	// How long a test waits for something that should come soon; far longer than it
	// takes, because the machine may be busy.
	soon = 30 * time.Second
	// How often a condition is looked at.
	pollEvery = 20 * time.Millisecond
)

// output is what a program has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// eventually waits until a condition holds.
func eventually(t *testing.T, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(soon)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(pollEvery)
	}
}

// startAlertmanager starts one with the example's configuration.
func startAlertmanager(t *testing.T) (base string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processLimit)
	var written output
	command := exec.CommandContext(ctx, "prometheus-alertmanager", "--config.file="+alertmanagerFile,
		"--storage.path="+t.TempDir(), "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=")
	command.Stdout, command.Stderr = &written, &written
	if err := command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // it was killed
	})
	eventually(t, func() error {
		match := regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`).FindStringSubmatch(written.String())
		if match == nil {
			return fmt.Errorf("it does not say where it listens: %s", written.String())
		}
		base = "http://" + match[1]
		_, err := ask(t, http.MethodGet, base+"/-/ready", nil)
		return err
	})
	return base
}

func post(t *testing.T, base string, alerts []told) {
	t.Helper()
	type alert struct {
		Labels map[string]string `json:"labels"`
	}
	var all []alert
	for _, a := range alerts {
		all = append(all, alert{Labels: a.labels()})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, http.MethodPost, base+"/api/v2/alerts", body); err != nil {
		t.Fatal(err)
	}
}

// mutes tells of each alert whether it is muted.
func mutes(t *testing.T, base string) (map[string]bool, error) {
	t.Helper()
	body, err := ask(t, http.MethodGet, base+"/api/v2/alerts", nil)
	if err != nil {
		return nil, err
	}
	var alerts []struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	if err := json.Unmarshal(body, &alerts); err != nil {
		return nil, err
	}
	muted := map[string]bool{}
	for _, a := range alerts {
		var labels []string
		for name, value := range a.Labels {
			labels = append(labels, name+"="+value)
		}
		muted[told(strings.Join(labels, " ")).sorted()] = len(a.Status.InhibitedBy) > 0
	}
	return muted, nil
}

func ask(t *testing.T, method, url string, body []byte) ([]byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, url, response.Status, text)
	}
	return text, err
}
