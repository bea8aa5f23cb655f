package scan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// findOrganization finds the organization of this name or id, or the only polled one, and a client that reaches it.
func (r *request) findOrganization(ctx context.Context, clients []*runzero.Client, a config.Account, wanted string) error {
	var names []string
	var failed error
	found := map[string]bool{}
	for _, client := range clients {
		organizations, err := client.Organizations(ctx)
		if err != nil {
			failed = fmt.Errorf("looking up the organization: %s", command.Advised(err))
		}
		for _, o := range organizations {
			if wanted != "" && !schedule.Matches(o, wanted) || wanted == "" && a.Selection.Skipped(o) != "" || found[o.ID] {
				continue
			}
			if len(found) == 0 {
				r.client, r.organization = client, o
			}
			found[o.ID] = true
			names = append(names, nameAndID(command.OrganizationName(o), o.ID))
		}
		if wanted != "" && len(found) > 0 {
			break // the other credentials need not spend a call
		}
	}
	switch {
	case len(found) == 1:
		return nil
	case len(found) > 1:
		return fmt.Errorf("several organizations could have the site: select one with --runzero.organization: %s", command.List(names))
	case failed != nil:
		return failed
	case wanted != "":
		return fmt.Errorf("no credential that may start a scan reaches an organization %q: check --runzero.organization", collector.Label(wanted))
	}
	return errors.New("no credential that may start a scan reaches an organization that is polled: name the site's organization with --runzero.organization")
}

func nameAndID(name, id string) string {
	return fmt.Sprintf("%q (%s)", collector.Label(name), collector.Label(id))
}

func (r *request) findSite(ctx context.Context, wanted string) (err error) {
	identify := func(s runzero.Site) (id, name string) { return s.ID, s.Name }
	r.site, err = find(r.client.Sites(ctx, r.organization.ID), identify, wanted, "--site", "site")
	return err
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

// find returns the row with this id or name. It reads all, because names may be ambiguous; those without id it skips.
func find[T any](rows iter.Seq2[T, error], identify func(T) (id, name string), wanted, flag, kind string) (T, error) {
	var found, none T
	var matches, others []string
	for row, err := range rows {
		if err != nil {
			return none, fmt.Errorf("looking up the %s: %s", kind, command.Advised(err))
		}
		id, name := identify(row)
		switch {
		case id == "":
		case strings.EqualFold(id, wanted):
			return row, nil
		case name == wanted, collector.Label(name) == wanted: // as in metrics
			found = row
			matches = append(matches, nameAndID(name, id))
		default:
			others = append(others, nameAndID(name, id))
		}
	}
	switch {
	case len(matches) == 1:
		return found, nil
	case len(matches) > 1:
		return none, fmt.Errorf("several %ss have this name: pass the id of one with %s: %s", kind, flag, command.List(matches))
	case len(others) == 0:
		return none, fmt.Errorf("the organization has no %s", kind)
	}
	return none, fmt.Errorf("the organization has no %s %q: check %s; it has %s", kind, collector.Label(wanted), flag, command.List(others))
}
