package simulate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
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

	var url, token string
	for lines := bufio.NewScanner(printed); token == "" && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "A simulated runZero console is at %s", &url)
		_, _ = fmt.Sscanf(lines.Text(), "account token: %s", &token)
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }()
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
