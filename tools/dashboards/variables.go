package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func text(s string) dashboard.StringOrArrayOfString {
	return dashboard.StringOrArrayOfString{String: &s}
}

func several(s string) dashboard.StringOrArrayOfString {
	return dashboard.StringOrArrayOfString{ArrayOfString: []string{s}}
}

func datasourceVariable() dashboard.VariableModel {
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeDatasource, Name: "datasource", Label: ptr("Data source"),
		Query: &dashboard.StringOrMap{String: ptr("prometheus")}, Refresh: ptr(dashboard.VariableRefreshOnDashboardLoad),
		Current: &dashboard.VariableOption{Text: text("default"), Value: text("default")},
	}
}

// values is a variable with the values of the label that has its name.
func values(name, label, selector string) dashboard.VariableModel {
	v := dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: name, Label: &label, Datasource: datasource(),
		Query: &dashboard.StringOrMap{Map: map[string]any{
			"query": "label_values(" + selector + ", " + name + ")", "qryType": 1, "refId": "StandardVariableQuery",
		}},
		Refresh: ptr(dashboard.VariableRefreshOnTimeRangeChanged), Sort: ptr(dashboard.VariableSortAlphabeticalCaseInsensitiveAsc),
		Multi: ptr(true), IncludeAll: ptr(true), AllValue: ptr(".*"),
		Current: &dashboard.VariableOption{Text: several("All"), Value: several("$__all")},
	}
	if name == "job" {
		v.AllValue = nil // other jobs have series of these names, too, such as up
	}
	return v
}

// filters is for labels that the exporter does not set: cluster, namespace, instance.
func filtersVariable() dashboard.VariableModel {
	return dashboard.VariableModel{Type: dashboard.VariableTypeAdhoc, Name: "filters", Label: ptr("Filters"), Datasource: datasource()}
}

func consoleVariable() dashboard.VariableModel {
	const address = "https://console.runzero.com"
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeTextbox, Name: "console", Label: ptr("Console"), Query: &dashboard.StringOrMap{String: ptr(address)},
		Description: ptr("Address of the runZero console, for links"),
		Current:     &dashboard.VariableOption{Text: text(address), Value: text(address)},
	}
}

// standardVariables are those of the dashboards about a whole installation. Those that link to the console add its
// variable.
func standardVariables() []dashboard.VariableModel {
	const account = `job=~"$job",account_name=~"$account_name"`
	return []dashboard.VariableModel{
		datasourceVariable(),
		values("job", "Job", "runzero_up"),
		values("account_name", "Account", `runzero_up{job=~"$job"}`),
		values("org_name", "Organization", `runzero_collector_success{`+account+`,org_name!=""}`),
		values("site_name", "Site", `runzero_site_info{`+account+`,org_name=~"$org_name"}`),
		filtersVariable(),
	}
}
