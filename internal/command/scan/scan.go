// Package scan starts a scan of a site, or shows the request that would start it. It is the only command that changes
// anything in runZero, and it never sends that request twice. It polls and caches nothing.
package scan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

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
	if err := r.findOrganization(ctx, clients, account, organization); err != nil {
		return err
	}
	if err := r.findSite(ctx, o.Site); err != nil {
		return err
	}
	if o.Explorer != "" {
		if err := r.findExplorer(ctx, o.Explorer); err != nil {
			return err
		}
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

// request makes the request as far as that takes no look-up.
func (o Options) request() (*request, error) {
	var targets []string
	for target := range strings.SplitSeq(strings.Join(o.Targets, ","), ",") {
		if target = strings.TrimSpace(target); target != "" {
			targets = append(targets, target)
		}
	}
	switch {
	case o.Rate < 0:
		return nil, errors.New("--rate must not be negative: it is packets a second")
	case len(targets) == 0 && len(o.Targets) > 0:
		return nil, errors.New("--targets is empty: name what to scan, or remove it to scan the site's own scope")
	case len(targets) == 0:
		targets = []string{"defaults"} // in the API, the site's own scope
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
	if err := r.setScanner(o); err != nil {
		return nil, err
	}
	return r, nil
}

// setScanner sets who scans, except for an Explorer, which is looked up.
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
	case o.Zone != "" && runzero.IsID(o.Zone):
		r.options["hosted-zone-id"] = o.Zone
		r.scanner = "hosted zone " + o.Zone
	case o.Zone != "":
		r.options["hosted-zone-name"] = o.Zone
		r.scanner = fmt.Sprintf("hosted zone %q", o.Zone)
	}
	return nil
}

// secretOption matches the names of options whose values are secrets, such as snmp-comms and snmp-v3-auth-passphrase.
var secretOption = regexp.MustCompile(`(?i)passw|passphrase|secret|token|comms|community|communities|private-?key|api-?key`)

// Further holds options of a scan without a flag of their own, by their names in the API, as a repeatable flag.
type Further map[string]string

// Set implements kingpin.Value.
func (f Further) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	flag := map[string]string{
		"targets": "--targets", "scan-name": "--name", "rate": "--rate", "explorer": "--explorer", "agent": "--explorer",
		"explorer-group-id": "--explorer-group", "hosted-zone-id": "--hosted-zone", "hosted-zone-name": "--hosted-zone",
	}[key]
	switch _, duplicate := f[key]; {
	case !ok || key == "":
		return errors.New("--option must be KEY=VALUE, such as tcp-ports=1-1000")
	case secretOption.MatchString(key):
		return fmt.Errorf("--option=%s cannot be used: its value is a secret, and everybody on this machine can read the command line; set it in the console, as a credential or in a scan template", key)
	case flag != "":
		return fmt.Errorf("--option=%s cannot be used: use %s", key, flag)
	case duplicate:
		return fmt.Errorf("--option=%s is set twice", key)
	}
	f[key] = value
	return nil
}

// String implements kingpin.Value.
func (f Further) String() string { return "" }

// IsCumulative makes the flag repeatable in kingpin.
func (f Further) IsCumulative() bool { return true }
