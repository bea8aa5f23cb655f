package simulator

import (
	"slices"
	"time"
)

// APIKey is a key of the account, or of one organization.
type APIKey struct {
	ID, Comment    string
	Type           string // "org" (documented) or "client" (assumed)
	OrganizationID string // empty: the whole account
	Inactive       bool
	UsedToday      int
	LastUsed       time.Time // zero: never
}

// used is what was last known of calls with a credential.
type used struct {
	today int // since the last reset
	last  time.Time
}

// Two tools that spend evenly, and one that spends all that is spent at once. The last key, which is not in use, has a
// person's address as its comment.
var otherTools = []string{"SIEM asset import", "CMDB sync", "asset-report.py", "PLANTED.leaver@example.com"}

// APIKeys are the keys of the account now: those of the account and its organizations, with which all clients of this
// console authenticate except those with export tokens, and those of the account's other tools. Together with export
// tokens, their calls are those of Usage.
func (c *Console) APIKeys() []APIKey {
	now := c.opts.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.usageAt(now)
	others := u.Today
	for _, own := range c.usage.own {
		others -= own.today
	}
	evenly := max(0, min(others, c.othersSpent(u.Resets.Unix()-day, now.Unix())))
	keys := []APIKey{{Comment: "runzero_exporter", Type: tokenClient}}
	for _, kind := range []string{tokenAccount, tokenOAuth, tokenClient} {
		keys[0].use(c.usage.own[grant{kind: kind}])
	}
	for _, o := range c.orgs[:c.opts.Organizations+2] {
		key := APIKey{Comment: o.name, Type: "org", OrganizationID: o.id, Inactive: o.inactive}
		key.use(c.usage.own[grant{tokenOrganization, o}])
		keys = append(keys, key)
	}
	for i, calls := range []int{evenly - evenly/3, evenly / 3, others - evenly, 0} {
		key := APIKey{Comment: otherTools[i], Type: tokenClient}
		if calls > 0 {
			key.use(used{calls, now.Add(-time.Duration(1+i) * time.Minute)})
		}
		keys = append(keys, key)
	}
	for i := range keys {
		keys[i].ID = c.seed.sub(drawKey).sub(uint64(i)).uuid()
	}
	return keys
}

func (k *APIKey) use(by used) {
	k.UsedToday += by.today
	k.LastUsed = slices.MaxFunc([]time.Time{k.LastUsed, by.last}, time.Time.Compare)
}

func (q *request) apiKeys() {
	var rows []row
	for i, k := range q.c.APIKeys() {
		organization, last := k.OrganizationID, int64(0)
		if organization == "" {
			organization = zeroUUID
		}
		if !k.LastUsed.IsZero() {
			last = k.LastUsed.Unix()
		}
		rows = append(rows, row{
			"id": k.ID, "client_id": q.c.clientID, "organization_id": organization, "created_at": q.c.createdAt, "created_by": "PLANTED.admin@example.com",
			"comment": k.Comment, "last_used_at": last, "last_used_ip": "10.66.6.66", "last_used_ua": "PLANTED-agent",
			"counter": k.UsedToday, "usage_today": k.UsedToday, "usage_limit": q.usage.Limit,
			"token": "CTPLANTED" + q.c.seed.sub(drawKey).sub(uint64(i)).sub(1).hex(25), "inactive": k.Inactive, "type": k.Type,
		})
	}
	q.rows(layout{}, rows)
}
