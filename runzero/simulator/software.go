package simulator

import (
	"fmt"
	"strconv"
)

// software is a program on an asset. There are as many as the software_count of the asset.
type software struct {
	*asset
	index int
	rare  int64    // the number of a rare product, 0 for one of the table
	known *product // nil for a rare product
}

type product struct{ vendor, name, cpe string }

// products are on many assets. The rest of an asset's software are rare products, whose
// number grows with the fleet.
var products = []product{
	{"Microsoft", "Edge", "microsoft:edge"}, {"Google", "Chrome", "google:chrome"}, {"Microsoft", "Office", "microsoft:office"}, {"Mozilla", "Firefox", "mozilla:firefox"},
	{"OpenSSL", "OpenSSL", "openssl:openssl"}, {"OpenBSD", "OpenSSH", "openbsd:openssh"}, {"Microsoft", "Teams", "microsoft:teams"}, {"Adobe", "Acrobat Reader", "adobe:acrobat_reader"},
	{"Oracle", "Java SE", "oracle:jre"}, {"7-Zip", "7-Zip", "7-zip:7-zip"}, {"Zoom", "Workplace", "zoom:zoom"}, {"CrowdStrike", "Falcon Sensor", "crowdstrike:falcon"},
	{"Python", "Python", "python:python"}, {"Notepad++", "Notepad++", "notepad-plus-plus:notepad"}, {"VideoLAN", "VLC Media Player", "videolan:vlc_media_player"}, {"F5", "nginx", "f5:nginx"},
	{"Apache", "HTTP Server", "apache:http_server"}, {"Microsoft", "SQL Server", "microsoft:sql_server"}, {"PostgreSQL", "PostgreSQL", "postgresql:postgresql"}, {"Docker", "Engine", "docker:engine"},
	{"Git", "Git", "git-scm:git"}, {"Citrix", "Workspace", "citrix:workspace"}, {"VMware", "Tools", "vmware:tools"}, {"Tenable", "Nessus Agent", "tenable:nessus_agent"},
}

// commonProducts is how much of an asset's software is in the table, at most.
const commonProducts = 12

func (s *software) fill(a *asset, i int) bool {
	if int64(i) >= a.softwareCount() {
		return false
	}
	*s = software{asset: a, index: i}
	if i < commonProducts {
		first := int(a.key.sub(drawPackage).below(int64(len(products))))
		s.known = &products[(first+i)%len(products)]
	} else {
		s.rare = 1 + s.id().below(20+10*a.f.org.models)
	}
	return true
}

func (s *software) id() key { return s.key.sub(drawPackage).sub(uint64(s.index)) }

func (s *software) vendor() string {
	if s.known != nil {
		return s.known.vendor
	}
	return "Vendor " + strconv.FormatInt(1+s.rare%97, 10)
}

func (s *software) product() string {
	if s.known != nil {
		return s.known.name
	}
	return "Component " + strconv.FormatInt(s.rare, 10)
}

func (s *software) version() string {
	k := s.id().sub(1)
	return fmt.Sprintf("%d.%d.%d", 1+k.below(24), k.sub(1).below(10), k.sub(2).below(40))
}

func (s *software) cpe() string {
	if s.known != nil {
		return "cpe:/a:" + s.known.cpe + ":" + s.version()
	}
	return fmt.Sprintf("cpe:/a:vendor:component_%d:%s", s.rare, s.version())
}

func softwareFields(assets []field[*asset]) []field[*software] {
	return table(of(assets, func(s *software) *asset { return s.asset }),
		fixed[*software](`{"software_app_id":"","software_attributes":{"displayName":"PLANTED"},"software_edition":"",
			"software_installed_from":"C:\\Users\\PLANTED\\setup.exe","software_language":"","software_other":"","software_part":"a",
			"software_service_address":"10.66.6.66","software_service_port":0,"software_service_transport":"","software_source_id":1,
			"software_sw_edition":"","software_target_hw":"","software_target_sw":"","software_update":""}`),
		[]field[*software]{
			{"software_asset_id", uuid(func(s *software) key { return s.key })},
			{"software_cpe23", text((*software).cpe)},
			{"software_created_at", number((*software).createdAt)},
			{"software_id", uuid((*software).id)},
			{"software_installed_at", number(func(s *software) int64 { return s.born })},
			{"software_installed_size", number(func(s *software) int64 { return s.id().below(1 << 30) })},
			{"software_organization_id", text(func(s *software) string { return s.f.org.id })},
			{"software_product", text((*software).product)},
			{"software_updated_at", number((*software).updatedAt)},
			{"software_vendor", text((*software).vendor)},
			{"software_version", text((*software).version)},
		})
}
