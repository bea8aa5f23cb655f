package check

import (
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

// credentialCheck is the check of one credential. It includes the way to the console, because
// each credential may have its own proxy and CA.
type credentialCheck struct {
	*accountCheck
	credential    config.Credential
	client        *runzero.Client
	responses     *responses
	organizations []runzero.Organization
}

func (a *accountCheck) checkCredential(ctx context.Context, credential config.Credential) {
	k := &credentialCheck{accountCheck: a, credential: credential, responses: newResponses(a.calls)}
	settings := credential.Runzero
	settings.Observer = runzero.Observers{a.calls.quota.Observer(credential.Name), k.responses}
	settings.Admit = a.calls.admit
	settings.UserAgent = version.ComponentUserAgent(exporter.Name)
	settings.DialContext = a.dial
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

// report adds a finding about the credential.
func (k *credentialCheck) report(s severity, what, format string, args ...any) {
	k.add(s, topic(k.account, k.credential.Name, what), format, args...)
}

func (k *credentialCheck) reportKind(now time.Time) {
	kind := k.client.Kind()
	if k.credential.Expires.IsZero() {
		k.report(fine, "credential", "%s", kind)
		return
	}
	s, text := expiry(k.credential.Expires, now)
	k.report(s, "credential", "%s, %s", kind, text)
}

func (k *credentialCheck) reportProxy() {
	switch proxy, err := k.client.Proxy(); {
	case err != nil:
		k.report(wrong, "proxy", "invalid proxy URL: check HTTPS_PROXY, or proxy_url in the file")
	case proxy == "":
		k.report(fine, "proxy", "none")
	default:
		k.report(fine, "proxy", "%s", proxy)
	}
}

// checkConsole requests the console's health, which needs no credential.
func (k *credentialCheck) checkConsole(ctx context.Context) {
	health, err := k.client.Health(ctx)
	console := collector.Label(k.account.URL)
	response, _ := errors.AsType[*runzero.Error](err)
	switch {
	case response != nil && response.Status == http.StatusNotFound:
		k.report(warning, "console", "%s does not report its health: %s", console, command.Advised(err))
	case err != nil:
		k.report(wrong, "console", "%s: %s", console, command.Advised(err))
	case health.Status != "ok":
		k.report(wrong, "console", "%s reports the status %q: check the console", console, collector.Label(health.Status))
	case health.Version == "":
		k.report(fine, "console", "%s is healthy, version unknown", console)
	default:
		k.report(fine, "console", "%s is healthy, version %s", console, collector.Label(health.Version))
	}
}

func (k *credentialCheck) reportClock() {
	if !k.responses.dated {
		return
	}
	skew, direction := k.responses.skew, "ahead of"
	if skew < 0 {
		skew, direction = -skew, "behind"
	}
	text := fmt.Sprintf("the console's clock is %s %s this machine's", model.Duration(skew.Truncate(time.Second)), direction)
	advice := ", and so the exported ages are wrong by that much: set the clock that is wrong"
	switch {
	case skew > 5*time.Minute:
		k.report(wrong, "clock", "%s", text+advice)
	case skew > time.Minute:
		k.report(warning, "clock", "%s", text+advice)
	case skew < time.Second:
		k.report(fine, "clock", "the console's clock and this machine's agree")
	default:
		k.report(fine, "clock", "%s", text)
	}
}

func (k *credentialCheck) reportTLS(now time.Time) {
	state := k.responses.tls
	switch {
	case !k.responses.any:
	case state == nil && k.credential.Runzero.AllowHTTP:
		k.report(warning, "TLS", "none: the credential is sent unencrypted")
	case state == nil:
		k.report(fine, "TLS", "none, and none is needed: the console is on this machine")
	case len(state.PeerCertificates) > 0:
		leaf := state.PeerCertificates[0]
		s, text := expiry(leaf.NotAfter, now)
		k.report(s, "TLS", "%s, with a certificate that is issued by %q and %s", tls.VersionName(state.Version), collector.Label(leaf.Issuer.String()), text)
		if k.credential.Runzero.HTTP.TLSConfig.InsecureSkipVerify {
			k.report(warning, "TLS", "the certificate is not verified, so any server could pass for the console: remove insecure_skip_verify")
		}
	}
}

// checkOrganizations finds out which organizations the credential reaches.
func (k *credentialCheck) checkOrganizations(ctx context.Context) {
	found, err := k.client.Organizations(ctx)
	if err != nil {
		k.unknown = true
		k.report(severityOf(err), "organizations", "%s", explain(err))
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

// severityOf is the severity of an error of a request. One that was not sent proves nothing about the console.
func severityOf(err error) severity {
	if quota.Paused(err) || errors.Is(err, errAnnounced) {
		return warning
	}
	return wrong
}

// explain is command.Advised, except that a check is not limited to the exporter's share of the quota.
func explain(err error) string {
	if paused, ok := errors.AsType[*quota.PausedError](err); ok && paused.Reason == quota.PausedQuota {
		return "request not sent: the account has no API calls left today"
	}
	return command.Advised(err)
}

// expiry describes the expiry of a credential or certificate, as a predicate.
func expiry(end, now time.Time) (severity, string) {
	const soon = 30 * 24 * time.Hour
	date := end.UTC().Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left <= 0:
		return wrong, fmt.Sprintf("expired on %s: renew it", date)
	case left < soon:
		return warning, fmt.Sprintf("expires on %s, in %s: renew it", date, model.Duration(left.Truncate(time.Hour)))
	}
	return fine, "expires on " + date
}
