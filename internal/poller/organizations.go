package poller

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
)

// Organization is one that is polled.
type Organization struct {
	Account string // account_name; empty if accounts have no names
	ID      string // empty while it is unknown
	Name    string // org_name

	apiName string // its name as the API reports it
}

// Organizations returns the organizations that are polled, by account and name. They must not be changed.
func (p *Poller) Organizations() []Organization { return p.published.Load().organizations }

func (a *account) organizations() []Organization {
	if a.listed == nil {
		for _, o := range a.polled {
			a.listed = append(a.listed, Organization{Account: a.Name, ID: o.ID, Name: a.names[o.ID], apiName: o.Name})
		}
		slices.SortFunc(a.listed, func(x, y Organization) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID)) })
	}
	return a.listed
}

// Of returns a gatherer of what is exposed of the organizations that the texts name: by id in any case, or by name, which
// is org_name or the name as the API reports it. With several accounts, one text can name several. A text that names no
// organization that is polled is an error.
func (p *Poller) Of(texts []string) (prometheus.Gatherer, error) {
	published := p.published.Load()
	wanted, err := published.named(texts)
	if err != nil {
		return nil, err
	}
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return published.view.Of(wanted).Gather(p.config.Now()), nil
	}), nil
}

// named returns the organizations that the texts name.
func (p *publication) named(texts []string) ([]exposition.Organization, error) {
	names, ids := map[string]bool{}, map[string]bool{} // whether each was found
	for _, text := range texts {
		names[text], ids[strings.ToLower(text)] = false, false
	}
	find := func(asked map[string]bool, text string) bool {
		_, found := asked[text]
		if found = found && text != ""; found { // an empty id or name is one that is unknown
			asked[text] = true
		}
		return found
	}
	var wanted []exposition.Organization
	for _, o := range p.organizations {
		byID, byLabel, byName := find(ids, strings.ToLower(o.ID)), find(names, o.Name), find(names, o.apiName)
		if byID || byLabel || byName {
			wanted = append(wanted, exposition.Organization{Account: o.Account, Name: o.Name})
		}
	}
	for _, text := range texts {
		if !names[text] && !ids[strings.ToLower(text)] {
			return nil, fmt.Errorf("no organization %q is polled", collector.Label(text))
		}
	}
	return wanted, nil
}
