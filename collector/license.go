package collector

import "context"

// collectLicense exports the account's licence.
func collectLicense(ctx context.Context, poll Poll) (Snapshot, error) {
	l, err := poll.API.License(ctx)
	if err != nil {
		return Snapshot{}, unsupported(err, poll.API.Kind(), "the account's licence", needsAccount)
	}
	out := newSamples("license")
	if l.Type != "" {
		out.gauge("runzero_license_info", 1, Label(l.Type))
	}
	out.count("runzero_license_assets_limit", l.MaxAssets)
	out.count("runzero_license_assets", l.LiveAssets, "live")
	out.count("runzero_license_assets", l.ProjectAssets, "project")
	out.timestamp("runzero_license_expiration_timestamp_seconds", l.Expiration)
	return out.snapshot(nil)
}
