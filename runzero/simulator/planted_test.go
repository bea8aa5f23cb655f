package simulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// unplanted are the string fields that need not be planted: identifiers, what the exporter exports by design,
// enumerated values, and numbers in strings. A prefix restricts a field to one kind of record.
var unplanted = strings.Fields(`
	id organization_id site_id client_id agent_id parent_id template_id hosted_zone_id cruncher_id recur_last_task_id created_by_user_id
	first_task_id last_task_id last_agent_id host_id hub_id processor_id ownership.id service_id service_asset_id service_organization_id
	software_id software_asset_id software_organization_id vulnerability_id vulnerability_asset_id vulnerability_organization_id vulnerability_vuln_id
	directory_user_id directory_user_organization_id directory_user_site_id directory_user_user_id directory_user_group_ids
	directory_group_id directory_group_organization_id directory_group_site_id directory_group_group_id
	fp_md5 fp_sha1 fp_sha256 serial family finding_code vulnerability_cve

	org_name site_name agent_name orgs:name sites:name explorers:name hosted-zones:name tasks:name keys:comment os os_vendor os_product os_version arch version
	owners ownership.type ownership.name tags.env tags.location
	sources category service_ports_tcp service_ports_udp service_products service_protocols services.*.protocol services.*.service.transport services.*.service.product
	service_port service_protocol service_transport software_product software_vendor software_version software_cpe23

	type status risk criticality detected_by license_type sso_type sso_mode software_part vulnerability_category vulnerability_risk vulnerability_severity
	vulnerability_service_transport authentication encryption channels interface public_key_algorithm signature_algorithm risk_rank recur_frequency
	system_info.attributes.CanScreenshot system_info.attributes.CanSample

	hosted-zones:updated_at services.*.ts foreign_attributes.@nessus.dev.firstSeenTS service_data.ts grace_period params.rate
	stats.Recv stats.ResultCount stats.Sent stats.change.newAssets stats.change.onlineAssets stats.change.offlineAssets stats.change.changedAssets
	stats.change.unchangedAssets stats.change.ignoredAssets stats.change.totalAssets

	authority_key_id subject_key_id fp_bkhash software_app_id software_edition software_language software_other software_service_transport
	software_sw_edition software_target_hw software_target_sw software_update
`)

// free are the fields with keys that users choose.
var free = []string{"tags", "tag_descriptions", "subnets", "subnets.*.tags", "services", "system_info.tags"}

// eachString calls f with every string below v and the name of its field.
func eachString(field string, v any, f func(field, text string)) {
	switch v := v.(type) {
	case string:
		f(field, v)
	case []any:
		for _, e := range v {
			eachString(field, e, f)
		}
	case object:
		for k, e := range v {
			switch {
			case field == "":
				eachString(k, e, f)
			case slices.Contains(unplanted, field+"."+k):
				eachString(field+"."+k, e, f)
			case slices.Contains(free, field):
				f(field+" key", k)
				eachString(field+".*", e, f)
			default:
				eachString(field+"."+k, e, f)
			}
		}
	}
}

// TestSensitiveStringsArePlanted looks at every string of every endpoint.
func TestSensitiveStringsArePlanted(t *testing.T) {
	c, _ := newConsole(Options{Assets: 40, Sites: 2})
	w := ask(t, c, http.MethodPut, "/org/sites/"+c.orgs[0].sites[0].id+"/scan", c.OrganizationToken(0), `{"targets":"10.66.6.66","explorer-group-id":"PLANTED"}`)
	if w.Code != 200 {
		t.Fatal(w.Body)
	}
	kinds := map[string]string{"/org": "orgs", "agents": "explorers", "tasks/{id}": "tasks", "scans": "tasks"}
	bare, let := map[string]string{}, map[string]bool{}
	for path, rt := range c.routes {
		if rt.method != http.MethodGet || strings.HasSuffix(path, ".jsonl") || strings.HasSuffix(path, ".csv") || rt.scope == scopePublic {
			continue
		}
		kind := strings.TrimSuffix(path, ".json")
		for _, prefix := range []string{"/export/org/", "/account/", "/org/"} {
			kind = strings.TrimPrefix(kind, prefix)
		}
		if other, ok := kinds[kind]; ok {
			kind = other
		}
		var v any
		get(t, c, strings.Replace(path, "{id}", c.orgs[0].schedules[0].key.uuid(), 1), c.AccountToken(), 200, &v)
		eachString("", v, func(field, text string) {
			for _, name := range []string{field, kind + ":" + field} {
				if slices.Contains(unplanted, name) {
					let[name] = true
					return
				}
			}
			name := kind + ":" + field
			switch found := bare[name]; {
			case Planted(text) != "":
				if found == "" || found == "nothing" {
					bare[name] = "planted"
				}
			case text != "":
				bare[name] = text
			case found == "":
				bare[name] = "nothing"
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(bare)) {
		if bare[name] != "planted" {
			t.Errorf("%s is %s", name, bare[name])
		}
	}
	for _, name := range unplanted {
		if !let[name] {
			t.Errorf("no record has %s", name)
		}
	}
}
