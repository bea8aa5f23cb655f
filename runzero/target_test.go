package runzero_test

import (
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Records as in the specification, with PLANTED in each member that must not be read.
const (
	plantedTargetAsset = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","organization_id":"` + organization + `","site_id":"a7b2287e-0000-4000-8000-000000000001","site_name":"Primary",
 "names":["CORE-1","PLANTED"],"type":"Switch","os":"Cisco IOS","addresses":["10.0.0.2","fe80::1"],"addresses_extra":["PLANTED"],"macs":["PLANTED"],"comments":"PLANTED",
 "tags":{"env":"prod","network":""},"services":{"PLANTED":{"names":["PLANTED"],"tags":{"PLANTED":"PLANTED"}}},"owners":["PLANTED"]}`
	plantedTargetService = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","service_id":"f77602e0-3fb8-4734-aef9-fbc6fdcb0fa9","organization_id":"` + organization + `",
 "site_id":"a7b2287e-0000-4000-8000-000000000001","site_name":"Primary","names":["WWW"],"type":"Server","os":"Linux","tags":{},
 "service_address":"10.0.0.3","service_port":"443","service_protocol":"http tls","service_transport":"PLANTED","service_vhost":"PLANTED","service_data":{"service_port":"PLANTED"}}`
)

func TestReadsTargetsOfAssets(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Target, error] {
		return c.TargetAssets(t.Context(), organization, "")
	},
		plantedTargetAsset, runzero.Target{
			AssetID: "e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8", OrganizationID: organization, SiteID: "a7b2287e-0000-4000-8000-000000000001", SiteName: "Primary",
			Name: "CORE-1", Type: "Switch", OS: "Cisco IOS", Addresses: []string{"10.0.0.2", "fe80::1"}, Tags: []runzero.NamedTag{{Name: "env", Value: "prod"}, {Name: "network"}},
		},
		map[string]runzero.Target{
			`{"id":"a"}`: {AssetID: "a"},
			`{"id":"a","names":"core","addresses":"10.0.0.1","tags":{"n":7}}`:     {AssetID: "a", Name: "core", Addresses: []string{"10.0.0.1"}, Tags: []runzero.NamedTag{{Name: "n", Value: "7"}}},
			`{"id":"a","names":[null,"","x"],"type":["Router","Switch"],"os":{}}`: {AssetID: "a", Name: "x", Type: "Router Switch"},
		})
}

func TestReadsTargetsOfServices(t *testing.T) {
	service := func(address string, port int64, protocol string) runzero.TargetService {
		return runzero.TargetService{Address: address, Port: runzero.Known(port), Protocol: protocol}
	}
	read := func(body string) runzero.Target {
		rows, err := all(serve(t, data(body), runzero.Config{HTTP: withToken(exportToken)}).TargetServices(t.Context(), organization, ""))
		return one(t, rows, err)
	}
	for body, want := range map[string]runzero.TargetService{
		plantedTargetService:                             service("10.0.0.3", 443, "http tls"),
		`{"id":"a","service_port":443}`:                  service("", 443, ""),
		`{"id":"a","service_port":"0"}`:                  service("", 0, ""),
		`{"id":"a","service_protocol":["http","tls"]}`:   {Protocol: "http tls"},
		`{"service_id":"a","service_port":"many"}`:       {},
		`{"id":"a","service_address":null,"service":{}}`: {},
	} {
		if got := read(body); got.Service != want || strings.Contains(fmt.Sprintf("%+v", got), "PLANTED") {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// A record has no names, addresses and tags of the one before, and of each at most so many tags are read.
func TestTargetsAreOfTheirOwnRecord(t *testing.T) {
	many := strings.Repeat(`"t%d":"v",`, runzero.MostTags+9)
	for i := range runzero.MostTags + 9 {
		many = strings.Replace(many, "%d", fmt.Sprint(i), 1)
	}
	body := `{"id":"a","names":["x"],"addresses":["10.0.0.1","10.0.0.2"],"tags":{` + strings.TrimSuffix(many, ",") + `}}{"id":"b","addresses":["10.0.0.3"]}{"id":"c","tags":{"t":""}}{"id":"d","tags":[]}`
	var got []string
	for row, err := range serve(t, data(body), runzero.Config{}).TargetAssets(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(row.AssetID, row.Name, row.Addresses, len(row.Tags)))
	}
	if want := []string{"ax[10.0.0.1 10.0.0.2] 32", "b[10.0.0.3] 0", "c[] 1", "d[] 0"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
