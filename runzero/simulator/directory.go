package simulator

import "iter"

// directory is the Azure AD of an organization as its connector last imported it.
type directory struct {
	org           *org
	synced        int64
	users, groups int64
}

// user is one user. All are in the first group, and each is in one of the others.
type user struct {
	*directory
	index int64
	key   key
}

// group is one group.
type group struct {
	*directory
	index int64
	key   key
}

func (v *view) directory(o *org) *directory {
	d := &directory{org: o, users: int64(o.slots) * 2 / 3, synced: o.directory.lastGoodEnd(v.now)}
	if d.users > 0 {
		d.groups = 3 + d.users/25
	}
	return d
}

func (v *view) users(o *org, _ int) iter.Seq2[int, *user] {
	return func(yield func(int, *user) bool) {
		u := user{directory: v.directory(o)}
		for u.index = range u.users {
			u.key = o.key.sub(drawPerson).sub(uint64(u.index))
			if !yield(int(u.index), &u) {
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

// memberOf are the ids of the user's groups.
func (u *user) memberOf() []string {
	return []string{u.groupKey(0).uuid(), u.groupKey(1 + u.index%(u.groups-1)).uuid()}
}

// members is how many users are in a group.
func (g *group) members() int64 {
	if g.index == 0 {
		return g.users
	}
	others := g.groups - 1
	return (g.users - g.index + others) / others
}

// lastLogon is in the days before the last sync for most, long ago for some, and never (0)
// for a few.
func (u *user) lastLogon() int64 {
	k := u.key.sub(1)
	switch n := k.below(100); {
	case n < 6:
		return 0
	case n < 18:
		return u.synced - k.sub(1).between(30*day, 400*day)
	default:
		return u.synced - k.sub(1).below(4*day)
	}
}

func (d *directory) createdAt(k key) int64 { return d.synced - 400*day - k.sub(2).below(900*day) }

// siteID is that of the connector.
func (d *directory) siteID() string { return d.org.sites[0].id }

func userFields() []field[*user] {
	return table(fixed[*user](`{"directory_user_attributes":{"manager":"PLANTED"},"directory_user_description":"PLANTED description",
		"directory_user_display_name":"PLANTED Person","directory_user_email":"PLANTED.person@example.com",
		"directory_user_email_normalized":"PLANTED.person@example.com","directory_user_first_name":"PLANTED","directory_user_last_name":"PLANTED",
		"directory_user_location":"PLANTED location","directory_user_name":"CN=PLANTED Person,DC=example,DC=com",
		"directory_user_phone":"PLANTED-555-0100","directory_user_source_id":16,"directory_user_title":"PLANTED title"}`), []field[*user]{
		{"directory_user_created_at", number(func(u *user) int64 { return u.createdAt(u.key) })},
		{"directory_user_group_ids", encoded(func(u *user) any { return u.memberOf() })},
		{"directory_user_id", uuid(func(u *user) key { return u.key })},
		{"directory_user_last_logon_at", number((*user).lastLogon)},
		{"directory_user_organization_id", text(func(u *user) string { return u.org.id })},
		{"directory_user_site_id", text((*user).siteID)},
		{"directory_user_updated_at", number(func(u *user) int64 { return u.synced })},
		{"directory_user_user_id", uuid(func(u *user) key { return u.key.sub(3) })},
		{"id", uuid(func(u *user) key { return u.key })},
	})
}

func groupFields() []field[*group] {
	return table(fixed[*group](`{"directory_group_attributes":{"owner":"PLANTED"},"directory_group_description":"PLANTED description",
		"directory_group_display_name":"PLANTED Group","directory_group_email":"PLANTED.group@example.com",
		"directory_group_email_normalized":"PLANTED.group@example.com","directory_group_name":"CN=PLANTED Group,DC=example,DC=com",
		"directory_group_source_id":16}`), []field[*group]{
		{"directory_group_created_at", number(func(g *group) int64 { return g.createdAt(g.key) })},
		{"directory_group_group_id", uuid(func(g *group) key { return g.key.sub(3) })},
		{"directory_group_id", uuid(func(g *group) key { return g.key })},
		{"directory_group_organization_id", text(func(g *group) string { return g.org.id })},
		{"directory_group_site_id", text((*group).siteID)},
		{"directory_group_updated_at", number(func(g *group) int64 { return g.synced })},
		{"directory_group_user_count", number((*group).members)},
		{"id", uuid(func(g *group) key { return g.key })},
	})
}
