package simulator

// software is a program found on an asset. There are as many as the asset's
// software_count says.
type software struct {
	*asset
	index   int
	product *product // nil: one of the long tail
	tail    int64    // its number there
}

type product struct{ vendor, name, cpe string }

// products are what many assets have; the rest of an asset's software comes
// from a tail of products that grows with the fleet.
var products = []product{
	{"Microsoft", "Edge", "microsoft:edge"}, {"Google", "Chrome", "google:chrome"}, {"Microsoft", "Office", "microsoft:office"}, {"Mozilla", "Firefox", "mozilla:firefox"},
	{"OpenSSL", "OpenSSL", "openssl:openssl"}, {"OpenBSD", "OpenSSH", "openbsd:openssh"}, {"Microsoft", "Teams", "microsoft:teams"}, {"Adobe", "Acrobat Reader", "adobe:acrobat_reader"},
	{"Oracle", "Java SE", "oracle:jre"}, {"7-Zip", "7-Zip", "7-zip:7-zip"}, {"Zoom", "Workplace", "zoom:zoom"}, {"CrowdStrike", "Falcon Sensor", "crowdstrike:falcon"},
	{"Python", "Python", "python:python"}, {"Notepad++", "Notepad++", "notepad-plus-plus:notepad"}, {"VideoLAN", "VLC Media Player", "videolan:vlc_media_player"}, {"F5", "nginx", "f5:nginx"},
	{"Apache", "HTTP Server", "apache:http_server"}, {"Microsoft", "SQL Server", "microsoft:sql_server"}, {"PostgreSQL", "PostgreSQL", "postgresql:postgresql"}, {"Docker", "Engine", "docker:engine"},
	{"Git", "Git", "git-scm:git"}, {"Citrix", "Workspace", "citrix:workspace"}, {"VMware", "Tools", "vmware:tools"}, {"Tenable", "Nessus Agent", "tenable:nessus_agent"},
}

// common is how much of an asset's software comes from the table, at most.
const common = 12

func (s *software) fill(a *asset, i int) bool {
	if int64(i) >= a.softwareCount() {
		return false
	}
	s.asset, s.index, s.product = a, i, nil
	if i < common {
		first := int(a.key.sub(drawPackage).below(int64(len(products))))
		s.product = &products[(first+i)%len(products)]
	} else {
		s.tail = 1 + s.id().below(20+10*a.f.org.models)
	}
	return true
}

func (s *software) id() key { return s.key.sub(drawPackage).sub(uint64(s.index)) }

// These three write text without quotes.
func (s *software) appendVendor(b []byte) []byte {
	if s.product == nil {
		return appendInt(append(b, "Vendor "...), 1+s.tail%97)
	}
	return append(b, s.product.vendor...)
}

func (s *software) appendProduct(b []byte) []byte {
	if s.product == nil {
		return appendInt(append(b, "Component "...), s.tail)
	}
	return append(b, s.product.name...)
}

func (s *software) appendVersion(b []byte) []byte {
	k := s.id().sub(1)
	b = append(appendInt(b, 1+k.below(24)), '.')
	b = append(appendInt(b, k.sub(1).below(10)), '.')
	return appendInt(b, k.sub(2).below(40))
}

func (s *software) appendCPE(b []byte) []byte {
	b = append(b, `"cpe:/a:`...)
	if s.product == nil {
		b = appendInt(append(b, "vendor:component_"...), s.tail)
	} else {
		b = append(b, s.product.cpe...)
	}
	return append(s.appendVersion(append(b, ':')), '"')
}

func softwareFields(assets []field[*asset]) []field[*software] {
	none := raw[*software](`""`)
	return withAssetFields([]field[*software]{
		{"software_app_id", none},
		{"software_asset_id", uuid(func(s *software) key { return s.key })},
		{"software_attributes", raw[*software](`{"displayName":"PLANTED"}`)},
		{"software_cpe23", (*software).appendCPE},
		{"software_created_at", number(func(s *software) int64 { return s.createdAt() })},
		{"software_edition", none},
		{"software_id", uuid((*software).id)},
		{"software_installed_at", number(func(s *software) int64 { return s.born })},
		{"software_installed_from", raw[*software](`"C:\\Users\\PLANTED\\setup.exe"`)},
		{"software_installed_size", number(func(s *software) int64 { return s.id().below(1 << 30) })},
		{"software_language", none},
		{"software_organization_id", text(func(s *software) string { return s.f.org.id })},
		{"software_other", none},
		{"software_part", raw[*software](`"a"`)},
		{"software_product", quoted((*software).appendProduct)},
		{"software_service_address", raw[*software](`"10.66.6.66"`)},
		{"software_service_port", raw[*software]("0")},
		{"software_service_transport", none},
		{"software_source_id", raw[*software]("1")},
		{"software_sw_edition", none},
		{"software_target_hw", none},
		{"software_target_sw", none},
		{"software_update", none},
		{"software_updated_at", number(func(s *software) int64 { return s.updatedAt() })},
		{"software_vendor", quoted((*software).appendVendor)},
		{"software_version", quoted((*software).appendVersion)},
	}, assets, func(s *software) *asset { return s.asset })
}

func softwareKeywords() keywords[*software] {
	name := byText(func(s *software) string { return string(s.appendProduct(nil)) })
	return withAssetKeywords(keywords[*software]{
		"": name, "product": name, "name": name,
		"software_id": byText(func(s *software) string { return s.id().uuid() }),
		"vendor":      byText(func(s *software) string { return string(s.appendVendor(nil)) }),
		"version":     byText(func(s *software) string { return string(s.appendVersion(nil)) }),
	}, func(s *software) *asset { return s.asset })
}
