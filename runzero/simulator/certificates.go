package simulator

// certificate identifies a service. Assets that speak TLS have one of type x509, assets
// that speak SSH one of type ssh.
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

// renewal is how certificates are managed.
type renewal struct {
	permille   int64
	days       int64 // validity
	early      int64 // days from the renewal to the end; 0: never renewed
	selfSigned bool
}

var renewals = []renewal{{400, 90, 15, false}, {220, 398, 30, false}, {120, 398, 0, false}, {60, 90, 0, false}, {200, 3650, 0, true}}

func (a *asset) renewal() *renewal {
	return pick(renewals, a.key.sub(drawCertificate), func(r *renewal) int64 { return r.permille })
}

// validity is that of the asset's TLS certificate at the last scan.
func (a *asset) validity() (start, end int64) {
	r := a.renewal()
	length := r.days * day
	phase := a.key.sub(drawCertificate).sub(1)
	if r.early == 0 {
		start = a.born - phase.below(length)
	} else {
		period := length - r.early*day
		start = floorDiv(a.updated-phase.below(period), period)*period + phase.below(period)
	}
	return start, start + length
}

// hostKey is the validity of the asset's SSH host key: most are plain keys that do not
// expire (0), some are certificates for a month.
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

func (t *certificate) selfSigned() bool { return !t.ssh && t.renewal().selfSigned }

// hidden: some on devices whose certificate nobody can replace (documented as the purpose).
func (t *certificate) hidden() bool { return t.selfSigned() && t.id()>>3&3 == 0 }

func certificateFields() []field[*certificate] {
	return table(fixed[*certificate](`{"authority_key_id":"","cn":"PLANTED.example.com","crl_distribution_points":["http://PLANTED.example.com/crl"],
		"ext_key_usage":[],"fp_bkhash":"","fp_md5":"PLANTED","fp_sha1":"PLANTED","fp_sha256":"PLANTED","is_ca":false,"issuer":"CN=PLANTED authority","issuing_certificate_url":[],"key_usage":[],"names":["PLANTED.example.com"],"ocsp_server":[],
		"public_key":"PLANTED+public+key","public_key_algorithm":"rsaEncryption","public_key_bits":2048,"public_key_parameters":{},"san_dns_names":["PLANTED.example.com"],
		"san_email_addresses":["PLANTED.admin@example.com"],"san_ip_addresses":["10.66.6.66"],"san_uris":[],"serial":"PLANTED","signature":"PLANTED+signature",
		"signature_algorithm":"sha256WithRSAEncryption","subject":"CN=PLANTED.example.com","subject_key_id":"","version":3}`), []field[*certificate]{
		{"created_at", number((*certificate).createdAt)},
		{"hidden", flag((*certificate).hidden)},
		{"id", uuid((*certificate).id)},
		{"organization_id", text(func(t *certificate) string { return t.f.org.id })},
		{"self_signed", flag((*certificate).selfSigned)},
		{"type", text((*certificate).typ)},
		{"updated_at", number((*certificate).updatedAt)},
		{"validity_end", number(func(t *certificate) int64 { return t.end })},
		{"validity_start", number(func(t *certificate) int64 { return t.start })},
	})
}
