package simulator

import "strconv"

// software is a program on an asset. There are as many as the software_count of the asset.
type software struct {
	*asset
	index int
	rare  int64    // the number of a rare product
	known *product // nil for a rare product
}

type product struct{ vendor, name string }

// products are on many assets. The rest of an asset's software are rare products, whose number grows with the fleet.
var products = []product{
	{"Microsoft", "Edge"}, {"Google", "Chrome"}, {"Microsoft", "Office"}, {"Mozilla", "Firefox"},
	{"OpenSSL", "OpenSSL"}, {"OpenBSD", "OpenSSH"}, {"Microsoft", "Teams"}, {"Adobe", "Acrobat Reader"},
	{"Oracle", "Java SE"}, {"7-Zip", "7-Zip"}, {"Zoom", "Workplace"}, {"CrowdStrike", "Falcon Sensor"},
	{"Python", "Python"}, {"Notepad++", "Notepad++"}, {"VideoLAN", "VLC Media Player"}, {"F5", "nginx"},
	{"Apache", "HTTP Server"}, {"Microsoft", "SQL Server"}, {"PostgreSQL", "PostgreSQL"}, {"Docker", "Engine"},
	{"Git", "Git"}, {"Citrix", "Workspace"}, {"VMware", "Tools"}, {"Tenable", "Nessus Agent"},
}

// commonProducts is how much of an asset's software is in the table, at most.
const commonProducts = 12

func (s *software) fill(a *asset, i int) bool {
	if int64(i) >= a.softwareCount() {
		return false
	}
	s.asset, s.index, s.known = a, i, nil
	if i < commonProducts {
		first := int(a.key.sub(drawPackage).below(int64(len(products))))
		s.known = &products[(first+i)%len(products)]
	} else {
		s.rare = 1 + s.id().below(20+10*a.f.org.models)
	}
	return true
}

func (s *software) id() key { return s.key.sub(drawPackage).sub(uint64(s.index)) }

func (s *software) appendVendor(b []byte) []byte {
	if s.known != nil {
		return appendString(b, s.known.vendor)
	}
	return append(strconv.AppendInt(append(b, `"Vendor `...), 1+s.rare%97, 10), '"')
}

func (s *software) appendProduct(b []byte) []byte {
	if s.known != nil {
		return appendString(b, s.known.name)
	}
	return append(strconv.AppendInt(append(b, `"Component `...), s.rare, 10), '"')
}

func softwareFields(assets []field[*asset]) []field[*software] {
	return table(of(assets, func(s *software) *asset { return s.asset }),
		fixed[*software](`{"software_app_id":"","software_cpe23":"cpe:/a:vendor:component:1.0","software_attributes":{"displayName":"PLANTED"},"software_edition":"","software_installed_at":1616160000,"software_installed_size":1048576,
			"software_installed_from":"C:\\Users\\PLANTED\\setup.exe","software_language":"","software_other":"","software_part":"a",
			"software_service_address":"10.66.6.66","software_service_port":0,"software_service_transport":"","software_source_id":1,
			"software_sw_edition":"","software_target_hw":"","software_target_sw":"","software_update":"","software_version":"1.0"}`),
		[]field[*software]{
			{"software_asset_id", uuid(func(s *software) key { return s.key })},
			{"software_created_at", number((*software).createdAt)},
			{"software_id", uuid((*software).id)},
			{"software_organization_id", text(func(s *software) string { return s.f.org.id })},
			{"software_product", (*software).appendProduct},
			{"software_updated_at", number((*software).updatedAt)},
			{"software_vendor", (*software).appendVendor},
		})
}
