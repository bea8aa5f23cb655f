package runzero

import (
	"context"
	"net"
	"net/url"
	"strings"
)

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialLoopback connects to localhost at the loopback addresses without resolving the name: a token may be sent to
// localhost over plain http, so the name must not lead anywhere else.
func dialLoopback(dial dialFunc) dialFunc {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil || !strings.EqualFold(host, "localhost") {
			return dial(ctx, network, addr)
		}
		connection, err := dial(ctx, network, net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			if other, second := dial(ctx, network, net.JoinHostPort("::1", port)); second == nil {
				return other, nil
			}
		}
		return connection, err
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// exposed reports whether a credential sent to u could be read on the network.
func exposed(u *url.URL, allowHTTP bool) bool {
	return u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname())
}
