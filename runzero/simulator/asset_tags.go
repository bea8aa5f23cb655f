package simulator

import "maps"

// share is a value that some of the assets have.
type share struct {
	permille int64
	value    string
}

// absent is the value of a tag that an asset does not have. An empty value is that of a bare tag.
const absent = "-"

var environments = []share{{380, "production"}, {120, "staging"}, {90, "development"}, {30, ""}, {380, absent}}

var locations = []share{{300, "Headquarters"}, {150, "Data centre 1"}, {100, "Data centre 2"}, {60, "Branch"}, {15, ""}, {375, absent}}

// AssetOwner is one who is responsible for an asset.
type AssetOwner struct{ Type, Name string }

// ownerLists are the owners of assets, most of which have none.
var ownerLists = [][]AssetOwner{
	{{"IT Owner", "IT Operations"}},
	{{"IT Owner", "Service Desk"}},
	{{"IT Owner", "IT Operations"}, {"Business Owner", "Finance"}},
	{{"Business Owner", "Facilities"}},
	{{"Security Owner", "PLANTED.person@example.com"}},
	nil, nil, nil, nil,
}

func pickShare(shares []share, k key) string {
	return pick(shares, k, func(s *share) int64 { return s.permille }).value
}

// Both tags are drawn from the key of the owner, because they have been added since.
func (a *asset) environment() string { return pickShare(environments, a.key.sub(drawOwner).sub(1)) }
func (a *asset) location() string    { return pickShare(locations, a.key.sub(drawOwner).sub(2)) }

// tags are those whose values are not planted.
func (a *asset) tags() map[string]string {
	tags := map[string]string{"env": a.environment(), "location": a.location()}
	maps.DeleteFunc(tags, func(_, value string) bool { return value == absent })
	return tags
}

func (a *asset) owners() []AssetOwner {
	if a.sparse {
		return nil
	}
	return ownerLists[a.key.sub(drawOwner).below(int64(len(ownerLists)))]
}

func (a *asset) appendTags(b []byte) []byte {
	if a.sparse {
		b = append(b, `{"PLANTED-env":"PLANTED"`...)
	} else {
		b = append(b, `{"PLANTED-location":"PLANTED","PLANTED-network":""`...)
	}
	if env := a.environment(); env != absent {
		b = appendString(append(b, `,"env":`...), env)
	}
	if location := a.location(); location != absent {
		b = appendString(append(b, `,"location":`...), location)
	}
	return append(b, '}')
}

func (a *asset) appendOwners(b []byte) []byte {
	b = append(b, '[')
	for i, owner := range a.owners() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, owner.Name)
	}
	return append(b, ']')
}

// appendOwnership appends the owners, or one of the forms that consoles have for none (seen).
func (a *asset) appendOwnership(b []byte) []byte {
	owners := a.owners()
	if len(owners) == 0 {
		return append(b, [...]string{"[]", "null", `{"Map":{}}`}[a.key.sub(drawOwner).sub(3).below(3)]...)
	}
	b = append(b, '[')
	for i, owner := range owners {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"id":"`+zeroUUID+`","type":`...), owner.Type)
		b = appendString(append(b, `,"name":`...), owner.Name)
		b = append(b, `,"reference":0,"updated_at":1616160000}`...)
	}
	return append(b, ']')
}
