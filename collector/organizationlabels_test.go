package collector

import (
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestOrganizationLabelsAreAddedToTheInformation(t *testing.T) {
	const (
		acme   = "4FFE8FFB-0000-4000-8000-000000000001"
		before = `# TYPE runzero_organization_assets gauge
runzero_organization_assets{org_name="Acme",state="all"} 3
# TYPE runzero_organization_info gauge
runzero_organization_info{account_name="a",org_name="Acme (4ffe8ffb)",organization_id="4ffe8ffb-0000-4000-8000-000000000001",project="false"} 1
runzero_organization_info{account_name="a",org_name="Acme (5ffe8ffb)",organization_id="5ffe8ffb-0000-4000-8000-000000000002",project="false"} 1
runzero_organization_info{account_name="a",org_name="Beacon",organization_id="6ffe8ffb-0000-4000-8000-000000000003",project="false",team="of a cached file"} 1
`
	)
	rule := func(organization, customer, team string) OrganizationRule {
		labels := map[string]string{"customer": customer}
		if team != "" {
			labels["team"] = team
		}
		return OrganizationRule{Organization: organization, Labels: labels}
	}
	for name, c := range map[string]struct {
		rules []OrganizationRule
		want  [3]string // customer and team of each
	}{
		"none":                           {nil, [3]string{",", ",", ","}},
		"by id in any case":              {[]OrganizationRule{rule(acme, "A", "x")}, [3]string{"A,x", ",", ","}},
		"by name, of two organizations":  {[]OrganizationRule{rule("Acme", "A", "")}, [3]string{"A,", "A,", ","}},
		"by label":                       {[]OrganizationRule{rule("Acme (5ffe8ffb)", "A", "")}, [3]string{",", "A,", ","}},
		"the first that matches applies": {[]OrganizationRule{rule(acme, "A", "x"), rule("Acme", "B", ""), rule("Beacon", "C", "y")}, [3]string{"A,x", "B,", "C,y"}},
		"names are exact":                {[]OrganizationRule{rule("acme", "A", "")}, [3]string{",", ",", ","}},
	} {
		families := parsed(t, before)
		labels := OrganizationLabels{Names: []string{"customer", "team"}, Rules: c.rules}
		added := labels.Add(families)
		i := 0
		eachSample(added, OrganizationInfo, func(value float64, l map[string]string) {
			if got := l["customer"] + "," + l["team"]; got != c.want[i] || len(l) != 6 || l["account_name"] != "a" || value != 1 {
				t.Errorf("%s: %v, want %s", name, l, c.want[i])
			}
			i++
		})
		for _, f := range added {
			for _, m := range f.Metric {
				if !slices.IsSortedFunc(m.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) }) {
					t.Errorf("%s: the labels are not sorted: %v", name, m)
				}
			}
		}
		if i != 3 || textOf(families) != before || len(added) != 2 {
			t.Errorf("%s: the families became\n%s", name, textOf(families))
		}
		if got := (OrganizationLabels{}).Add(families); textOf(got) != before {
			t.Errorf("without labels they became\n%s", textOf(got))
		}
	}
}

func TestUnmatchedOrganizationLabels(t *testing.T) {
	labels := OrganizationLabels{Rules: []OrganizationRule{{Organization: "Acme"}, {Organization: "2"}, {Organization: "acme"}, {Organization: "3"}}}
	if got := labels.Unmatched(map[string]string{"1": "Acme (1)", "2": "Beacon"}); !slices.Equal(got, []string{"acme", "3"}) {
		t.Errorf("%v", got)
	}
}

func parsed(t *testing.T, text string) []*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	byName, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return []*dto.MetricFamily{byName["runzero_organization_assets"], byName[OrganizationInfo]}
}

func textOf(families []*dto.MetricFamily) string {
	var text strings.Builder
	for _, f := range families {
		_, _ = expfmt.MetricFamilyToText(&text, f)
	}
	return text.String()
}
