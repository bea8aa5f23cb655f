package runzero_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// These tests read what the simulated console serves, with every kind of credential.

func TestReadsASimulatedConsole(t *testing.T) {
	for _, tier := range []simulator.Tier{simulator.Platform, simulator.Community} {
		console := simulator.New(simulator.Options{Tier: tier, Organizations: 2, Sites: 2, Assets: 100})
		truth := console.Organizations()
		id, secret := console.Client()
		credentials := map[string]config.HTTPClientConfig{"export": withToken(console.ExportToken(0))}
		if tier == simulator.Platform {
			credentials["organization"] = withToken(console.OrganizationToken(0))
			credentials["account"] = withToken(console.AccountToken())
			credentials["client"] = config.HTTPClientConfig{OAuth2: &config.OAuth2{ClientID: id, ClientSecret: config.Secret(secret)}}
		}
		for name, http := range credentials {
			t.Run(fmt.Sprint(tier, " ", name), func(t *testing.T) {
				client := serve(t, console, runzero.Config{HTTP: http})
				found, err := client.Organizations(t.Context())
				if err != nil || len(found) == 0 || found[0].ID != truth[0].ID || found[0].Name != truth[0].Name || client.AccountWide() != (len(found) == len(truth)) {
					t.Fatalf("organizations %+v (%v), want %+v", found, err, truth)
				}
				for i, o := range found {
					missing := map[string]bool{}
					for asset := range console.Assets(i) {
						missing[asset.ID] = true
					}
					total := int64(len(missing))
					assets, err := all(client.Assets(t.Context(), o.ID, ""))
					for _, asset := range assets {
						delete(missing, asset.ID)
					}
					if err != nil || len(missing) != 0 {
						t.Errorf("%s: %d assets (%v), %d missing", o.Name, len(assets), err, len(missing))
					}
					if n, err := client.Count(t.Context(), o.ID, "assets", ""); err != nil || n != total {
						t.Errorf("%s: %d assets counted (%v), want %d", o.Name, n, err, total)
					}
					if sites, err := all(client.Sites(t.Context(), o.ID)); err != nil || len(sites) != len(truth[i].Sites) {
						t.Errorf("%s: %d sites (%v), want %d", o.Name, len(sites), err, len(truth[i].Sites))
					}
					if _, err := all(client.Tasks(t.Context(), o.ID)); err != nil {
						t.Errorf("%s: %v", o.Name, err)
					}
				}
				if health, err := client.Health(t.Context()); err != nil || health.Status != "ok" || health.Version == "" {
					t.Errorf("health %+v (%v)", health, err)
				}
			})
		}
	}
}

func TestSimulatedConsoleRefusesInsufficientScope(t *testing.T) {
	for _, tier := range []simulator.Tier{simulator.Platform, simulator.Professional, simulator.Community} {
		console := simulator.New(simulator.Options{Tier: tier, Organizations: 1, Sites: 2, Assets: 10})
		id := console.Organizations()[0].ID
		tokens := []string{console.ExportToken(0)}
		if tier != simulator.Community {
			tokens = append(tokens, console.OrganizationToken(0))
		}
		for _, token := range tokens {
			client := serve(t, console, runzero.Config{HTTP: withToken(token)})
			for needs, request := range map[runzero.Kind]func() error{
				runzero.ExportToken:       func() error { _, err := client.Count(t.Context(), id, "assets", ""); return err },
				runzero.OrganizationToken: func() error { _, err := all(client.Explorers(t.Context(), id)); return err },
				runzero.AccountCredential: func() error { _, err := client.License(t.Context()); return err },
			} {
				err := request()
				if has := client.Kind().Reaches(needs); has != (err == nil) || !has && !runzero.Refused(err, client.Kind()) {
					t.Errorf("%v, %s, %s: error %v", tier, client.Kind(), needs, err)
				}
			}
		}
	}
}
