// Package scan starts a scan of a site, or shows the request that would start it. It is the only command that changes
// anything in runZero, and it never sends that request twice. It polls and caches nothing.
package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Options are what the flags set.
type Options struct {
	Flags                 config.Flags
	Demo                  command.Demo
	Account, Site         string
	Explorer, Group, Zone string // who scans: exactly one of them
	Targets               []string
	Name                  string
	Rate                  int64
	Further               Further
	Force                 bool // send what the specification does not know, and what a hosted zone cannot scan
	DryRun                bool
}

// Run starts the scan.
func Run(ctx context.Context, env command.Env, o Options) error {
	r, err := o.request()
	if err != nil {
		return err
	}
	organization, err := takeOrganization(&o.Flags)
	if err != nil {
		return err
	}
	env, flags, stop := o.Demo.Start(env, o.Flags)
	defer stop()
	loaded, err := flags.Load()
	if err != nil {
		return err
	}
	account, err := selectAccount(loaded.Accounts, o.Account)
	if err != nil {
		return err
	}
	r.console = account.URL
	clients, err := r.clients(account, env.Dial, !o.DryRun)
	if err != nil {
		return err
	}
	defer env.Progress.Show(func() string { return "waiting for " + r.console })()
	if err := r.find(ctx, o, clients, account, organization); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(env.Stdout, "Scan of site %s of organization %q at %s by %s, targets: %s\n", nameAndID(r.site.Name, r.site.ID),
		command.OrganizationName(r.organization), r.console, r.scanner, r.options["targets"]); err != nil {
		return err
	}
	if o.DryRun {
		return r.show(env.Stdout)
	}
	return r.start(ctx, env.Stdout)
}

// takeOrganization takes the site's organization out of the flags, where it would select those to poll.
func takeOrganization(flags *config.Flags) (string, error) {
	organizations := flags.Organizations
	switch {
	case len(organizations) == 0:
		return "", nil
	case len(organizations) > 1:
		return "", errors.New("--runzero.organization is set more than once: name only the organization that has the site")
	case strings.TrimSpace(organizations[0]) == "":
		return "", errors.New("--runzero.organization must not be empty: set it to an organization's name or id")
	}
	flags.Organizations, flags.Set = nil, maps.Clone(flags.Set)
	delete(flags.Set, "runzero.organization")
	return organizations[0], nil
}

func selectAccount(accounts []config.Account, name string) (config.Account, error) {
	var names []string
	for _, a := range accounts {
		if a.Name == name || name == "" && len(accounts) == 1 {
			return a, nil
		}
		names = append(names, a.Name)
	}
	switch {
	case accounts[0].Name == "":
		return config.Account{}, errors.New("--account selects an account of --config.file, which has none: remove it")
	case name == "":
		return config.Account{}, fmt.Errorf("--config.file has several accounts: select that of the site with --account, which is one of %s", strings.Join(names, ", "))
	}
	return config.Account{}, fmt.Errorf("--config.file has no account %q: it has %s", name, command.List(names))
}

// request is a request for a scan. Its fields are found in their order.
type request struct {
	options      map[string]string // as in the API
	scanner      string            // who scans, for messages
	console      string            // its URL
	client       *runzero.Client
	organization runzero.Organization
	site         runzero.Site
	sent         atomic.Bool
}

// find looks up everything that the flags name.
func (r *request) find(ctx context.Context, o Options, clients []*runzero.Client, a config.Account, organization string) error {
	if organization == "" {
		if err := r.findPlace(ctx, clients, a, o.Site); err != nil {
			return err
		}
	} else {
		if err := r.findOrganization(ctx, clients, organization); err != nil {
			return err
		}
		if err := r.findSite(ctx, o.Site); err != nil {
			return err
		}
	}
	switch {
	case o.Explorer != "":
		return r.findExplorer(ctx, o.Explorer)
	case o.Zone != "" && !strings.EqualFold(o.Zone, anyZone) && !o.Force:
		return r.findZone(ctx, o.Zone)
	}
	return nil
}

// request makes the request as far as that takes no look-up.
func (o Options) request() (*request, error) {
	if o.Rate < 0 {
		return nil, errors.New("--rate must not be negative: it is packets a second")
	}
	targets, err := splitTargets(o.Targets)
	if err != nil {
		return nil, err
	}
	r := &request{options: map[string]string{}}
	maps.Copy(r.options, o.Further)
	r.options["targets"] = strings.Join(targets, ",")
	if o.Name != "" {
		r.options["scan-name"] = o.Name
	}
	if o.Rate > 0 {
		r.options["rate"] = strconv.FormatInt(o.Rate, 10)
	}
	if err := r.setScanner(o); err != nil || o.Force {
		return r, err
	}
	return r, cmp.Or(checkTargets(targets, o.Zone != ""), o.Further.check())
}

// setScanner sets who scans, as far as that takes no look-up.
func (r *request) setScanner(o Options) error {
	given := slices.DeleteFunc([]string{o.Explorer, o.Group, o.Zone}, func(scanner string) bool { return scanner == "" })
	switch {
	case len(given) != 1:
		return errors.New("set one of --explorer, --explorer-group and --hosted-zone to select who scans")
	case o.Group != "" && !runzero.IsID(o.Group):
		return errors.New("--explorer-group must be the group's id: copy it from the console")
	case o.Group != "":
		r.options["explorer-group-id"] = o.Group
		r.scanner = "Explorer group " + o.Group
	case strings.EqualFold(o.Zone, anyZone):
		r.setZone(anyZone, anyZone)
		r.scanner = "any hosted zone"
	case o.Zone != "":
		r.setZone(o.Zone, o.Zone)
		r.scanner = fmt.Sprintf("hosted zone %q", collector.Label(o.Zone))
	}
	return nil
}

// anyZone lets runZero choose the hosted zone.
const anyZone = "auto"

// setZone sends the zone's id if the user passed it, else its name.
func (r *request) setZone(wanted, name string) {
	if runzero.IsID(wanted) {
		r.options["hosted-zone-id"] = wanted
	} else {
		r.options["hosted-zone-name"] = name
	}
}
