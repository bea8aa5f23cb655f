package collector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const discoveredAssets = `
{"id":"a1","organization_id":"` + acmeID + `","site_id":"` + hq + `","site_name":"HQ","names":["core-1.example.com","CORE-1"],"type":"Switch","os":"Cisco IOS",
 "addresses":["fe80::1","10.0.0.2","10.0.0.9"],"tags":{"env":"prod","network":"","rack no.":"7"}}
{"id":"a2","site_id":"` + hq + `","site_name":"HQ","names":[],"type":"","os":null,"addresses":["2001:db8::2"],"tags":null}
{"id":"a3","site_id":"00000000-0000-0000-0000-000000000000","site_name":"","names":["x"],"type":"Switch","addresses":["10.0.0.1"]}
{"id":"a4","site_id":"` + plant + `","addresses":["169.254.1.1"]}
{"id":"a5","site_id":"` + plant + `","addresses":[]}
{"id":"a6","site_id":"` + plant + `","addresses":["10.0.0.2"]}`

const discoveredServices = `
{"id":"a1","service_id":"s1","organization_id":"` + acmeID + `","site_id":"` + hq + `","names":["www"],"type":"Server","os":"Linux",
 "service_address":"10.0.0.3","service_port":"443","service_protocol":"http tls"}
{"id":"a1","service_id":"s2","site_id":"` + hq + `","names":["www"],"type":"Server","os":"Linux","service_address":"10.0.0.3","service_port":80,"service_protocol":["http"]}
{"id":"a2","service_id":"s3","site_id":"` + plant + `","type":"Server","service_address":"2001:db8::3","service_port":"8443","service_protocol":null,"addresses":["10.0.0.4"]}
{"id":"a2","service_id":"s4","site_id":"` + plant + `","type":"Server","service_address":"10.0.0.4","service_port":"0","service_protocol":"arp"}
{"id":"a2","service_id":"s5","site_id":"` + plant + `","type":"Server","service_address":"fe80::4","service_port":"80"}
{"id":"a2","service_id":"s6","site_id":"` + plant + `","type":"Server","service_address":"10.0.0.4","service_port":"65536"}`

func TestDiscoveryCollector(t *testing.T) {
	for name, test := range map[string]struct {
		discovery Discovery
		poll      Poll
		path      string
		body      string
	}{
		"discovery":          {Discovery{Name: "snmp", Of: "assets", Port: 161}, Poll{Sites: acmeSites()}, assetsPath, discoveredAssets},
		"discovery-portless": {Discovery{Name: "hosts", Of: "assets"}, Poll{Account: "north"}, assetsPath, discoveredAssets},
		"discovery-services": {Discovery{Name: "web", Of: "services"}, Poll{}, servicesPath, discoveredServices},
		"discovery-none":     {Discovery{Name: "none", Of: "assets"}, Poll{}, assetsPath, ""},
		"discovery-dropped":  {Discovery{Name: "few", Of: "assets", MaxTargets: 2}, Poll{}, assetsPath, discoveredAssets},
	} {
		t.Run(name, func(t *testing.T) {
			s := collect(t, with(defaults(), DiscoverySpec(test.discovery).Collect), responses{test.path: {body: test.body}}, test.poll)
			golden(t, name, s.Families)
			checkTargets(t, s.Targets)
			var text bytes.Buffer
			if err := json.Indent(&text, s.Targets, "", "  "); err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join("testdata", name+".json"), text.String()+"\n")
		})
	}
}

func TestDiscoveredAssetsOfRareTypesAreOther(t *testing.T) {
	s := collect(t, with(top(1), Discovery{Name: "d", Of: "assets"}.collect), responses{assetsPath: {body: `
		{"id":"1","type":"Server","addresses":["10.0.0.1"]}{"id":"2","type":"Server","addresses":["10.0.0.2"]}{"id":"3","type":"Plotter","addresses":["10.0.0.3"]}`}}, Poll{})
	wantSeries(t, s, "runzero_discovery_assets", `runzero_discovery_assets{asset_type="Server",discovery="d",site_name="unassigned"} 2`,
		`runzero_discovery_assets{asset_type="other",discovery="d",site_name="unassigned"} 1`)
}

func TestDiscoverySpec(t *testing.T) {
	spec := DiscoverySpec(Discovery{Name: "web"})
	if spec.Name != "discovery/web" || spec.Scope != PerOrganization || spec.Needs != runzero.ExportToken || spec.AccountWide != nil || spec.OffByDefault || spec.ChangedBy != "tasks" {
		t.Errorf("%+v", spec)
	}
}

