package scan

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestTargets(t *testing.T) {
	const (
		public  = "public"
		private = "private"
		invalid = "invalid"
	)
	for text, want := range map[string]string{
		"8.8.8.8": public, "192.0.2.0/24": public, "9.255.255.255": public, "11.0.0.0/8": public, "8.8.8.1-8.8.8.9": public, "8.8.8.8-20": public,
		"2606:4700::1111": public, "2606:4700::/32": public, "2606:4700::1-2606:4700::9": public,
		"example.com": public, "example.com.": public, "example.com/24": public, "bücher.example": public, "_dmarc.example.com": public, "a-b": public,
		"https://example.com:8443/path": public, "http://[2606:4700::1111]/": public, "domain:example.com": public, "asn4:15169": public, "country:de": public,

		"10.0.0.1": private, "10.1.2.3/24": private, "172.31.255.255": private, "192.168.1.0/24": private, "127.0.0.1": private, "169.254.169.254": private,
		"100.64.0.1": private, "0.0.0.0": private, "0.0.0.0/0": private, "224.0.0.1": private, "255.255.255.255": private, "8.0.0.0/6": private,
		"8.0.0.0-11.0.0.0": private, "9.255.255.250-10.0.0.0": private, "10.0.0.1-9": private,
		"::1": private, "::": private, "fe80::1": private, "fe80::1%eth0": private, "fd00::/8": private, "ff02::1": private, "::/0": private,
		"::ffff:10.0.0.1": private, "::ffff:10.0.0.0/104": private, "localhost": private, "db.localhost.": private, "http://10.0.0.1/": private, "https://localhost": private,

		"not a target!!": invalid, "8.8.8.256": invalid, "8.8.8": invalid, "1.2.3.4.5": invalid, "8.8.8.0/33": invalid, "8.8.8.8/x": invalid, "8.8.8.9-8.8.8.1": invalid,
		"8.8.8.8-300": invalid, "8.8.8.8-2606:4700::1": invalid, "2606::zz": invalid, "-a": invalid, "a-": invalid, "a..b": invalid, "": invalid,
		"example.com:443": invalid, "example.com/x": invalid, "ftp://example.com": invalid, "http://": invalid, "http://ann:b@example.com": invalid,
		"$(reboot)": invalid, "a;b": invalid, "exam\u200bple.com": invalid, strings.Repeat("a.", 130) + "com": invalid, "domain:": invalid, "Domain:example.com": invalid,
	} {
		parsed, ok := parseTarget(text)
		got := invalid
		if ok {
			got = map[bool]string{true: public, false: private}[parsed.public()]
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestOptionsThatRunZeroDoesNotDocument(t *testing.T) {
	for option, nearest := range map[string]string{
		"tcp-ports": "", "udp-ports": "", "max-hosts": "", "max-duration": "", "probes": "", "scan-template": "", "scan-tags": "", "excludes": "",
		"dns-port": "", "snmp-timeout": "",
		"probes-typo": "probes", "tcp-port": "tcp-ports", "TCP-ports": "tcp-ports", "udp_ports": "udp-ports", "max-host": "max-hosts", "scan-frequenzy": "scan-frequency",
		"exclude": "excludes", "x": "runZero documents excludes, ",
	} {
		err := Further{option: "1"}.check()
		switch {
		case nearest == "" && err != nil:
			t.Errorf("%s: %v", option, err)
		case nearest != "" && (err == nil || !strings.Contains(err.Error(), nearest) || !strings.Contains(err.Error(), "--force")):
			t.Errorf("%s: error %v, want %q", option, err, nearest)
		}
	}
}

func TestFindsTheSiteInAllOrganizations(t *testing.T) {
	console := newRecorder()
	first, second := console.Organizations()[0], console.Organizations()[1]
	const one, two = "a7b2287e-0000-4000-8000-000000000001", "a7b2287e-0000-4000-8000-000000000002"
	row := func(id, name, organization string) string {
		return `{"id":"` + id + `","name":"` + name + `","organization_id":"` + organization + `"}`
	}
	ambiguous := errors.New(`several organizations have a site "Lab"`)
	for name, c := range map[string]struct {
		rows string
		site string
		want string // of the organization
		err  error
	}{
		"only one has it":            {row(one, "Lab", first.ID) + "," + row(two, "Office", second.ID), "lab", first.ID, nil},
		"both have it":               {row(one, "Lab", first.ID) + "," + row(two, "Lab", second.ID), "Lab", "", ambiguous},
		"both have it in some case":  {row(one, "Lab", first.ID) + "," + row(two, "LAB", second.ID), "Lab", "", ambiguous},
		"both have it, by id":        {row(one, "Lab", first.ID) + "," + row(two, "Lab", second.ID), strings.ToUpper(two), second.ID, nil},
		"one organization twice":     {row(one, "Lab", first.ID) + "," + row(two, "Lab", first.ID), "Lab", "", errors.New("pass the id of one with --site")},
		"one organization, any case": {row(one, "Lab", first.ID) + "," + row(two, "LAB", first.ID), "LAB", first.ID, nil},
		"of an unknown organization": {row(one, "Lab", "0e0f5e3c-0000-4000-8000-000000000009"), "Lab", "", errors.New("have no site")},
		"without an organization":    {row(one, "Lab", ""), "Lab", "", errors.New("name its organization with --runzero.organization")},
	} {
		t.Run(name, func(t *testing.T) {
			rows := "[" + c.rows + "]"
			defer console.Inject(simulator.Fault{Path: "/account/sites", Body: &rows})()
			out, err := console.scan(t, options(console.AccountToken(), func(o *Options) { o.Site, o.DryRun = c.site, true }))
			switch {
			case c.err != nil:
				if err == nil || !strings.Contains(err.Error(), c.err.Error()) {
					t.Errorf("error %v, want %v", err, c.err)
				}
			case err != nil || !strings.Contains(out, "?_oid="+c.want):
				t.Errorf("error %v, printed %s", err, out)
			}
		})
	}
	t.Run("without a list of all sites", func(t *testing.T) {
		defer console.Inject(simulator.Fault{Path: "/account/sites", Status: http.StatusBadGateway})()
		_, err := console.scan(t, options(console.AccountToken(), nil))
		if err == nil || !strings.Contains(err.Error(), "name its organization with --runzero.organization") {
			t.Errorf("error %v", err)
		}
	})
}

func TestRefusesADisabledZone(t *testing.T) {
	console := newRecorder()
	zones := `[{"id":"0e0f5e3c-0000-4000-8000-000000000001","name":"closed","enabled":false}]`
	console.Inject(simulator.Fault{Path: "/org/hosted-zones", Body: &zones})
	_, err := console.scan(t, options(console.OrganizationToken(0), func(o *Options) { o.Zone = "closed" }))
	if err == nil || !strings.Contains(err.Error(), `hosted zone "closed" (0e0f5e3c-0000-4000-8000-000000000001) is disabled`) || len(console.uris) != 0 {
		t.Errorf("error %v, sent %q", err, console.uris)
	}
}
