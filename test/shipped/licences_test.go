package shipped_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

// TestLicences holds what is built into the program to the licences that are permitted,
// and the file of their texts to what is built in.
func TestLicences(t *testing.T) {
	terms, found, err := shipped.ReadTerms(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range found {
		t.Error(finding)
	}
	name := filepath.Join(root, shipped.LicencesFile)
	if *update {
		if err := os.WriteFile(name, []byte(terms.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != terms.String() {
		t.Errorf("%s is not of what is built in; cd test/shipped && go test . -update rewrites it", shipped.LicencesFile)
	}
}

// TestWhatIsNotPermitted reads licences as modules come with.
func TestWhatIsNotPermitted(t *testing.T) {
	isc := "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, " +
		"provided that the above copyright notice and this permission notice appear in all copies.\n\n" +
		"THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED " +
		"WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR " +
		"CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, " +
		"NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n"
	gpl := "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as " +
		"published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.\n"
	own, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, text, wants string }{
		{"ISC", isc, ""},
		{"our own, which is Apache-2.0", string(own), ""},
		{"copyleft", gpl, "GPL-3.0-or-later is not permitted"},
		{"one of each", isc + "\n" + gpl, "GPL-3.0-or-later is not permitted"},
		{"nothing that is known", "You may use this on Sundays, if you are kind.", "only 0 %"},
		{"one with a condition more", isc + strings.Repeat("Whoever makes money with it sends us half of it, in coins. ", 20), "of it are a licence that is known"},
		{"nothing", "", "only 0 %"},
	} {
		refused := strings.Join(shipped.Refused(c.text), "\n")
		if !strings.Contains(refused, c.wants) || (c.wants == "") != (refused == "") {
			t.Errorf("%s: %q, want %q", c.what, refused, c.wants)
		}
	}
}
