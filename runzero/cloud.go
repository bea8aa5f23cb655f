package runzero

import (
	"net/url"
	"strings"
)

// IsCloud reports whether a console's URL is one of runZero's own, where every account has a daily quota: a host below
// runzero.com, or below rumble.run, which is the company's former name. Others are self-hosted.
func IsCloud(console string) bool {
	u, err := url.Parse(console)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return strings.HasSuffix(host, ".runzero.com") || strings.HasSuffix(host, ".rumble.run")
}
