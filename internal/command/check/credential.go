package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// credentialCheck includes the way to the console, because each credential may have its own proxy and CA.
type credentialCheck struct {
	*accountCheck
	credential    config.Credential
	client        *runzero.Client
	responses     *responses
	organizations []runzero.Organization
}

func (a *accountCheck) checkCredential(ctx context.Context, credential config.Credential) {
	seen := &responses{calls: a.calls, accepted: map[string]bool{}, onAccept: func() {}}
	k := &credentialCheck{accountCheck: a, credential: credential, responses: seen}
	settings := credential.Runzero
	settings.Observer = runzero.Observers{a.calls.quota.Observer(credential.Name), k.responses}
	settings.Admit, settings.DialContext = a.calls.admit, a.dial
	settings.UserAgent = version.ComponentUserAgent(exporter.Name)
	var err error
	if k.client, err = runzero.New(settings); err != nil {
		a.unknown = true
		k.report(wrong, "credential", "%v", err)
		return
	}
	k.reportKind(time.Now())
	k.reportProxy()
	k.checkConsole(ctx)
	k.reportClock()
	k.reportTLS(time.Now())
	if !k.responses.any || ctx.Err() != nil {
		a.unknown = true
		return
	}
	k.checkOrganizations(ctx)
	k.warnBelowReserve()
	if len(k.organizations) > 0 {
		k.tryCollectors(ctx)
	}
}

func (k *credentialCheck) report(s severity, what, format string, args ...any) {
	k.add(s, topic(k.account, k.credential.Name, what), format, args...)
}

func (k *credentialCheck) reportKind(now time.Time) {
	s, text := fine, ""
	if !k.credential.Expires.IsZero() {
		s, text = expiry(k.credential.Expires, now)
		text = ", " + text
	}
	k.report(s, "credential", "%s%s", k.client.Kind(), text)
}

func (k *credentialCheck) reportProxy() {
	proxy, err := k.client.Proxy()
	if err != nil {
		k.report(wrong, "proxy", "invalid proxy URL: check HTTPS_PROXY, or proxy_url in the file")
		return
	}
	k.report(fine, "proxy", "%s", cmp.Or(proxy, "none"))
}

// checkConsole requests the console's health, which needs no credential.
func (k *credentialCheck) checkConsole(ctx context.Context) {
	console := collector.Label(k.account.URL)
	k.waiting.Store("waiting for " + console)
	health, err := k.client.Health(ctx)
	response, _ := errors.AsType[*runzero.Error](err)
	switch {
	case response != nil && response.Status == http.StatusNotFound:
		k.report(warning, "console", "%s does not report its health: %s", console, command.Advised(err))
	case err != nil:
		k.report(wrong, "console", "%s: %s", console, command.Advised(err))
	case health.Status != "ok":
		k.report(wrong, "console", "%s reports the status %q: check the console", console, collector.Label(health.Status))
	default:
		k.report(fine, "console", "%s is healthy, version %s", console, cmp.Or(collector.Label(health.Version), "unknown"))
	}
}

func (k *credentialCheck) reportClock() {
	if k.responses.skew == nil {
		return
	}
	skew, direction := *k.responses.skew, "ahead of"
	if skew < 0 {
		skew, direction = -skew, "behind"
	}
	s, text := fine, fmt.Sprintf("is %s %s this machine's", model.Duration(skew.Truncate(time.Second)), direction)
	const advice = ", and so the exported ages are wrong by that much: set the clock that is wrong"
	switch {
	case skew > 5*time.Minute:
		s, text = wrong, text+advice
	case skew > time.Minute:
		s, text = warning, text+advice
	case skew < time.Second:
		text = "and this machine's agree"
	}
	k.report(s, "clock", "the console's clock %s", text)
}

func (k *credentialCheck) reportTLS(now time.Time) {
	switch state := k.responses.tls; {
	case !k.responses.any:
	case state == nil && k.credential.Runzero.AllowHTTP:
		k.report(warning, "TLS", "none: the credential is sent unencrypted")
	case state == nil:
		k.report(fine, "TLS", "none, and none is needed: the console is on this machine")
	case len(state.PeerCertificates) > 0:
		leaf := state.PeerCertificates[0]
		s, text := expiry(leaf.NotAfter, now)
		k.report(s, "TLS", "%s, with a certificate that is issued by %q and %s",
			tls.VersionName(state.Version), collector.Label(leaf.Issuer.String()), text)
		if k.credential.Runzero.HTTP.TLSConfig.InsecureSkipVerify {
			k.report(warning, "TLS", "the certificate is not verified, so any server could pass for the console: remove insecure_skip_verify")
		}
	}
}

func (k *credentialCheck) checkOrganizations(ctx context.Context) {
	k.waiting.Store("listing the organizations of credential " + k.credential.Name)
	found, err := k.client.Organizations(ctx)
	if err != nil {
		k.unknown = true
		s, text := describe(err)
		k.report(s, "organizations", "%s", text)
		return
	}
	k.organizations = found
	k.accountWide = k.accountWide || k.client.AccountWide()
	for _, o := range found {
		if !slices.ContainsFunc(k.reached, func(other runzero.Organization) bool { return other.ID == o.ID }) {
			k.reached = append(k.reached, o)
		}
	}
	switch {
	case len(found) == 0:
		k.report(wrong, "organizations", "the account has none: create one in the console")
	case k.client.AccountWide():
		k.report(fine, "organizations", "account-wide: %s", command.Plural(len(found), "organization"))
	default:
		k.report(fine, "organizations", "one: %q", command.OrganizationName(found[0]))
	}
}

// describe returns severity and text of a request's error. One that was not sent proves nothing about the console.
func describe(err error) (severity, string) {
	paused, ok := errors.AsType[*quota.PausedError](err)
	switch {
	case ok && paused.Reason == quota.PausedQuota: // by the account's quota: the share is no limit here
		return warning, "request not sent: the account has no API calls left today"
	case ok, errors.Is(err, errAnnounced):
		return warning, command.Advised(err)
	}
	return wrong, command.Advised(err)
}

// expiry describes the expiry of a credential or certificate, as a predicate.
func expiry(end, now time.Time) (severity, string) {
	const soon = 30 * 24 * time.Hour
	date, left := end.UTC().Format(time.DateOnly), end.Sub(now)
	switch {
	case left <= 0:
		return wrong, fmt.Sprintf("expired on %s: renew it", date)
	case left < soon:
		return warning, fmt.Sprintf("expires on %s, in %s: renew it", date, model.Duration(left.Truncate(time.Hour)))
	}
	return fine, "expires on " + date
}
