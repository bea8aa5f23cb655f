package collector

import "context"

type license struct{}

func newLicense(Settings) Collector { return license{} }

// Collect exports the account's licence.
func (license) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	l, err := poll.API.License(ctx)
	if err != nil {
		return Snapshot{}, unsupported(err, poll.API.Kind(), "the account's licence", needsAccount)
	}
	out := samples{descs: Descs("license")}
	if l.Type != "" {
		out.gauge("runzero_license_info", 1, Label(l.Type))
	}
	out.count("runzero_license_assets_limit", l.MaxAssets)
	out.count("runzero_license_assets", l.LiveAssets, "live")
	out.count("runzero_license_assets", l.ProjectAssets, "project")
	out.instant("runzero_license_expiration_timestamp_seconds", l.Expiration)
	families, err := out.families()
	return Snapshot{Families: families}, err
}
