package serve

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
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
