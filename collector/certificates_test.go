package collector

import (
	"strings"
	"testing"
)

// certificatesOf polls certificates.
func certificatesOf(t *testing.T, body string) Snapshot {
	t.Helper()
	return collect(t, collectorOf(t, "certificates", defaults()), responses{certificatesPath: {body: body}}, Poll{})
}

func TestCertificates(t *testing.T) {
	golden(t, "certificates", certificatesOf(t, `
		{"id":"1","organization_id":"`+acmeID+`","type":"x509","validity_start":@-60d,"validity_end":@30d,"cn":"www.example.com","self_signed":false,"hidden":false}
		{"id":"2","type":"x509","validity_start":@-60d,"validity_end":@-30d}
		{"id":"3","type":"x509","validity_start":@1d,"validity_end":@366d}
		{"id":"4","type":"x509","validity_start":1576300370,"validity_end":253402300799}
		{"id":"5","type":"x509","validity_start":@-60d,"validity_end":@-1d,"hidden":true}
		{"id":"6","type":"ssh","validity_start":0,"validity_end":0}
		{"id":"7","type":"ssh","validity_start":@-1d,"validity_end":@29d}
		{"id":"8","type":"pgp","validity_end":@2d}
		{"id":"9"}`).Families)
	golden(t, "certificates-none", certificatesOf(t, ``).Families)
}

func TestCertificateStates(t *testing.T) {
	for _, test := range []struct{ name, from, until, want string }{
		{"begins now", `@0s`, `@1d`, "valid"},
		{"ends in a second", `@-1d`, `@1s`, "valid"},
		{"ends now", `@-1d`, `@0s`, "expired"},
		{"ends before it begins", `@1d`, `@-1d`, "expired"},
		{"begins in a second", `@1s`, `@1d`, "not_yet_valid"},
		{"never ends", `@-1d`, `253402300799`, "valid"},
		{"end not reported", `@-1d`, `null`, "unknown"},
		{"unreadable", `"never"`, `-1`, "unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := certificatesOf(t, `{"id":"1","type":"x509","validity_start":`+test.from+`,"validity_end":`+test.until+`}`)
			equal(t, "states", by(s, "runzero_certificates", "state"), map[string]float64{test.want: 1})
			count := `runzero_certificate_remaining_seconds_count 1`
			if test.want == "expired" || test.want == "unknown" {
				count = `runzero_certificate_remaining_seconds_count 0`
			}
			wantSeries(t, s, "runzero_certificate_remaining_seconds_count", count)
		})
	}
}

// Upper bounds are inclusive. Certificates that never expire are above all of them.
func TestCertificateLifetimes(t *testing.T) {
	s := certificatesOf(t, `{"id":"1","validity_end":@1s}{"id":"2","validity_end":@30d}{"id":"3","validity_end":253402300799}{"id":"4","validity_end":@-30d}`)
	got := strings.Join(series(t, s, "runzero_certificate_remaining_seconds"), "\n")
	for _, want := range []string{`bucket{le="86400"} 1`, `bucket{le="1.2096e+06"} 1`, `bucket{le="2.592e+06"} 2`, `bucket{le="3.1536e+07"} 2`, `bucket{le="+Inf"} 3`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	equal(t, "types", by(s, "runzero_certificates", "certificate_type"), map[string]float64{"unknown": 4})
}
