package simulator

// certificate is what a service identifies itself by. Assets that speak TLS
// have one of type x509, those that speak SSH one of type ssh.
type certificate struct {
	*asset
	ssh        bool
	start, end int64
}

func (t *certificate) fill(a *asset, i int) bool {
	tls, ssh := a.speaks("tls"), a.speaks("ssh")
	t.asset, t.ssh = a, i == 1 || !tls
	switch {
	case i == 0 && tls:
		t.start, t.end = a.validity()
	case i == 0 && ssh, i == 1 && tls && ssh:
		t.start, t.end = a.hostKey()
	default:
		return false
	}
	return true
}

func (a *asset) speaks(protocol string) (found bool) {
	a.ports(true, false, func(_ string, p *port) { found = found || p.protocol == protocol })
	return found
}

// care is how a certificate is looked after: how long one lasts, and how long
// before its end the next one comes.
type care struct {
	permille int64
	days     int64
	early    int64 // days; 0: there never is a next one
	own      bool  // self-signed
}

var cares = []care{{400, 90, 15, false}, {220, 398, 30, false}, {120, 398, 0, false}, {60, 90, 0, false}, {200, 3650, 0, true}}

func (a *asset) care() *care {
	n := a.key.sub(drawCertificate).below(1000)
	for i := range cares {
		if n -= cares[i].permille; n < 0 {
			return &cares[i]
		}
	}
	return &cares[0]
}

// validity is that of the TLS certificate as it was last seen.
func (a *asset) validity() (start, end int64) {
	c := a.care()
	length := c.days * day
	phase := a.key.sub(drawCertificate).sub(1)
	if c.early == 0 {
		start = a.born - phase.below(length)
	} else {
		period := length - c.early*day
		start = floorDiv(a.updated-phase.below(period), period)*period + phase.below(period)
	}
	return start, start + length
}

// hostKey is the validity of an SSH host key: most are keys alone, without any
// (0), some are certificates for a month.
func (a *asset) hostKey() (start, end int64) {
	k := a.key.sub(drawCertificate).sub(2)
	if k&3 != 0 {
		return 0, 0
	}
	start = floorDiv(a.updated-k.below(20*day), 20*day)*20*day + k.below(20*day)
	return start, start + 30*day
}

func (t *certificate) id() key { return t.key.sub(drawCertificate).sub(3).sub(uint64(t.start)) }

func (t *certificate) typ() string {
	if t.ssh {
		return "ssh"
	}
	return "x509"
}

func (t *certificate) selfSigned() bool { return !t.ssh && t.care().own }

func (t *certificate) authority() bool { return t.selfSigned() && t.id()&7 == 0 }

// hidden are some of those of devices that nobody can change (the use of it
// that is documented).
func (t *certificate) hidden() bool { return t.selfSigned() && t.id()>>3&3 == 0 }

func (t *certificate) issuer() string {
	if t.selfSigned() {
		return "CN=PLANTED.example.com"
	}
	return "CN=PLANTED authority"
}

func (t *certificate) strength() (algorithm string, bits int64) {
	if t.ssh {
		return "ssh-ed25519", 256
	}
	return "rsaEncryption", 2048
}

func certificateFields() []field[*certificate] {
	hash := func(digits int) func(*certificate, []byte) []byte {
		return text(func(t *certificate) string {
			k := t.id().sub(uint64(digits))
			return (k.hex(32) + k.sub(1).hex(32))[:digits]
		})
	}
	none, list := raw[*certificate](`""`), raw[*certificate]("[]")
	return sorted([]field[*certificate]{
		{"authority_key_id", none},
		{"cn", raw[*certificate](`"PLANTED.example.com"`)},
		{"created_at", number(func(t *certificate) int64 { return t.createdAt() })},
		{"crl_distribution_points", raw[*certificate](`["http://PLANTED.example.com/crl"]`)},
		{"ext_key_usage", list},
		{"fp_bkhash", none},
		{"fp_md5", hash(32)},
		{"fp_sha1", hash(40)},
		{"fp_sha256", hash(64)},
		{"hidden", flag((*certificate).hidden)},
		{"id", uuid((*certificate).id)},
		{"is_ca", flag((*certificate).authority)},
		{"issuer", text((*certificate).issuer)},
		{"issuing_certificate_url", list},
		{"key_usage", list},
		{"names", raw[*certificate](`["PLANTED.example.com"]`)},
		{"ocsp_server", list},
		{"organization_id", text(func(t *certificate) string { return t.f.org.id })},
		{"public_key", raw[*certificate](`"PLANTED+public+key"`)},
		{"public_key_algorithm", text(func(t *certificate) string { a, _ := t.strength(); return a })},
		{"public_key_bits", number(func(t *certificate) int64 { _, n := t.strength(); return n })},
		{"public_key_parameters", raw[*certificate]("{}")},
		{"san_dns_names", raw[*certificate](`["PLANTED.example.com"]`)},
		{"san_email_addresses", raw[*certificate](`["PLANTED.admin@example.com"]`)},
		{"san_ip_addresses", raw[*certificate](`["10.66.6.66"]`)},
		{"san_uris", list},
		{"self_signed", flag((*certificate).selfSigned)},
		{"serial", hash(36)},
		{"signature", raw[*certificate](`"PLANTED+signature"`)},
		{"signature_algorithm", raw[*certificate](`"sha256WithRSAEncryption"`)},
		{"subject", raw[*certificate](`"CN=PLANTED.example.com"`)},
		{"subject_key_id", none},
		{"type", text((*certificate).typ)},
		{"updated_at", number(func(t *certificate) int64 { return t.updatedAt() })},
		{"validity_end", number(func(t *certificate) int64 { return t.end })},
		{"validity_start", number(func(t *certificate) int64 { return t.start })},
		{"version", raw[*certificate]("3")},
	})
}

func certificateKeywords() keywords[*certificate] {
	name := byText(func(*certificate) string { return "CN=PLANTED.example.com" })
	return keywords[*certificate]{
		"": name, "cn": name, "name": name, "names": name, "subject": name,
		"id":              byText(func(t *certificate) string { return t.id().uuid() }),
		"organization_id": byText(func(t *certificate) string { return t.f.org.id }),
		"issuer":          byText((*certificate).issuer),
		"type":            byText((*certificate).typ),
		"hidden":          byFlag((*certificate).hidden),
		"self_signed":     byFlag((*certificate).selfSigned),
		"is_ca":           byFlag((*certificate).authority),
		"public_key_bits": byNumber(func(t *certificate) int64 { _, n := t.strength(); return n }),
		"valid_from":      bySince(func(t *certificate) int64 { return t.start }),
		"valid_until":     byUntil(func(t *certificate) int64 { return t.end }),
	}
}
