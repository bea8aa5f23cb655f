package collector

import (
	"strings"
	"testing"
)

// servicesOf polls services.
func servicesOf(t *testing.T, top int, body string) Snapshot {
	t.Helper()
	s := defaults()
	s.AssetTop = top
	return collect(t, collectorOf(t, "services", s), responses{servicesPath: {body: body}}, Poll{})
}

const fiveServices = `
	{"id":"a1","service_id":"1","organization_id":"` + acmeID + `","service_transport":"tcp","service_port":"443","service_protocol":"http tls","service_address":"10.0.0.2"}
	{"id":"a1","service_id":"2","service_transport":"tcp","service_port":80,"service_protocol":"http"}
	{"id":"a1","service_id":"3","service_transport":"arp","service_port":"0","service_protocol":"arp"}
	{"id":"a2","service_id":"4","service_transport":"tcp","service_port":"443","service_protocol":" tls  tls\nhttp "}
	{"id":"a2","service_id":"5","service_transport":"","service_port":null,"service_protocol":" "}`

func TestServices(t *testing.T) {
	golden(t, "services", servicesOf(t, 100, fiveServices).Families)
}

// Each protocol of a service counts once.
func TestRareServicesAreOther(t *testing.T) {
	s := servicesOf(t, 1, fiveServices)
	wantSeries(t, s, "runzero_services_by_protocol", `runzero_services_by_protocol{protocol="http"} 3`, `runzero_services_by_protocol{protocol="other"} 4`)
	wantSeries(t, s, "runzero_services_by_port", `runzero_services_by_port{port="443",transport="tcp"} 2`, `runzero_services_by_port{port="other",transport="tcp"} 1`,
		`runzero_services_by_port{port="other",transport="other"} 2`)
	wantSeries(t, s, "runzero_collector_folded_values", `runzero_collector_folded_values{collector="services",label="protocol"} 3`,
		`runzero_collector_folded_values{collector="services",label="transport"} 2`, `runzero_collector_folded_values{collector="services",label="port"} 3`)
}

// Devices choose their protocols: there can be any number.
func TestServiceWithVeryManyProtocols(t *testing.T) {
	s := servicesOf(t, 2, `{"id":"1","service_protocol":"`+strings.Repeat("a b ", 1<<20)+`"}{"id":"2","service_protocol":"`+strings.Repeat("long", 1<<20)+`"}`)
	wantSeries(t, s, "runzero_services_by_protocol", `runzero_services_by_protocol{protocol="a"} 1`, `runzero_services_by_protocol{protocol="b"} 1`,
		`runzero_services_by_protocol{protocol="other"} 1`)
}

// Newer consoles send protocols as a list, and ports as numbers.
func TestServiceWithListsAndNumbers(t *testing.T) {
	const row = `{"service_id":"%","id":"%","organization_id":"` + acmeID + `","service_source_ids":null,"ownership":{"Map":{}},`
	for name, test := range map[string]struct {
		rows  []string
		ports string // of one service each
		want  map[string]float64
	}{
		"lists": {[]string{
			`"service_transport":"udp","service_port":111,"service_protocol":["rpcbind","sunrpc"]}`,
			`"service_transport":"tcp","service_port":22,"service_protocol":["ssh"]}`,
			`"service_transport":"icmp","service_port":0,"service_protocol":[]}`,
		}, "0 111 22", map[string]float64{"rpcbind": 1, "sunrpc": 1, "ssh": 1, "unknown": 1}},
		"the same, twice": {[]string{
			`"service_transport":["tcp"],"service_port":["443"],"service_protocol":["http","tls","http"]}`,
			`"service_transport":"tcp","service_port":[8443],"service_protocol":["tls http"]}`,
		}, "443 8443", map[string]float64{"http": 2, "tls": 2}},
		"nulls and numbers within": {[]string{
			`"service_transport":"tcp","service_port":1e3,"service_protocol":[null,"",7,{"x":"y"},"ssh"]}`,
		}, "1e3", map[string]float64{"ssh": 1, "7": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			body := ""
			for i, rest := range test.rows {
				body += strings.ReplaceAll(row, "%", uuid(i)) + rest + "\n"
			}
			s := servicesOf(t, 100, body)
			equal(t, "protocols", by(s, "runzero_services_by_protocol", "protocol"), test.want)
			ports := map[string]float64{}
			for port := range strings.FieldsSeq(test.ports) {
				ports[port] = 1
			}
			equal(t, "ports", by(s, "runzero_services_by_port", "port"), ports)
		})
	}
}
