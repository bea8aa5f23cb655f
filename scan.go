package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/alecthomas/kingpin/v2"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// scan is what the flags say of a scan of a site. Starting it is all of this program
// that changes anything.
type scan struct {
	account, site         string
	explorer, group, zone string
	targets               []string
	name                  string
	rate                  int64
	options               map[string]string // further ones, as the API calls them
	dryRun                bool
}

func addScanFlags(command *kingpin.CmdClause) *scan {
	s := &scan{options: map[string]string{}}
	command.Flag("account", "Account of --config.file; needed where it has several.").StringVar(&s.account)
	command.Flag("site", "Name or id of the site to scan.").Required().StringVar(&s.site)
	command.Flag("explorer", "Name or id of the Explorer that scans. This, --explorer-group or --hosted-zone is needed.").StringVar(&s.explorer)
	command.Flag("explorer-group", "Id of the Explorer group that scans.").StringVar(&s.group)
	command.Flag("hosted-zone", "Name or id of the hosted zone that scans, or auto for any: what is public, by runZero's own Explorers.").StringVar(&s.zone)
	command.Flag("targets", "What to scan: addresses, networks, names; repeatable, or with commas between. Default: defaults, which is the site's own scope.").StringsVar(&s.targets)
	command.Flag("name", "Name of the task. Default: the console gives it one.").StringVar(&s.name)
	command.Flag("rate", "Packets a second. Default: the console's.").Int64Var(&s.rate)
	command.Flag("option", "Any further option of a scan, as KEY=VALUE, such as tcp-ports=1-1000 or scan-frequency=daily; repeatable.").SetValue(optionValue(s.options))
	command.Flag("dry-run", "Look up the site, and show what would be sent without sending it.").BoolVar(&s.dryRun)
	return s
}

// secretOption is in the names of options whose values are secrets, such as snmp-comms and
// snmp-v3-auth-passphrase.
var secretOption = regexp.MustCompile(`(?i)passw|passphrase|secret|token|comms|community|communities|private-?key|api-?key`)

// optionValue reads further options. The API takes texts alone.
type optionValue map[string]string

func (o optionValue) Set(s string) error {
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

func (o optionValue) String() string { return "" }

// IsCumulative tells kingpin that the flag may be repeated.
func (o optionValue) IsCumulative() bool { return true }

func (s *scan) run(ctx context.Context, flags config.Flags, o *serveOptions, stdout io.Writer) error {
	request, err := s.request()
	if err != nil {
		return err
	}
	wanted, err := takeOrganization(&flags)
	if err != nil {
		return err
	}
	dial, stop := demo(&flags, o)
	defer stop()
	loaded, err := flags.Load()
	if err != nil {
		return err
	}
	account, err := s.choose(loaded.Accounts)
	if err != nil {
		return err
	}
	request.console = account.URL
	clients, err := request.clients(account, dial, !s.dryRun)
	if err != nil {
		return err
	}
	if err := request.findOrganization(ctx, clients, account, wanted); err != nil {
		return err
	}
	if err := request.findSite(ctx, s.site); err != nil {
		return err
	}
	if s.explorer != "" {
		if err := request.findExplorer(ctx, s.explorer); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(stdout, "Scan of site %s of organization %q at %s by %s, targets: %s\n", candidate(request.site.Name, request.site.ID),
		organizationName(request.organization), request.console, request.by, request.options["targets"]); err != nil {
		return err
	}
	if s.dryRun {
		return request.show(stdout)
	}
	return request.start(ctx, stdout)
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
func (s *scan) request() (*scanRequest, error) {
	options := maps.Clone(s.options)
	var targets []string
	for _, each := range s.targets {
		for target := range strings.SplitSeq(each, ",") {
			if target = strings.TrimSpace(target); target != "" {
				targets = append(targets, target)
			}
		}
	}
	switch {
	case len(targets) == 0 && len(s.targets) > 0:
		return nil, errors.New("--targets is empty: name what to scan, or leave it out for the site's own scope")
	case len(targets) == 0:
		targets = []string{"defaults"} // runZero's word for the site's own scope
	}
	options["targets"] = strings.Join(targets, ",")
	if s.name != "" {
		options["scan-name"] = s.name
	}
	switch {
	case s.rate < 0:
		return nil, errors.New("--rate must not be negative: it is packets a second")
	case s.rate > 0:
		options["rate"] = strconv.FormatInt(s.rate, 10)
	}
	r := &scanRequest{options: options}
	return r, s.scanner(r)
}

// scanner sets who scans. An Explorer's id is looked up, by its name.
func (s *scan) scanner(r *scanRequest) error {
	given := 0
	for _, by := range []string{s.explorer, s.group, s.zone} {
		if by != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return errors.New("say who scans by one of --explorer, --explorer-group and --hosted-zone")
	case s.group != "" && !isID(s.group):
		return errors.New("--explorer-group must be the group's id: copy it from the console")
	case s.group != "":
		r.options["explorer-group-id"] = s.group
		r.by = "Explorer group " + s.group
	case s.zone != "" && isID(s.zone):
		r.options["hosted-zone-id"] = s.zone
		r.by = "hosted zone " + s.zone
	case s.zone != "":
		r.options["hosted-zone-name"] = s.zone
		r.by = fmt.Sprintf("hosted zone %q", s.zone)
	}
	return nil
}

func isID(text string) bool {
	return regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`).MatchString(text)
}

// choose picks the account.
func (s *scan) choose(all []config.Account) (config.Account, error) {
	var names []string
	for _, a := range all {
		if a.Name == s.account || s.account == "" && len(all) == 1 {
			return a, nil
		}
		names = append(names, a.Name)
	}
	switch {
	case all[0].Name == "":
		return config.Account{}, errors.New("--account is for the accounts of --config.file, and here the flags make the only one: leave it out")
	case s.account == "":
		return config.Account{}, fmt.Errorf("--config.file has several accounts: name that of the site with --account, which is one of %s", strings.Join(names, ", "))
	}
	return config.Account{}, fmt.Errorf("--config.file has no account %q: it has %s", s.account, some(names))
}
