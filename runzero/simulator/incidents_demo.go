package simulator

import "time"

// DemoIncidents are those of a demo that shows the last weeks before end: some are over, some are not. Together they
// cause every alert that a console can cause; the comments name them. Their times are relative to the hour of end, so
// that consoles made within an hour are equal.
func DemoIncidents(end time.Time) []Incident {
	end = end.UTC().Truncate(time.Hour)
	ago := func(d time.Duration) time.Time { return end.Add(-d) }
	midnight := func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
	const (
		days                  = 24 * time.Hour
		first, second, third  = 0, 1, 2 // organizations
		hourly, daily, sample = 0, 1, 3 // sites of the first organization
	)
	always, exhausted, today := ago(365*days), midnight(ago(8*days)), midnight(end)
	// What was spent lately belongs to today, even shortly after midnight.
	lately := ago(4 * time.Hour)
	if lately.Before(today) {
		lately = today
	}
	const perHour = 0.05 // of the calls
	left := 0.19 + perHour*end.Sub(lately).Hours()
	return []Incident{
		// The licence: LicenseNearLimit, LicenseExpiring.
		{Kind: LicenseFull, Share: 1, From: always},
		{Kind: LicenseEnds, From: always, To: end.Add(20 * days)},

		// The API: CollectorHasNoData, AuthenticationFailing, ConsoleUnreachable, CollectorFailing, DataStale after --cache.max-age.
		{Kind: ServerFails, Path: "/account/keys", From: always, To: ago(26 * days)},
		{Kind: TokensRejected, From: ago(20 * days), To: ago(20*days - 3*time.Hour)},
		{Kind: ServerFails, From: ago(17 * days), To: ago(17*days - 2*time.Hour)},
		{Kind: ServerFails, Path: "/account/keys", From: ago(15 * days), To: ago(11 * days)},
		{Kind: ServerFails, Path: "/export/org/assets.jsonl", From: ago(31*time.Hour + 10*time.Minute), To: ago(30 * time.Hour)},

		// The quota: APIQuotaExhaustionPredicted, then APIQuotaExhausted, PollingPaused and APIQuotaSpentByOthers; lately
		// APIQuotaLow and APIQuotaExhaustionPredicted, unless the day is almost over.
		{Kind: OtherTool, Share: 0.08, From: always},
		{Kind: OtherTool, Share: 2, From: exhausted.Add(8 * time.Hour), To: exhausted.Add(14 * time.Hour)},
		{Kind: CallsGone, Share: 0, From: exhausted.Add(14*time.Hour + 3*time.Minute), To: exhausted.Add(days)},
		{Kind: CallsGone, Share: left, From: lately, To: today.Add(days)},
		{Kind: OtherTool, Share: 24 * perHour, From: lately, To: end.Add(time.Hour)},

		// Scans: SiteScanStale and ScheduledScanMissed, SiteNeverScanned, ScanStuck, ScanFailed. In every world one site's
		// scans fail (SiteScanStale), as do a schedule (ScheduledScanFailing) and an integration (IntegrationFailing).
		// Together with the site that has no Explorer: ScanObjectiveAtRisk.
		{Kind: ScansStop, Organization: second, Site: 2, From: ago(9 * days)},
		{Kind: SiteUnscanned, Organization: first, Name: "Airport Office", From: ago(6 * days)},
		{Kind: ScanHangs, Organization: third, Site: 0, From: ago(30 * time.Hour)},
		{Kind: ScansFail, Organization: first, Site: hourly, From: ago(150 * time.Minute), To: end.Add(90 * time.Minute)},
		// IntegrationStale.
		{Kind: IntegrationStops, Organization: second, Name: "Azure AD sync", From: ago(4 * days)},

		// Explorers: ExplorerOffline, SiteHasNoExplorer (disconnected, deleted), ExplorerFlapping.
		{Kind: ExplorerOffline, Organization: first, Explorer: 2, From: ago(12 * days), To: ago(12*days - 9*time.Hour)},
		{Kind: ExplorerOffline, Organization: second, Explorer: 1, From: ago(26 * time.Hour)},
		{Kind: ExplorerOffline, Organization: first, Explorer: 1, From: ago(36 * time.Hour)},
		{Kind: ExplorerOffline, Organization: second, Explorer: 0, From: ago(40 * time.Hour)},
		{Kind: ExplorerDeleted, Organization: second, Explorer: 2, From: ago(13 * time.Hour)},
		{Kind: ExplorerFlaps, Organization: third, Explorer: 0, From: ago(40 * time.Hour)},

		// What disappears: SiteMissing, OrganizationMissing.
		{Kind: SiteDeleted, Organization: first, Name: "Bremen Depot", Share: 0.03, From: ago(14 * time.Hour)},
		{Kind: OrganizationDeleted, Name: "Orchard Street Schools", Share: 0.05, From: ago(14 * time.Hour)},

		// The inventory: AssetsDraining, EndOfLifeShareGrowing, AssetCountDropped, CriticalRiskAssetsIncreased,
		// AssetCountJumped, NewAssetsSurge.
		{Kind: AssetsDrain, Organization: third, Site: 0, Share: 0.4, From: ago(10 * days), To: ago(0)},
		{Kind: SupportEnds, Organization: first, Share: 0.05, From: ago(3 * days)},
		{Kind: AssetsDrop, Organization: first, Site: sample, Share: 0.45, From: ago(20 * time.Hour)},
		{Kind: RiskRises, Organization: third, Share: 0.06, From: ago(16 * time.Hour)},
		{Kind: AssetsJump, Organization: first, Site: hourly, Share: 0.4, From: ago(13 * time.Hour)},
		{Kind: AssetsImported, Organization: second, Share: 0.15, From: ago(7 * time.Hour)},
	}
}