func TestDiscoveryMakesOneRequest(t *testing.T) {
	for of, fields := range map[string]string{
		"assets":   "id,organization_id,site_id,site_name,names,type,os,tags,addresses",
		"services": "id,organization_id,site_id,site_name,names,type,os,tags,service_id,service_address,service_port,service_protocol",
	} {
		var requests []string
		api := client(t, accountToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			requests = append(requests, fmt.Sprint(strings.TrimPrefix(r.URL.Path, "/api/v1.0"), " ", q.Get("_oid"), " ", q.Get("search"), " ", q.Get("fields")))
			w.Header().Set("Content-Type", "application/json")
		}))
		collect(t, Discovery{Name: "d", Of: of, Search: "a:b or c"}.collect, nil, Poll{API: api})
		if want := "/export/org/" + of + ".jsonl " + acmeID + " a:b or c " + fields; len(requests) != 1 || requests[0] != want {
			t.Errorf("requests are %q, want %q once", requests, want)
		}
	}
}

// discovered are the targets that a discovery without a port finds of assets.
func discovered(t *testing.T, d Discovery, assets ...string) []TargetGroup {
	t.Helper()
	path := assetsPath
	if d.Of == "services" {
		path = servicesPath
	}
	s, err := d.collect(t.Context(), Poll{
		API: client(t, exportToken, responses{path: {body: strings.Join(assets, "\n")}}), Organization: Organization{ID: acmeID, Name: "Acme"}, Settings: defaults(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return checkTargets(t, s.Targets)
}

func TestDiscoveredAddresses(t *testing.T) {
	for addresses, want := range map[string]string{
		`["10.0.0.1"]`:                                  "10.0.0.1:22",
		`["10.0.0.1","10.0.0.2"]`:                       "10.0.0.1:22",
		`"10.0.0.1"`:                                    "10.0.0.1:22",
		`[" 192.0.2.1 "]`:                               "192.0.2.1:22",
		`["2001:0DB8::0:1"]`:                            "[2001:db8::1]:22",
		`["fd00::1"]`:                                   "[fd00::1]:22",
		`["::ffff:10.0.0.1"]`:                           "10.0.0.1:22",
		`["fe80::1%eth0","fe80::1","10.0.0.1"]`:         "10.0.0.1:22",
		`["169.254.7.7","2001:db8::1"]`:                 "[2001:db8::1]:22",
		`["127.0.0.1","::1","0.0.0.0","::","10.0.0.1"]`: "10.0.0.1:22",
		`["224.0.0.1","ff02::1","255.255.255.255"]`:     "",
		`["2001:db8::1%eth0"]`:                          "",
		`["","host","10.0.0","10.0.0.1:80","1e3","010.0.0.1","10.0.0.1/24",null,{},7]`: "",
		`[]`: "", `null`: "", `{}`: "",
	} {
		got := ""
		for _, g := range discovered(t, Discovery{Name: "d", Of: "assets", Port: 22}, `{"id":"a","addresses":`+addresses+`}`) {
			got += g.Targets[0]
		}
		if got != want {
			t.Errorf("%s: %q, want %q", addresses, got, want)
		}
	}
}

func TestDiscoveredTags(t *testing.T) {
	hash := func(name string) string { return "_" + idSuffix("tag " + name)[:8] }
	for tags, want := range map[string]map[string]string{
		`{"env":"prod","Env":"x"}`:                         {"env": "prod", "Env": "x"},
		`{"bare":"","null":null,"blank":" "}`:              {"bare": "true", "null": "true", "blank": "true"},
		`{"unknown":"unknown"}`:                            {"unknown": "unknown"},
		`{"rack no.":"7","é-\n\"":" a\nb "}`:               {"rack_no_": "7", "____": "a b"},
		`{"":"x"," ":"y"}`:                                 {},
		`{"a-b":"1","a_b":"2"}`:                            {"a_b": "2", "a_b" + hash("a-b"): "1"},
		`{"a_b":"2","a-b":"1"}`:                            {"a_b": "2", "a_b" + hash("a-b"): "1"},
		`{"a-b":"1","a.b":"2","a b":"3"}`:                  {"a_b": "3", "a_b" + hash("a-b"): "1", "a_b" + hash("a.b"): "2"},
		`{"` + strings.Repeat("x", 100) + `":"1"}`:         {strings.Repeat("x", 64): "1"},
		`{"list":["a","b"],"number":7,"object":{"a":"b"}}`: {"list": "a b", "number": "7", "object": "true"},
		`["env"]`: {}, `null`: {}, `"env"`: {},
	} {
		group := discovered(t, Discovery{Name: "d", Of: "assets"}, `{"id":"a","addresses":["10.0.0.1"],"tags":`+tags+`}`)[0]
		got := map[string]string{}
		for name, value := range group.Labels {
			if tag, ok := strings.CutPrefix(name, "__meta_runzero_tag_"); ok {
				got[tag] = value
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tags, got, want)
		}
	}
}

// Of more targets than are wanted the same ones are kept, in whatever order the console sends them, and no others are held
// meanwhile.
func TestDiscoveredTargetsDoNotDependOnTheOrderOfRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 50 {
		var all []target
		addresses := map[netip.Addr]bool{}
		for range 1 + r.IntN(200) {
			address := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(2)), byte(r.IntN(100))})
			addresses[address] = true
			all = append(all, target{at: netip.AddrPortFrom(address, 0), asset: fmt.Sprint(r.IntN(3)), protocol: fmt.Sprint(r.IntN(3))})
		}
		most := 1 + r.IntN(60)
		kept := func() []target {
			s := targetSet{most: most}
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			for _, each := range all {
				s.add(each, nil)
				if len(s.kept) > 2*most {
					t.Fatalf("%d are held, of %d wanted", len(s.kept), most)
				}
			}
			kept, dropped := s.all()
			more := len(addresses) - most
			if len(kept) != min(most, len(addresses)) || (dropped > 0) != (more > 0) || dropped < int64(more) || dropped > int64(len(all)) {
				t.Fatalf("%d kept and %d dropped of %d addresses, at most %d", len(kept), dropped, len(addresses), most)
			}
			return slices.Clone(kept)
		}
		if first, second := kept(), kept(); !reflect.DeepEqual(first, second) {
			t.Fatalf("%v\nbecame\n%v", first, second)
		}
	}
}

