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
