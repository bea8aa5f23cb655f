package config

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Advice returns what a user can do about an error of a poll. It is empty when the error
// says so itself, or when there is nothing to do.
func Advice(err error) string {
	if response, ok := errors.AsType[*runzero.Error](err); ok {
		return responseAdvice(response)
	}
	const (
		noTLS   = "the server does not speak TLS: check the scheme and port in --runzero.url, or url in the file"
		noRoute = "there is no route to the console: check the network, and whether a proxy is needed (HTTPS_PROXY)"
	)
	for _, known := range []struct {
		matches func(error) bool
		advice  string
	}{
		{ofProxy, "the proxy cannot be reached: check HTTPS_PROXY (HTTP_PROXY for an http URL), or proxy_url in the file"},
		{as[x509.UnknownAuthorityError], "this machine does not trust the CA that signed the console's certificate: set the CA certificate with --runzero.ca-file, or ca_file of tls_config in the file"},
		{as[x509.HostnameError], "the console's certificate is for another host name: check the host in --runzero.url, or url in the file"},
		{as[x509.CertificateInvalidError], "the console's certificate is invalid, perhaps expired: renew it, and check this machine's clock"},
		{is(http.ErrSchemeMismatch), noTLS},
		{as[tls.RecordHeaderError], noTLS},
		{as[*net.DNSError], "the console's host name cannot be resolved: check --runzero.url, or url in the file, and this machine's DNS"},
		{is(os.ErrNotExist), "check that the file exists and that the exporter's user may read it"},
		{is(os.ErrPermission), "allow the exporter's user to read the file"},
		{is(syscall.ECONNREFUSED), "nothing listens on this host and port: check them in --runzero.url, or url in the file, and whether a proxy is needed (HTTPS_PROXY)"},
		{is(syscall.EHOSTUNREACH), noRoute},
		{is(syscall.ENETUNREACH), noRoute},
		{closed, "the connection was closed without a response: check the host and port in --runzero.url, or url in the file, and the proxies and firewalls in between"},
		{is(context.DeadlineExceeded), "the console did not respond in time: check the network, or raise --runzero.timeout, or timeout in the file"},
	} {
		if known.matches(err) {
			return known.advice
		}
	}
	return ""
}

// ofProxy reports whether the connection to the proxy failed.
func ofProxy(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "proxyconnect"
}

// closed reports whether the connection ended before any response.
func closed(err error) bool { return errors.Is(err, io.EOF) && !as[*runzero.BodyError](err) }

func as[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func responseAdvice(response *runzero.Error) string {
	status := response.Status
	switch {
	case status == http.StatusTooManyRequests:
		if left, known := response.Usage.Remaining.Get(); known && left == 0 {
			return "the account's API calls of today are used up, by this exporter or other tools; polling resumes when the quota resets"
		}
		return "too many requests from this address; polling resumes by itself"
	case status >= http.StatusInternalServerError:
		return "the console failed; the request is repeated automatically"
	case response.Endpoint == runzero.TokenEndpoint:
		return "the console refuses the OAuth2 client: check --runzero.client-id, or client_id in the file, the file of the secret, and that the client belongs to this console"
	case status == http.StatusPaymentRequired && response.API, strings.Contains(response.Message, "license is expired"):
		return "the account's licence has expired: renew it in the console; polls are tried again every hour"
	case status == http.StatusUnauthorized:
		return "the console refuses the token: check that it is an export, organization or account token of this console, that it has not been revoked, and that the account allows API access from this machine's address"
	case status == http.StatusForbidden:
		return "the licence, the token or the account's list of allowed addresses does not permit this"
	case status == http.StatusNotFound:
		return "check that --runzero.url, or url in the file, is the address of a runZero console"
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return "check the search, if you set one: --collector.assets.search, or search in the file"
	}
	return ""
}
