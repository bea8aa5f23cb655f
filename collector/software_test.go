package collector

import "testing"

func TestSoftware(t *testing.T) {
	const body = `
		{"id":"a1","software_id":"1","software_organization_id":"` + acmeID + `","software_vendor":"OpenBSD","software_product":"OpenSSH","software_version":"8.3p1"}
		{"id":"a2","software_id":"2","software_vendor":"OpenBSD","software_product":"OpenSSH","software_version":"9.0"}
		{"id":"a1","software_id":"3","software_vendor":"Microsoft","software_product":"Edge"}
		{"id":"a1","software_id":"4","software_vendor":"","software_product":"Agent"}
		{"id":"a1","software_id":"5","software_vendor":"\u001b[31m Evil\n","software_product":"Agent"}`
	c := collectorOf(t, "software", defaults())
	golden(t, "software", collect(t, c, responses{softwarePath: {body: body}}, Poll{}).Families)

	settings := defaults()
	settings.AssetTop = 2
	s := collect(t, collectorOf(t, "software", settings), responses{softwarePath: {body: body}}, Poll{})
	wantSeries(t, s, "runzero_software_by_product",
		`runzero_software_by_product{software_product="OpenSSH",software_vendor="OpenBSD"} 2`, `runzero_software_by_product{software_product="Agent",software_vendor="other"} 2`,
		`runzero_software_by_product{software_product="other",software_vendor="Microsoft"} 1`)
}
