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

// credentialCheck is the check of one credential, which may be the only one that goes
// through a proxy or trusts another CA.
type credentialCheck struct {
	*accountCheck
	config        config.Credential
	client        *runzero.Client
	watch         *watch
	organizations []runzero.Organization
}

// credential asks with one credential.
func (a *accountCheck) credential(ctx context.Context, configured config.Credential) {
	k := &credentialCheck{accountCheck: a, config: configured, watch: a.calls.watch()}
	settings := configured.Runzero
	settings.Observer = runzero.Observers{a.calls.quota.Observer(configured.Name), k.watch}
	settings.Admit = a.calls.admit
	settings.UserAgent = version.ComponentUserAgent(exporter.Name)
	settings.DialContext = a.dial
	var err error
	if k.client, err = runzero.New(settings); err != nil {
		a.failed = true
		k.find(wrong, "credential", "%v", err)
		return
	}
	k.kind(time.Now())
	k.proxy()
	k.console(ctx)
	k.clock()
	k.tls(time.Now())
	if !k.watch.answered() || ctx.Err() != nil {
		a.failed = true // whatever is asked, nobody answers
		return
	}
	k.discover(ctx)
	k.heedReserve()
	if len(k.organizations) > 0 {
		k.collectors(ctx)
	}
}

// find is a finding about the credential.
func (k *credentialCheck) find(s severity, what, format string, args ...any) {
	k.say(s, topic(k.account, k.config.Name, what), format, args...)
}

func (k *credentialCheck) kind(now time.Time) {
	kind := k.client.Kind()
	if k.config.Expires.IsZero() {
		k.find(fine, "credential", "%s", kind)
		return
	}
	s, ends := expiry("it", k.config.Expires, now)
	k.find(s, "credential", "%s; %s", kind, ends)
}

func (k *credentialCheck) proxy() {
	switch proxy, err := k.client.Proxy(); {
	case err != nil:
		k.find(wrong, "proxy", "its settings cannot be used: check HTTPS_PROXY, or proxy_url in the file")
	case proxy != "":
		k.find(fine, "proxy", "%s", proxy)
	default:
		k.find(fine, "proxy", "none")
	}
}

// console asks for the console's health, which takes no credential.
func (k *credentialCheck) console(ctx context.Context) {
	health, err := k.client.Health(ctx)
	console := collector.Label(k.account.URL)
	answer := (*runzero.Error)(nil)
	switch {
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		k.find(warning, "console", "%s does not tell its health: %s", console, command.Advised(err))
	case err != nil:
		k.find(wrong, "console", "%s: %s", console, command.Advised(err))
	case health.Status != "ok":
		k.find(wrong, "console", "%s is not well: its status is %q; look after the console", console, collector.Label(health.Status))
	case health.Version == "":
		k.find(fine, "console", "%s is well, and does not tell its version", console)
	default:
		k.find(fine, "console", "%s is well, version %s", console, collector.Label(health.Version))
	}
}

// From these on, the ages that are told are off by what matters.
const (
	someSkew = time.Minute
	muchSkew = 5 * time.Minute
)

func (k *credentialCheck) clock() {
	skew, known := k.watch.skew()
	if !known {
		return
	}
	ahead, direction := skew, "ahead of"
	if skew < 0 {
		ahead, direction = -skew, "behind"
	}
	text := fmt.Sprintf("the console's clock is %s %s this machine's", model.Duration(ahead.Truncate(time.Second)), direction)
	const then = "every age that is told is off by that: set this machine's clock, or the console's"
	switch {
	case ahead > muchSkew:
		k.find(wrong, "clock", "%s, and %s", text, then)
	case ahead > someSkew:
		k.find(warning, "clock", "%s, and %s", text, then)
	case ahead < time.Second:
		k.find(fine, "clock", "the console's clock is the same as this machine's")
	default:
		k.find(fine, "clock", "%s", text)
	}
}

func (k *credentialCheck) tls(now time.Time) {
	state := k.watch.tls()
	switch {
	case state == nil && k.watch.answered() && k.config.Runzero.AllowHTTP:
		k.find(warning, "TLS", "none: the credential is sent unencrypted")
	case state == nil && k.watch.answered():
		k.find(fine, "TLS", "none is needed on this machine")
	case state == nil || len(state.PeerCertificates) == 0:
	default:
		leaf := state.PeerCertificates[0]
		s, ends := expiry("the console's certificate", leaf.NotAfter, now)
		text := fmt.Sprintf("%s; %s; issued by %q", tls.VersionName(state.Version), ends, collector.Label(leaf.Issuer.String()))
		k.find(s, "TLS", "%s", text)
		if k.config.Runzero.HTTP.TLSConfig.InsecureSkipVerify {
			k.find(warning, "TLS", "the certificate is not verified, so that anybody could be the console: leave out insecure_skip_verify")
		}
	}
}

// discover asks which organizations the credential reaches.
func (k *credentialCheck) discover(ctx context.Context) {
	found, err := k.client.Organizations(ctx)
	if err != nil {
		k.failed = true
		k.find(notAsked(err, wrong), "organizations", "%s", k.told(err))
		return
	}
	k.organizations = found
	k.whole = k.whole || k.client.AccountWide()
	for _, o := range found {
		if !slices.ContainsFunc(k.reached, func(other runzero.Organization) bool { return other.ID == o.ID }) {
			k.reached = append(k.reached, o)
		}
	}
	switch {
	case len(found) == 0:
		k.find(wrong, "organizations", "the account has none: make one in the console")
	case k.client.AccountWide():
		k.find(fine, "organizations", "the whole account: %s", command.Plural(len(found), "organization"))
	default:
		k.find(fine, "organizations", "one: %q", command.OrganizationName(found[0]))
	}
}

// notAsked makes what was never sent a warning: it says nothing of the console.
func notAsked(err error, otherwise severity) severity {
	if quota.Paused(err) || errors.Is(err, errAnnounced) {
		return warning
	}
	return otherwise
}

// told is an error in words that fit a check, which holds to no share.
func (k *credentialCheck) told(err error) string {
	if paused := (*quota.PausedError)(nil); errors.As(err, &paused) && paused.Reason == quota.PausedQuota {
		return "not asked: the account has no API call left today"
	}
	return command.Advised(err)
}

// heedReserve says once that the check spends what is to be left to others.
func (k *credentialCheck) heedReserve() {
	usage := k.calls.usage()
	limit, known := usage.Limit.Get()
	left, also := usage.Remaining.Get()
	if !known || !also || left > k.account.Share.ReserveCalls(limit) || k.calls.below {
		return
	}
	k.calls.below = true
	k.say(warning, topic(k.account, "", "quota"), "%d of %d API calls are left today, which is within the reserve: the check goes on all the same, for at most %s more",
		left, limit, command.Plural(k.calls.most-k.calls.spent(), "call"))
}
