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
	"syscall"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Advice says what a user can do about an error of a poll; empty when the error says
// so itself or there is nothing to do.
func Advice(err error) string {
	if answer := (*runzero.Error)(nil); errors.As(err, &answer) {
		return answerAdvice(answer)
	}
	for _, known := range []struct {
		is     func(error) bool
		advice string
	}{
		{as[x509.UnknownAuthorityError], "the console's certificate is signed by nobody this machine trusts: pass its CA certificate with --runzero.ca-file, or ca_file of tls_config in the file"},
		{as[x509.HostnameError], "the console's certificate is for another name: check the host in --runzero.url, or in url in the file"},
		{as[x509.CertificateInvalidError], "the console's certificate is not valid (expired?): renew it, and check this machine's clock"},
		{is(http.ErrSchemeMismatch), "no TLS is spoken there: check the scheme and port in --runzero.url, or in url in the file"},
		{as[tls.RecordHeaderError], "no TLS is spoken there: check the scheme and port in --runzero.url, or in url in the file"},
		{as[*net.DNSError], "the console's name cannot be resolved: check --runzero.url, or url in the file, and this machine's DNS"},
		{is(os.ErrNotExist), "check that the file is there and that this user may read it"},
		{is(os.ErrPermission), "let this user read the file"},
		{is(syscall.ECONNREFUSED), "nothing listens there: check the host and port in --runzero.url, or in url in the file, and whether a proxy is needed (HTTPS_PROXY)"},
		{is(syscall.EHOSTUNREACH), "there is no route to the console: check the network, and whether a proxy is needed (HTTPS_PROXY)"},
		{is(syscall.ENETUNREACH), "there is no route to the console: check the network, and whether a proxy is needed (HTTPS_PROXY)"},
		{closed, "the connection was closed before there was an answer: check the host and port in --runzero.url, or in url in the file, and what stands between"},
		{is(context.DeadlineExceeded), "the console did not answer in time: check the network, or allow it longer with --runzero.timeout, or timeout in the file"},
	} {
		if known.is(err) {
			return known.advice
		}
	}
	return ""
}

// closed tells whether the console said nothing at all.
func closed(err error) bool {
	answer := (*runzero.BodyError)(nil)
	return errors.Is(err, io.EOF) && !errors.As(err, &answer)
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func answerAdvice(answer *runzero.Error) string {
	if answer.Endpoint == runzero.TokenEndpoint && answer.Status < http.StatusInternalServerError && answer.Status != http.StatusTooManyRequests {
		return "the console refuses the OAuth2 client: check --runzero.client-id, or client_id in the file, and the secret's file, and that this is the console that made them"
	}
	switch answer.Status {
	case http.StatusUnauthorized:
		return "the console refuses the token: check that it is an export, organization or account token of this console, that it was not revoked, and that the account lets this machine's address use the API"
	case http.StatusForbidden:
		return "the licence, the token or the account's list of allowed addresses does not permit this"
	case http.StatusNotFound:
		return "check that --runzero.url, or url in the file, is the address of a runZero console"
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "check the search if you set one: --collector.assets.search, or search in the file"
	case http.StatusTooManyRequests:
		if left, known := answer.Usage.Remaining.Get(); known && left == 0 {
			return "the account's API calls of today are used up, by this exporter or by others; it goes on when the day turns"
		}
		return "too many requests came from this address; it goes on by itself"
	}
	if answer.Status >= http.StatusInternalServerError {
		return "the console failed; it is asked again by itself"
	}
	return ""
}
