package simulator

import "iter"

// principal is a user or a group of the Azure AD of an organization, as its connector last imported it.
type principal struct {
	org    *org
	synced int64
	key    key
}

func (v *view) users(o *org, _ int) iter.Seq2[int, *principal] {
	return v.principals(o, drawPerson, o.slots*2/3)
}

func (v *view) groups(o *org, _ int) iter.Seq2[int, *principal] {
	n := 0
	if users := o.slots * 2 / 3; users > 0 {
		n = 3 + users/25
	}
	return v.principals(o, drawGroup, n)
}

func (v *view) principals(o *org, draw uint64, n int) iter.Seq2[int, *principal] {
	return func(yield func(int, *principal) bool) {
		p := principal{org: o, synced: o.directory.lastGoodEnd(v.now)}
		for i := range n {
			p.key = o.key.sub(draw).sub(uint64(i))
			if !yield(i, &p) {
				return
			}
		}
	}
}

func userFields() []field[*principal] {
	return principalFields("directory_user_", `{"directory_user_attributes":{"manager":"PLANTED"},"directory_user_created_at":1616160000,
		"directory_user_description":"PLANTED description","directory_user_display_name":"PLANTED Person","directory_user_email":"PLANTED.person@example.com",
		"directory_user_email_normalized":"PLANTED.person@example.com","directory_user_first_name":"PLANTED","directory_user_group_ids":["`+zeroUUID+`"],
		"directory_user_last_logon_at":0,"directory_user_last_name":"PLANTED","directory_user_location":"PLANTED location",
		"directory_user_name":"CN=PLANTED Person,DC=example,DC=com","directory_user_phone":"PLANTED-555-0100","directory_user_source_id":16,
		"directory_user_title":"PLANTED title","directory_user_user_id":"`+zeroUUID+`"}`)
}

func groupFields() []field[*principal] {
	return principalFields("directory_group_", `{"directory_group_attributes":{"owner":"PLANTED"},"directory_group_created_at":1616160000,
		"directory_group_description":"PLANTED description","directory_group_display_name":"PLANTED Group","directory_group_email":"PLANTED.group@example.com",
		"directory_group_email_normalized":"PLANTED.group@example.com","directory_group_group_id":"`+zeroUUID+`",
		"directory_group_name":"CN=PLANTED Group,DC=example,DC=com","directory_group_source_id":16,"directory_group_user_count":25}`)
}

func principalFields(prefix, constants string) []field[*principal] {
	id := uuid(func(p *principal) key { return p.key })
	return table(fixed[*principal](constants), []field[*principal]{
		{"id", id},
		{prefix + "id", id},
		{prefix + "organization_id", text(func(p *principal) string { return p.org.id })},
		{prefix + "site_id", text(func(p *principal) string { return p.org.sites[0].id })}, // the connector's
		{prefix + "updated_at", number(func(p *principal) int64 { return p.synced })},
	})
}
