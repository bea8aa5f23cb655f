package config_test

import (
	"reflect"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

func TestLabelsOfOrganizations(t *testing.T) {
	c, err := load(t, `
accounts:
- name: a
  organizations:
    labels:
    - {organization: North, labels: {team: "  on \t call ", customer: 5}}
    - {organization: South, labels: {customer: true}}
  credentials: [{authorization: {credentials: CT1}}]
- name: b
  organizations: {labels: [{organization: North, labels: {_Region: "é"}}]}
  credentials: [{authorization: {credentials: CT2}}]
- name: c
  credentials: [{authorization: {credentials: CT3}}]
`)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"_Region", "customer", "team"}
	want := []collector.OrganizationLabels{
		{Names: names, Rules: []collector.OrganizationRule{
			{Organization: "North", Labels: map[string]string{"customer": "5", "team": "on call"}},
			{Organization: "South", Labels: map[string]string{"customer": "true"}},
		}},
		{Names: names, Rules: []collector.OrganizationRule{{Organization: "North", Labels: map[string]string{"_Region": "é"}}}},
		{Names: names},
	}
	for i, a := range c.Accounts {
		if !reflect.DeepEqual(a.Labels, want[i]) {
			t.Errorf("account %s: %+v, want %+v", a.Name, a.Labels, want[i])
		}
	}
}