// What is listed already is not left out, however often it is found.
func TestDuplicateTargetsAreNotDropped(t *testing.T) {
	s := targetSet{most: 2}
	for i := range 9 {
		s.add(target{at: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 2)}), 80), asset: fmt.Sprint(i)}, nil)
	}
	if kept, dropped := s.all(); len(kept) != 2 || dropped != 0 {
		t.Errorf("%v are kept and %d dropped", kept, dropped)
	}
}

func TestLoadTargets(t *testing.T) {
	for state, want := range map[string]string{`[]`: `[]`, "\n[{}]": `[{}]`, `{}`: "", `null`: "", "": ""} {
		if got := LoadTargets([]byte(state)); string(got) != want {
			t.Errorf("%q: %q", state, got)
		}
	}
}

// checkTargets checks that Prometheus accepts a document, and that each target is another address in order.
func checkTargets(t testing.TB, document json.RawMessage) []TargetGroup {
	t.Helper()
	var groups []TargetGroup
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&groups); err != nil || groups == nil {
		t.Fatalf("%v: %s", err, document)
	}
	var before netip.AddrPort
	for i, g := range groups {
		if len(g.Targets) != 1 {
			t.Fatalf("targets are %q", g.Targets)
		}
		at, err := netip.ParseAddrPort(g.Targets[0])
		if err != nil { // without a port
			var address netip.Addr
			address, err = netip.ParseAddr(strings.Trim(g.Targets[0], "[]"))
			at = netip.AddrPortFrom(address, 0)
			if err != nil || address.Is6() != strings.HasPrefix(g.Targets[0], "[") {
				t.Errorf("%q is no target: %v", g.Targets[0], err)
			}
		}
		if a := at.Addr(); !a.IsGlobalUnicast() || a.String() != g.Labels["__meta_runzero_address"] {
			t.Errorf("the address of %q is %q", g.Targets[0], g.Labels["__meta_runzero_address"])
		}
		if i > 0 && before.Compare(at) >= 0 {
			t.Errorf("%s is not before %s", before, at)
		}
		before = at
		for name, value := range g.Labels {
			if !model.LegacyValidation.IsValidLabelName(name) || !strings.HasPrefix(name, "__meta_runzero_") || value == "" || !utf8.ValidString(value) || value != Label(value) {
				t.Errorf("invalid label %q with the value %q", name, value)
			}
		}
	}
	return groups
}

// Whatever devices and people call things, the document is one that Prometheus accepts.
func FuzzDiscovery(f *testing.F) {
	f.Add("env=prod|a-b=1|a_b=2|=|x", "10.0.0.1|fe80::1", "core", "http tls", int64(80), false)
	f.Add("\x00=\xff|__name__={{.}}|é=é|<=&", "::ffff:1.2.3.4|[::1]:80|2001:db8::1%eth0", "\xff\n\"\u2028", "\xed\xa0\x80", int64(65536), true)
	f.Add(strings.Repeat("a.=1|a-=2|", 40), "192.0.2.1", strings.Repeat("é", 5000), "", int64(-1), true)
	f.Fuzz(func(t *testing.T, tags, addresses, name, protocol string, port int64, services bool) {
		d := Discovery{Name: name, Of: "assets", Port: uint16(port), MaxTargets: 3}
		if services {
			d.Of = "services"
		}
		var all []runzero.NamedTag
		for tag := range strings.SplitSeq(tags, "|") {
			name, value, _ := strings.Cut(tag, "=")
			all = append(all, runzero.NamedTag{Name: name, Value: value})
		}
		rows := func(yield func(runzero.Target, error) bool) {
			for address := range strings.SplitSeq(addresses, "|") {
				row := runzero.Target{
					AssetID: "a", SiteName: name, Name: name, Type: name, OS: protocol, Tags: all, Addresses: []string{address, "192.0.2.1"},
					Service: runzero.TargetService{Address: address, Port: runzero.Known(port), Protocol: protocol},
				}
				if !yield(row, nil) {
					return
				}
			}
		}
		s, err := d.snapshot(rows, Poll{Organization: Organization{Name: Label(name)}, Account: Label(protocol), Settings: defaults()})
		if err != nil {
			t.Fatal(err)
		}
		checkTargets(t, s.Targets)
	})
}
