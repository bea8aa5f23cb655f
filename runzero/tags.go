package runzero

// Tag is a tag of an asset that was asked for. The zero Tag is one that the asset does not have; the value of a bare tag
// is empty.
type Tag struct {
	Present bool
	Value   string
}

// Owner is one who is responsible for an asset. Name is free text and may be an e-mail address. Both are empty where the
// console does not say.
type Owner struct {
	Type string // as the account names the kind of ownership, such as "IT Owner"
	Name string
}

// wantedTags reads the tags that are wanted into one slice, which all records share. Anything but an object has none.
func wantedTags(to *[]Tag) reader {
	var shared []Tag
	return func(lex *lexer) {
		if len(lex.wanted) == 0 {
			return
		}
		if shared == nil {
			shared = make([]Tag, len(lex.wanted))
		}
		clear(shared)
		lex.members(func(name []byte) {
			for i, wanted := range lex.wanted {
				if string(name) == wanted {
					shared[i] = Tag{true, lex.text()}
					return
				}
			}
		})
		*to = shared
	}
}

// ownership reads a list of objects with a type and a name into one slice, which all records share. Consoles also send
// null and {"Map":{}}, which are no owners.
func ownership(to *[]Owner) reader {
	var shared []Owner
	return func(lex *lexer) {
		if len(lex.wanted) == 0 {
			return
		}
		shared = shared[:0]
		lex.elements(func() {
			var owner Owner
			if lex.kind() == '{' {
				lex.members(func(member []byte) {
					switch string(member) {
					case "type":
						owner.Type = lex.text()
					case "name":
						owner.Name = lex.text()
					}
				})
			} else {
				owner.Name = lex.scalar()
			}
			if owner != (Owner{}) {
				shared = append(shared, owner)
			}
		})
		if len(shared) > 0 {
			*to = shared
		}
	}
}

// owners reads a list of names, unless ownership has said more, into one slice, which all records share.
func owners(to *[]Owner) reader {
	var names []string
	var shared []Owner
	return func(lex *lexer) {
		if len(lex.wanted) == 0 || len(*to) > 0 {
			return
		}
		names, shared = lex.list(names), shared[:0]
		for _, name := range names {
			shared = append(shared, Owner{Name: name})
		}
		*to = shared
	}
}
