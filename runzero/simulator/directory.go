package simulator

import "iter"

// directory is the Azure AD of an organization, as its connector brought it.
type directory struct {
	org           *org
	synced        int64
	users, groups int64
}

// person is one of its users. All are in the first group, which is everybody,
// and each is in one of the others.
type person struct {
	*directory
	index int64
	key   key
}

// group is one of its groups.
type group struct {
	*directory
	index int64
	key   key
}

func (v *view) directory(o *org) *directory {
	d := &directory{org: o, users: int64(o.slots) * 2 / 3}
	if d.users > 0 {
		d.groups = 3 + d.users/25
	}
	d.synced = v.now
	if r, ok := o.people.lastGood(v.now); ok {
		d.synced = r.scanEnd
	}
	return d
}

func (v *view) people(o *org, _ int) iter.Seq2[int, *person] {
	return func(yield func(int, *person) bool) {
		p := person{directory: v.directory(o)}
		for p.index = range p.users {
			p.key = o.key.sub(drawPerson).sub(uint64(p.index))
			if !yield(int(p.index), &p) {
				return
			}
		}
	}
}

func (v *view) groups(o *org, _ int) iter.Seq2[int, *group] {
	return func(yield func(int, *group) bool) {
		g := group{directory: v.directory(o)}
		for g.index = range g.groups {
			g.key = g.groupKey(g.index)
			if !yield(int(g.index), &g) {
				return
			}
		}
	}
}

func (d *directory) groupKey(index int64) key {
	return d.org.key.sub(drawGroup).sub(uint64(index))
}

// ownGroup is the group a user is in beside the first.
func (p *person) ownGroup() int64 { return 1 + p.index%(p.groups-1) }

// members is how many users are in a group.
func (g *group) members() int64 {
	if g.index == 0 {
		return g.users
	}
	others := g.groups - 1
	return (g.users - g.index + others) / others
}

// lastLogon is in the days before the last sync for most, long ago for some,
// and never (0) for a few.
func (p *person) lastLogon() int64 {
	k := p.key.sub(1)
	switch n := k.below(100); {
	case n < 6:
		return 0
	case n < 18:
		return p.synced - k.sub(1).between(30*day, 400*day)
	default:
		return p.synced - k.sub(1).below(4*day)
	}
}

func (d *directory) created(k key) int64 { return d.synced - 400*day - k.sub(2).below(900*day) }

// site is the one that the connector belongs to.
func (d *directory) site() *site { return d.org.sites[0] }

func personFields() []field[*person] {
	own := uuid(func(p *person) key { return p.key })
	return sorted([]field[*person]{
		{"directory_user_attributes", raw[*person](`{"manager":"PLANTED"}`)},
		{"directory_user_created_at", number(func(p *person) int64 { return p.created(p.key) })},
		{"directory_user_description", raw[*person](`"PLANTED description"`)},
		{"directory_user_display_name", raw[*person](`"PLANTED Person"`)},
		{"directory_user_email", raw[*person](`"PLANTED.person@example.com"`)},
		{"directory_user_email_normalized", raw[*person](`"PLANTED.person@example.com"`)},
		{"directory_user_first_name", raw[*person](`"PLANTED"`)},
		{"directory_user_group_ids", func(p *person, b []byte) []byte {
			b = appendKeyUUID(append(b, '['), p.groupKey(0))
			b = appendKeyUUID(append(b, ','), p.groupKey(p.ownGroup()))
			return append(b, ']')
		}},
		{"directory_user_id", own},
		{"directory_user_last_logon_at", number((*person).lastLogon)},
		{"directory_user_last_name", raw[*person](`"PLANTED"`)},
		{"directory_user_location", raw[*person](`"PLANTED location"`)},
		{"directory_user_name", raw[*person](`"CN=PLANTED Person,DC=example,DC=com"`)},
		{"directory_user_organization_id", text(func(p *person) string { return p.org.id })},
		{"directory_user_phone", raw[*person](`"PLANTED-555-0100"`)},
		{"directory_user_site_id", text(func(p *person) string { return p.site().id })},
		{"directory_user_source_id", raw[*person]("16")},
		{"directory_user_title", raw[*person](`"PLANTED title"`)},
		{"directory_user_updated_at", number(func(p *person) int64 { return p.synced })},
		{"directory_user_user_id", uuid(func(p *person) key { return p.key.sub(3) })},
		{"id", own},
	})
}

func groupFields() []field[*group] {
	own := uuid(func(g *group) key { return g.key })
	return sorted([]field[*group]{
		{"directory_group_attributes", raw[*group](`{"owner":"PLANTED"}`)},
		{"directory_group_created_at", number(func(g *group) int64 { return g.created(g.key) })},
		{"directory_group_description", raw[*group](`"PLANTED description"`)},
		{"directory_group_display_name", raw[*group](`"PLANTED Group"`)},
		{"directory_group_email", raw[*group](`"PLANTED.group@example.com"`)},
		{"directory_group_email_normalized", raw[*group](`"PLANTED.group@example.com"`)},
		{"directory_group_group_id", uuid(func(g *group) key { return g.key.sub(3) })},
		{"directory_group_id", own},
		{"directory_group_name", raw[*group](`"CN=PLANTED Group,DC=example,DC=com"`)},
		{"directory_group_organization_id", text(func(g *group) string { return g.org.id })},
		{"directory_group_site_id", text(func(g *group) string { return g.site().id })},
		{"directory_group_source_id", raw[*group]("16")},
		{"directory_group_updated_at", number(func(g *group) int64 { return g.synced })},
		{"directory_group_user_count", number((*group).members)},
		{"id", own},
	})
}

func personKeywords() keywords[*person] {
	name := byText(func(*person) string { return "PLANTED Person" })
	site := bySite(func(p *person) *site { return p.site() })
	return keywords[*person]{
		"": name, "name": name, "display_name": name,
		"id":            byText(func(p *person) string { return p.key.uuid() }),
		"email":         byText(func(*person) string { return "PLANTED.person@example.com" }),
		"source":        byText(func(*person) string { return "AzureAD" }),
		"site":          site,
		"last_logon_at": bySince((*person).lastLogon),
	}
}

func groupKeywords() keywords[*group] {
	name := byText(func(*group) string { return "PLANTED Group" })
	site := bySite(func(g *group) *site { return g.site() })
	return keywords[*group]{
		"": name, "name": name, "display_name": name,
		"id":         byText(func(g *group) string { return g.key.uuid() }),
		"source":     byText(func(*group) string { return "AzureAD" }),
		"site":       site,
		"user_count": byNumber((*group).members),
	}
}
