package serve

import (
	"bytes"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-kit/log"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Whoever has started the program reads in the log what to open, in the form that a browser takes.
func TestLogsTheAddressOfThePage(t *testing.T) {
	secure := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }} //nolint:nilnil // never called
	for _, c := range []struct {
		address    net.Addr
		encryption *tls.Config
		url        string
	}{
		{&net.TCPAddr{IP: net.IPv6zero, Port: 10026}, nil, "http://localhost:10026/"},
		{&net.TCPAddr{IP: net.IPv4zero, Port: 10026}, &tls.Config{}, "http://localhost:10026/"}, // which net/http sets
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, secure, "https://192.0.2.1:80/"},
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 10026}, nil, "http://[::1]:10026/"},
		{&net.UnixAddr{Name: "/run/socket"}, nil, ""},
	} {
		for _, demo := range []bool{false, true} {
			var logged bytes.Buffer
			Options{Demo: command.Demo{Enabled: demo}}.logPage(log.NewLogfmtLogger(&logged), c.address, c.encryption)
			text := logged.String()
			if c.url == "" && text != "" || c.url != "" && !strings.Contains(text, "url="+c.url+"\n") || c.url != "" && strings.Contains(text, "demo") != demo {
				t.Errorf("%s: logged %q", c.address, text)
			}
		}
	}
}

// Who can read the addresses that discoveries list is said at the start, unless they have a password.
func TestWarnsOfAddressesWithoutAPassword(t *testing.T) {
	const discovery, password = "discovery: [{name: hosts}]", "basic_auth_users: {ann: $2y$10$abc}"
	for _, c := range []struct {
		name, config, web string
		demo, warns       bool
	}{
		{"a discovery", discovery, "", false, true},
		{"a file without a password", discovery, "http_server_config: {http2: true}", false, true},
		{"a password", discovery, password, false, false},
		{"no discovery", "queries: [{name: all, of: assets}]", "", false, false},
		{"simulated addresses", discovery, "", true, false},
	} {
		folder := t.TempDir()
		write := func(name, text string) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		flags, addresses, webFile := harness.DefaultFlags(), []string{":10026"}, ""
		flags.File, flags.Token = write("config.yml", c.config), "ET1"
		if c.web != "" {
			webFile = write("web.yml", c.web)
		}
		o := Options{Demo: command.Demo{Enabled: c.demo}, Web: &toolkit.FlagConfig{WebListenAddresses: &addresses, WebConfigFile: &webFile}}
		loaded, err := o.load(flags)()
		if err != nil {
			t.Fatal(err)
		}
		warnings := strings.Join(loaded.Warnings, "\n")
		if warned := strings.Contains(warnings, "everybody who can reach the port can read the addresses of devices at /sd/"); warned != c.warns {
			t.Errorf("%s: %q", c.name, warnings)
		}
	}
}
