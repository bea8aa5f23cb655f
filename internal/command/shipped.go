package command

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// GrafanaURL checks the address of a Grafana, which a flag has set, and returns it without a slash at the end. It may be
// empty. The error does not repeat it, because it may hold a password.
func GrafanaURL(flag, text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "", nil
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New(flag + " must be the address of your Grafana, such as https://grafana.example.com")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New(flag + " must have no user, query or fragment: set it to the address of your Grafana alone, such as https://grafana.example.com")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// CheckJob checks the name of a scrape job. It may be empty.
func CheckJob(name string) error {
	if strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsRune(name, unicode.ReplacementChar) {
		return fmt.Errorf("--job=%q is no name of a scrape job: set it to job_name of your Prometheus configuration", name)
	}
	return nil
}

// Shipped is a file that belongs to this version of the program.
type Shipped struct{ Name, Text string }

// WriteFiles writes files to a folder, which it creates, and says so.
func WriteFiles(stdout io.Writer, folder string, files ...Shipped) error {
	//nolint:gosec // The files are no secrets: Prometheus and Grafana, who read them, run as other users.
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("--output is no folder, and none could be created: %w", err)
	}
	for _, f := range files {
		name := filepath.Join(folder, f.Name)
		//nolint:gosec // As above.
		if err := os.WriteFile(name, []byte(f.Text), 0o644); err != nil {
			return fmt.Errorf("cannot write to the folder of --output: %w", err)
		}
		if _, err := fmt.Fprintln(stdout, "wrote "+name); err != nil {
			return err
		}
	}
	return nil
}
