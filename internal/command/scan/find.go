package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// findOrganization finds the organization of this name or id, and a client that reaches it.
func (r *request) findOrganization(ctx context.Context, clients []*runzero.Client, wanted string) error {
	var names []string
	var failed error
	for _, client := range clients {
		organizations, err := client.Organizations(ctx)
		if err != nil {
			failed = fmt.Errorf("looking up the organization: %s", command.Advised(err))
		}
		for _, o := range organizations {
			if schedule.Matches(o, wanted) {
				r.client, r.organization = client, o
				names = append(names, nameAndID(command.OrganizationName(o), o.ID))
			}
		}
		switch {
		case len(names) == 1:
			return nil // the other credentials need not spend a call
		case len(names) > 1:
			return fmt.Errorf("several organizations have this name: pass the id of one with --runzero.organization: %s", command.List(names))
		}
	}
	if failed != nil {
		return failed
	}
	return fmt.Errorf("no credential that may start a scan reaches an organization %q: check --runzero.organization", collector.Label(wanted))
}

func siteIdentity(s runzero.Site) (id, name string) { return s.ID, s.Name }

// findSite finds the site in the organization that was found.
func (r *request) findSite(ctx context.Context, wanted string) (err error) {
	r.site, err = find(r.client.Sites(ctx, r.organization.ID), siteIdentity, wanted, "--site", "site")
	return err
}

// place is a site, where it is and how it is reached.
type place struct {
	client       *runzero.Client
	organization runzero.Organization
	site         runzero.Site
}

// places are the sites of all organizations.
type places struct {
	all     choice[place]
	selects schedule.Selection
	failed  error // why some are not known
}

// findPlace finds the site in all organizations that the credentials reach. A name that several have is ambiguous; an
// id is not, and so organizations that the configuration does not poll count only for ids.
func (r *request) findPlace(ctx context.Context, clients []*runzero.Client, a config.Account, wanted string) error {
	// Account credentials reach everything, in two calls.
	slices.SortStableFunc(clients, func(a, b *runzero.Client) int {
		return strings.Compare(string(a.Kind()), string(b.Kind())) // an account credential sorts first
	})
	found := places{all: choice[place]{flag: "--site", kind: "site", wanted: wanted}, selects: a.Selection}
	for _, client := range clients {
		organizations, err := client.Organizations(ctx)
		switch {
		case err != nil:
			found.failed = fmt.Errorf("looking up the organizations: %s", command.Advised(err))
		case client.AccountWide():
			err = found.addAccount(ctx, client, organizations)
		default:
			err = found.addOwn(ctx, client, organizations)
		}
		if err == nil && client.AccountWide() {
			break
		}
	}
	var names []string
	for _, row := range found.all.found() {
		name := nameAndID(command.OrganizationName(row.organization), row.organization.ID)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 1 {
		return fmt.Errorf("several organizations have a site %q: name one of them with --runzero.organization, or pass the site's id with --site: %s",
			collector.Label(wanted), command.List(names))
	}
	if len(names) == 0 && found.failed != nil {
		return found.failed
	}
	chosen, err := found.all.only("the organizations that the credentials reach have")
	r.client, r.organization, r.site = chosen.client, chosen.organization, chosen.site
	return err
}

// addOwn adds the sites of a token's only organization.
func (p *places) addOwn(ctx context.Context, client *runzero.Client, organizations []runzero.Organization) error {
	for _, o := range organizations {
		if p.selects.Skipped(o) != "" && !runzero.IsID(p.all.wanted) {
			continue // which saves a call
		}
		for site, err := range client.Sites(ctx, o.ID) {
			if err != nil {
				p.failed = fmt.Errorf("looking up the site: %s", command.Advised(err))
				return p.failed
			}
			p.add(place{client, o, site})
		}
	}
	return nil
}

// addAccount adds the sites of all organizations.
func (p *places) addAccount(ctx context.Context, client *runzero.Client, organizations []runzero.Organization) error {
	if len(organizations) == 1 {
		return p.addOwn(ctx, client, organizations)
	}
	byID := map[string]runzero.Organization{}
	for _, o := range organizations {
		byID[strings.ToLower(o.ID)] = o
	}
	for site, err := range client.AccountSites(ctx) {
		if err == nil && site.OrganizationID == "" {
			err = errors.New("the console does not report which organization has which site")
		}
		if err != nil {
			p.failed = fmt.Errorf("looking up the site in all organizations: %s; name its organization with --runzero.organization", command.Advised(err))
			return p.failed
		}
		if o, known := byID[strings.ToLower(site.OrganizationID)]; known {
			p.add(place{client, o, site})
		}
	}
	return nil
}

func (p *places) add(each place) {
	if p.selects.Skipped(each.organization) != "" && !strings.EqualFold(each.site.ID, p.all.wanted) {
		return
	}
	p.all.add(each, each.site.ID, each.site.Name)
}

func (r *request) findExplorer(ctx context.Context, wanted string) error {
	identify := func(e runzero.Explorer) (id, name string) {
		if e.Inactive {
			return "", ""
		}
		return e.ID, e.Name
	}
	explorer, err := find(r.client.Explorers(ctx, r.organization.ID), identify, wanted, "--explorer", "Explorer")
	if err != nil {
		return err
	}
	r.options["explorer"] = explorer.ID
	r.scanner = "Explorer " + nameAndID(explorer.Name, explorer.ID)
	if explorer.Connected == runzero.False {
		r.scanner += ", which is offline"
	}
	return nil
}

// findZone looks up the hosted zone. Any zone may be auto, which is not looked up.
func (r *request) findZone(ctx context.Context, wanted string) error {
	identify := func(z runzero.HostedZone) (id, name string) { return z.ID, z.Name }
	zone, err := find(r.client.HostedZones(ctx, r.organization.ID), identify, wanted, "--hosted-zone", "hosted zone")
	if err != nil {
		return fmt.Errorf("%w; --hosted-zone=auto lets runZero choose", err)
	}
	if zone.Enabled == runzero.False {
		return fmt.Errorf("the hosted zone %s is disabled: choose another, or let runZero choose with --hosted-zone=auto", nameAndID(zone.Name, zone.ID))
	}
	r.setZone(wanted, zone.Name)
	r.scanner = "hosted zone " + nameAndID(zone.Name, zone.ID)
	return nil
}
