package runzero_test

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// The Organization and Account APIs, the whole way, with a console that behaves as real
// ones do.
func TestClientReadsTheSimulatedConsolesOtherAPIs(t *testing.T) {
	console := simulator.New(simulator.Options{Organizations: 2, Sites: 2, Assets: 100})
	truth := console.Organizations()
	client := serve(t, console, runzero.Config{HTTP: withToken(console.AccountToken())})
	sites, err := all(client.AccountSites(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	owned := map[string]int{}
	for _, site := range sites {
		owned[site.OrganizationID]++
	}
	explorers, err := all(client.AccountExplorers(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	manned := map[string]int{}
	for _, explorer := range explorers {
		manned[explorer.OrganizationID]++
		if explorer.Name == "" || explorer.Version == "" || explorer.OS == "" || explorer.Connected == runzero.Unsaid || explorer.LastCheckin.IsZero() {
			t.Errorf("explorer %+v", explorer)
		}
	}
	for i, o := range truth {
		got, err := client.Organization(t.Context(), o.ID)
		if err != nil || got.ID != o.ID || got.Name != o.Name || got.Demo != o.Demo || got.Inactive != o.Inactive || got.Project != o.Project {
			t.Errorf("organization %+v (%v), want %+v", got, err, o)
		}
		if _, known := got.ExpireScans.Get(); !known {
			t.Errorf("organization %+v without its settings", got)
		}
		own, err := all(client.Explorers(t.Context(), o.ID))
		if err != nil || len(own) != manned[o.ID] || owned[o.ID] != len(o.Sites) {
			t.Errorf("%s: %d Explorers (%v), %d in the account; %d sites", o.Name, len(own), err, manned[o.ID], owned[o.ID])
		}
		assets := int64(0)
		for range console.Assets(i) {
			assets++
		}
		if n, err := client.Count(t.Context(), o.ID, "assets", ""); err != nil || n != assets {
			t.Errorf("%s: %d assets (%v), want %d", o.Name, n, err, assets)
		}
		if n, err := client.Count(t.Context(), o.ID, "sites", ""); err != nil || n != int64(len(o.Sites)) {
			t.Errorf("%s: %d sites (%v), want %d", o.Name, n, err, len(o.Sites))
		}
	}
	zones, err := all(client.HostedZones(t.Context(), truth[0].ID))
	if err != nil || len(zones) == 0 || zones[0].Name == "" || zones[0].Enabled == runzero.Unsaid {
		t.Errorf("zones %+v (%v)", zones, err)
	}
	license, err := client.License(t.Context())
	if _, known := license.MaxAssets.Get(); err != nil || !known || license.Type != "platform" || license.Expiration.IsZero() {
		t.Errorf("licence %+v (%v)", license, err)
	}
	if version, err := client.ExplorerRelease(t.Context()); err != nil || version == "" {
		t.Errorf("release %q (%v)", version, err)
	}
}

// What a licence or a token is too small for is refused, and told apart from failures.
func TestSimulatedConsoleRefusesWhatIsNotLicensed(t *testing.T) {
	for _, tier := range []simulator.Tier{simulator.Platform, simulator.Professional, simulator.Community} {
		console := simulator.New(simulator.Options{Tier: tier, Organizations: 1, Sites: 2, Assets: 10})
		id := console.Organizations()[0].ID
		tokens := []string{console.ExportToken(0)}
		if tier != simulator.Community {
			tokens = append(tokens, console.OrganizationToken(0))
		}
		for _, token := range tokens {
			client := serve(t, console, runzero.Config{HTTP: withToken(token)})
			for needs, ask := range map[runzero.Kind]func() error{
				runzero.ExportToken:       func() error { _, err := client.Count(t.Context(), id, "assets", ""); return err },
				runzero.OrganizationToken: func() error { _, err := all(client.Explorers(t.Context(), id)); return err },
				runzero.AccountCredential: func() error { _, err := client.License(t.Context()); return err },
			} {
				err := ask()
				if has := client.Kind().Reaches(needs); has != (err == nil) || !has && !runzero.Refused(err, client.Kind()) {
					t.Errorf("%v, %s, %s: error %v", tier, client.Kind(), needs, err)
				}
			}
		}
	}
}
