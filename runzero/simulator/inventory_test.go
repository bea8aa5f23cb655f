package simulator

import (
	"slices"
	"testing"
)

func TestCertificates(t *testing.T) {
	c, clk := newConsole(Options{Assets: 1200})
	now := clk.Now().Unix()
	var expired, soon, later, hidden, endless, ssh int
	for s := range c.Certificates(0) {
		switch {
		case s.End == 0:
			endless++
			if s.Type != "ssh" {
				t.Fatalf("%+v", s)
			}
		case s.End < now:
			expired++
		case s.End < now+30*day:
			soon++
		default:
			later++
		}
		if s.Start > now || s.End < s.Start {
			t.Fatalf("%+v", s)
		}
		if s.Hidden {
			hidden++
		}
		if s.Type == "ssh" {
			ssh++
		}
	}
	for what, n := range map[string]int{"expired": expired, "soon expired": soon, "good": later, "hidden": hidden, "endless": endless, "ssh": ssh} {
		if n < 5 {
			t.Errorf("%d certificates are %s", n, what)
		}
	}
	all := len(slices.Collect(c.Certificates(0)))
	if n := len(exported(t, c, 0, "certificates", "")); n != all-hidden || c.Rows(0, "certificates") != n {
		t.Errorf("%d are listed, %d hidden, %d there", n, hidden, all)
	}
	if expired*3 > all {
		t.Errorf("%d of %d expired", expired, all)
	}
}

func TestFindings(t *testing.T) {
	c, clk := newConsole(Options{Assets: 1200})
	now := clk.Now().Unix()
	byCode, risks := map[string]Finding{}, map[string]bool{}
	for f := range c.Findings(0) {
		byCode[f.Code] = f
		risks[f.Risk] = true
		if f.Instances <= 0 {
			t.Errorf("%+v", f)
		}
	}
	if len(byCode) < 8 || len(byCode) > len(findings()) || len(risks) < 4 {
		t.Errorf("%v", byCode)
	}
	var ended, expired int64
	for a := range c.Assets(0) {
		if a.EOLOSExt != 0 && a.EOLOSExt < now {
			ended++
		}
	}
	for s := range c.Certificates(0) {
		if s.Type == "x509" && s.End < now {
			expired++
		}
	}
	if byCode["RZ-1002"].Instances != ended || byCode["RZ-2001"].Instances != expired {
		t.Errorf("%+v; %d systems ended, %d certificates expired", byCode, ended, expired)
	}
}
