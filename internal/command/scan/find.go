package scan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/internal/command"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// findOrganization looks for the organization and for the credential that reaches it.
// Without one that is wanted, it takes the only one that is polled.
func (r *scanRequest) findOrganization(ctx context.Context, clients []*runzero.Client, a config.Account, wanted string) error {
	var found []runzero.Organization
	var names []string
	var failed error
	reached := map[string]bool{}
	for _, client := range clients {
		organizations, err := client.Organizations(ctx)
		if err != nil {
			failed = fmt.Errorf("the organization cannot be looked up: %s", command.Advised(err))
		}
		for _, o := range organizations {
			if wanted != "" && !schedule.Matches(o, wanted) || wanted == "" && a.Selection.Skipped(o) != "" || reached[o.ID] {
				continue
			}
			if reached[o.ID] = true; len(found) == 0 {
				r.client, r.organization = client, o
			}
			found, names = append(found, o), append(names, candidate(command.OrganizationName(o), o.ID))
		}
		if wanted != "" && len(found) > 0 {
			break // no call is spent on the others
		}
	}
	switch {
	case len(found) == 1:
		return nil
	case len(found) > 1:
		return fmt.Errorf("the site could be of several organizations: name one with --runzero.organization: %s", command.List(names))
	case failed != nil:
		return failed
	case wanted != "":
		return fmt.Errorf("no credential that may start a scan reaches an organization %q: check --runzero.organization", collector.Label(wanted))
	}
	return errors.New("no credential that may start a scan reaches an organization that is polled: name that of the site with --runzero.organization")
}

// candidate is one of several to choose from.
func candidate(name, id string) string {
	return fmt.Sprintf("%q (%s)", collector.Label(name), collector.Label(id))
}

// named is anything that has a name, which others may have too, and an id.
type named struct{ id, name string }

// pick finds the one of that name or id. The rows are read to the end: a second one of
// the name makes it unclear which is meant.
func pick[T any](rows iter.Seq2[T, error], identify func(T) (named, bool), wanted, flag, kind string) (T, error) {
	var found, none T
	var same, others []string
	for row, err := range rows {
		if err != nil {
			return none, fmt.Errorf("the %ss cannot be looked up: %s", kind, command.Advised(err))
		}
		n, usable := identify(row)
		switch {
		case !usable:
		case strings.EqualFold(n.id, wanted):
			return row, nil
		case n.name == wanted, collector.Label(n.name) == wanted: // as metrics call it
			found = row
			same = append(same, candidate(n.name, n.id))
		default:
			others = append(others, candidate(n.name, n.id))
		}
	}
	switch {
	case len(same) == 1:
		return found, nil
	case len(same) > 1:
		return none, fmt.Errorf("there are several %ss of that name: pass the id of one with %s: %s", kind, flag, command.List(same))
	case len(others) == 0:
		return none, fmt.Errorf("the organization has no %s", kind)
	}
	return none, fmt.Errorf("the organization has no %s %q: check %s; it has %s", kind, collector.Label(wanted), flag, command.List(others))
}

// findSite looks for the site.
func (r *scanRequest) findSite(ctx context.Context, wanted string) (err error) {
	r.site, err = pick(r.client.Sites(ctx, r.organization.ID), func(row runzero.Site) (named, bool) {
		return named{row.ID, row.Name}, true
	}, wanted, "--site", "site")
	return err
}

// findExplorer looks for the Explorer that is to scan.
func (r *scanRequest) findExplorer(ctx context.Context, wanted string) error {
	explorer, err := pick(r.client.Explorers(ctx, r.organization.ID), func(row runzero.Explorer) (named, bool) {
		return named{row.ID, row.Name}, !row.Inactive
	}, wanted, "--explorer", "Explorer")
	if err != nil {
		return err
	}
	r.options["explorer"] = explorer.ID
	r.by = "Explorer " + candidate(explorer.Name, explorer.ID)
	if explorer.Connected == runzero.False {
		r.by += ", which is not connected at present"
	}
	return nil
}
