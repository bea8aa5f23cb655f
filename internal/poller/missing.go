package poller

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// keep adds to what a discovery found of a credential what it lacks of before. That is not forgotten at once, and a
// name never, because an export token learns it from an asset only.
func (r reach) keep(before reach, now time.Time, interval time.Duration) reach {
	if r.Kind != before.Kind {
		return r // another credential
	}
	if !r.AccountWide {
		if len(r.Organizations) == 1 && len(before.Organizations) == 1 {
			found, known := r.Organizations[0], before.Organizations[0]
			if found.ID == "" || found.ID == known.ID && found.Name == "" {
				known.Name = cmp.Or(found.Name, known.Name)
				r.Organizations = []runzero.Organization{known}
			}
		}
		return r
	}
	if !before.AccountWide {
		return r
	}
	known := map[string]runzero.Organization{}
	for _, o := range before.Organizations {
		known[o.ID] = o
	}
	found := r.Organizations
	present := func(id string) bool { return slices.ContainsFunc(found, hasID(id)) }
	if !slices.ContainsFunc(before.Organizations, func(o runzero.Organization) bool { return present(o.ID) }) {
		return r // of another account
	}
	r.Missing = before.Missing.After(maps.Keys(known), present, now, interval)
	for _, id := range slices.Sorted(maps.Keys(r.Missing)) {
		r.Organizations = append(r.Organizations[:len(r.Organizations):len(r.Organizations)], known[id])
	}
	return r
}

// missingOrganizations is how many of the polled organizations were not in the last response.
func (a *account) missingOrganizations() int {
	n := 0
	for _, o := range a.polled {
		for _, r := range a.reach {
			if _, missing := r.Missing[o.ID]; missing {
				n++
				break
			}
		}
	}
	return n
}
