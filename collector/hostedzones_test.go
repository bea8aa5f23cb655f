package collector

import (
	"net/http"
	"strings"
	"testing"
)

const zonesBody = `[
	{"id":"a1000000-0000-4000-8000-000000000001","name":"us-east","enabled":true,"updated_at":"2023-03-06T18:14:50.520299Z","explorers_total":4,"explorers_concurrency":2,
	 "tasks_active":3,"tasks_waiting":"1","organization_id":"` + zeroID + `"},
	{"id":"a2000000-0000-4000-8000-000000000002","name":"own","enabled":false,"explorers_total":0,"tasks_active":0,"tasks_waiting":0,"organization_id":"` + acmeID + `"},
	{"id":"b1000000-0000-4000-8000-000000000003","name":"twin","enabled":"true","explorers_total":1},
	{"id":"b2000000-0000-4000-8000-000000000004","name":"twin ","enabled":null,"tasks_active":-1},
	{"id":"a1000000-0000-4000-8000-000000000001","name":"the same row again","enabled":false}]`

func TestHostedZones(t *testing.T) {
	c := collectorOf(t, "hosted_zones", defaults())
	golden(t, "hosted-zones", collect(t, c, responses{hostedZonesPath: {body: zonesBody}}, Poll{Organizations: organizations()}).Families)
	if s := collect(t, c, responses{hostedZonesPath: {body: `[]`}}, Poll{Organizations: organizations()}); len(s.Families) != 0 {
		t.Errorf("%d families of no zone", len(s.Families))
	}
}

func TestHostedZonesAreRequestedOnce(t *testing.T) {
	for range 5 { // map order is random
		var requests []string
		api := client(t, accountToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests = append(requests, r.URL.Query().Get("_oid"))
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`[]`))
		}))
		collect(t, collectorOf(t, "hosted_zones", defaults()), nil, Poll{API: api, Organizations: organizations()})
		if strings.Join(requests, " ") != acmeID {
			t.Errorf("requested for %v", requests)
		}
	}
	if _, err := attempt(t, collectorOf(t, "hosted_zones", defaults()), nil, Poll{Organizations: map[string]string{}}); err == nil || !strings.Contains(err.Error(), "no organization") {
		t.Errorf("error is %v", err)
	}
}
