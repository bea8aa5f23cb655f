package collector

import (
	"strings"
	"testing"
)

const fourNetworks = `
	{"id":"1","organization_id":"` + acmeID + `","site_id":"` + hq + `","site_name":"HQ","essid":"Jane's phone","bssid":"11:22:33:44:55:66","authentication":"wpa2-psk","encryption":"aes"}
	{"id":"2","site_id":"` + hq + `","essid":"Jane's phone","authentication":"wpa2-psk","encryption":"aes"}
	{"id":"3","site_id":"` + plant + `","authentication":"open","encryption":"none"}
	{"id":"4","site_id":"","essid":"","authentication":null,"encryption":""}`

// Names of networks are not exported.
func TestWireless(t *testing.T) {
	c := collectorOf(t, "wireless", defaults())
	s := collect(t, c, responses{wirelessPath: {body: fourNetworks}}, Poll{Sites: acmeSites()})
	golden(t, "wireless", s.Families)
	if text := exposition(t, s.Families); strings.Contains(text, "Jane") {
		t.Errorf("a network's name is exported:\n%s", text)
	}
	if s.Sites[hq] != "HQ" {
		t.Errorf("sites are %v", s.Sites)
	}
}
