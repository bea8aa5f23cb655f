package simulate

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

func TestServesAConsoleThatTakesThePrintedToken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	printed, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		o := options(0)
		o.Address = "127.0.0.1:0"
		ended <- Run(ctx, command.Env{Logger: log.NewNopLogger(), Stdout: stdout}, o)
	}()

	lines := bufio.NewReader(printed)
	var url, token string
	for token == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`^A simulated runZero console is at (\S+)`).FindStringSubmatch(line); found != nil {
			url = found[1]
		}
		if found := regexp.MustCompile(`^account token: +(\S+)`).FindStringSubmatch(line); found != nil {
			token = found[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1.0/account/orgs", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %s", response.Status)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
