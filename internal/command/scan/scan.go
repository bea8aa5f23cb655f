// Package scan starts a scan of a site: the remedy that the stale-scan page names. It is the
// only command that changes anything.
package scan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
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
	Explorer, Group, Zone string
	Targets               []string
	Name                  string
	Rate                  int64
	Further               Further
	DryRun                bool
}

// secretOption is in the names of options whose values are secrets, such as snmp-comms and
// snmp-v3-auth-passphrase.
var secretOption = regexp.MustCompile(`(?i)passw|passphrase|secret|token|comms|community|communities|private-?key|api-?key`)

// Further are options of a scan beyond those with a flag of their own, as the API calls
// them. It is the value of a repeatable flag, KEY=VALUE each.
type Further map[string]string

// Set implements kingpin.Value.
func (o Further) Set(s string) error {
	key, value, both := strings.Cut(s, "=")
	own := map[string]string{
		"targets": "--targets", "scan-name": "--name", "rate": "--rate", "explorer": "--explorer", "agent": "--explorer",
		"explorer-group-id": "--explorer-group", "hosted-zone-id": "--hosted-zone", "hosted-zone-name": "--hosted-zone",
	}
	switch _, twice := o[key]; {
	case !both || key == "":
		return errors.New("--option takes KEY=VALUE, such as tcp-ports=1-1000")
	case secretOption.MatchString(key):
		return fmt.Errorf("--option=%s cannot be used: its value is a secret, and everybody on this machine can read the command line; set it in the console, as a credential or in a scan template", key)
	case own[key] != "":
		return fmt.Errorf("--option=%s cannot be used: this option has a flag of its own, %s", key, own[key])
	case twice:
		return fmt.Errorf("--option=%s is given twice", key)
	}
	o[key] = value
	return nil
}

// String implements kingpin.Value.
func (o Further) String() string { return "" }

// IsCumulative tells kingpin that the flag may be repeated.
func (o Further) IsCumulative() bool { return true }

// Run starts the scan.
func Run(ctx context.Context, env command.Env, o Options) error {
	request, err := o.request()
	if err != nil {
		return err
	}
	wanted, err := takeOrganization(&o.Flags)
	if err != nil {
		return err
	}
	env, flags, stop := o.Demo.Start(env, o.Flags)
	defer stop()
	loaded, err := flags.Load()
	if err != nil {
		return err
	}
	account, err := o.choose(loaded.Accounts)
	if err != nil {
		return err
	}
	request.console = account.URL
	clients, err := request.clients(account, env.Dial, !o.DryRun)
	if err != nil {
		return err
	}
	if err := request.findOrganization(ctx, clients, account, wanted); err != nil {
		return err
	}
	if err := request.findSite(ctx, o.Site); err != nil {
		return err
	}
	if o.Explorer != "" {
		if err := request.findExplorer(ctx, o.Explorer); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(env.Stdout, "Scan of site %s of organization %q at %s by %s, targets: %s\n", candidate(request.site.Name, request.site.ID),
		command.OrganizationName(request.organization), request.console, request.by, request.options["targets"]); err != nil {
		return err
	}
	if o.DryRun {
		return request.show(env.Stdout)
	}
	return request.start(ctx, env.Stdout)
}

// takeOrganization takes out of the flags the organization that has the site. Which
// one that is has nothing to do with which are polled: a file may say that.
func takeOrganization(flags *config.Flags) (string, error) {
	switch len(flags.Organizations) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", errors.New("--runzero.organization is given more than once: name the one that has the site")
	}
	wanted := flags.Organizations[0]
	if strings.TrimSpace(wanted) == "" {
		return "", errors.New("--runzero.organization must not be empty: it is an organization's name or id")
	}
	flags.Organizations, flags.Set = nil, maps.Clone(flags.Set)
	delete(flags.Set, "runzero.organization")
	return wanted, nil
}

// scanRequest is the request that starts a scan, as it comes together.
type scanRequest struct {
	console      string // its URL
	client       *runzero.Client
	organization runzero.Organization
	site         runzero.Site
	by           string            // who scans, in words
	options      map[string]string // as the API has them
	sent         atomic.Bool       // it went out
}

// request is the request as far as it can be told without looking anything up.
func (o Options) request() (*scanRequest, error) {
	options := maps.Clone(o.Further)
	var targets []string
	for _, each := range o.Targets {
		for target := range strings.SplitSeq(each, ",") {
			if target = strings.TrimSpace(target); target != "" {
				targets = append(targets, target)
			}
		}
	}
	switch {
	case len(targets) == 0 && len(o.Targets) > 0:
		return nil, errors.New("--targets is empty: name what to scan, or leave it out for the site's own scope")
	case len(targets) == 0:
		targets = []string{"defaults"} // runZero's word for the site's own scope
	}
	options["targets"] = strings.Join(targets, ",")
	if o.Name != "" {
		options["scan-name"] = o.Name
	}
	switch {
	case o.Rate < 0:
		return nil, errors.New("--rate must not be negative: it is packets a second")
	case o.Rate > 0:
		options["rate"] = strconv.FormatInt(o.Rate, 10)
	}
	r := &scanRequest{options: options}
	return r, o.scanner(r)
}

// scanner sets who scans. An Explorer's id is looked up, by its name.
func (o Options) scanner(r *scanRequest) error {
	given := 0
	for _, by := range []string{o.Explorer, o.Group, o.Zone} {
		if by != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return errors.New("say who scans by one of --explorer, --explorer-group and --hosted-zone")
	case o.Group != "" && !runzero.IsID(o.Group):
		return errors.New("--explorer-group must be the group's id: copy it from the console")
	case o.Group != "":
		r.options["explorer-group-id"] = o.Group
		r.by = "Explorer group " + o.Group
	case o.Zone != "" && runzero.IsID(o.Zone):
		r.options["hosted-zone-id"] = o.Zone
		r.by = "hosted zone " + o.Zone
	case o.Zone != "":
		r.options["hosted-zone-name"] = o.Zone
		r.by = fmt.Sprintf("hosted zone %q", o.Zone)
	}
	return nil
}

// choose picks the account.
func (o Options) choose(all []config.Account) (config.Account, error) {
	var names []string
	for _, a := range all {
		if a.Name == o.Account || o.Account == "" && len(all) == 1 {
			return a, nil
		}
		names = append(names, a.Name)
	}
	switch {
	case all[0].Name == "":
		return config.Account{}, errors.New("--account is for the accounts of --config.file, and here the flags make the only one: leave it out")
	case o.Account == "":
		return config.Account{}, fmt.Errorf("--config.file has several accounts: name that of the site with --account, which is one of %s", strings.Join(names, ", "))
	}
	return config.Account{}, fmt.Errorf("--config.file has no account %q: it has %s", o.Account, command.List(names))
}
