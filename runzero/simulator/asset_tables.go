package simulator

// rhythm is when a device is online.
type rhythm uint8

const (
	steady rhythm = iota // off for a day now and then
	office               // during working hours
	pocket               // carried by people, evenings and weekends too
)

// class is a kind of device.
type class struct {
	typ    string
	weight int // of 256 slots of a fleet
	rhythm rhythm
	// lifeDays is for how long a device is in use, shortest and longest.
	lifeDays [2]int64
	// offPermille is how often a steady device misses a day.
	offPermille int64
	ports       int64  // TCP services, at most
	vulns       int64  // vulnerabilities, at most
	software    int64  // programs, at most
	prefix      string // of host names
	oses        []system
}

// system is an operating system. The name of a model system ends in a model number, as those
// of many small devices do, so that the number of distinct names grows with the fleet (seen).
type system struct {
	weight          int64
	name            string
	vendor, product string
	version         string
	eol, eolExt     int64
	model           bool
}

var windowsClients = []system{
	{50, "Microsoft Windows 11 (23H2)", "Microsoft", "Windows 11", "10.0.22631", 1762819200, 1762819200, false},
	{22, "Microsoft Windows 11 (24H2)", "Microsoft", "Windows 11", "10.0.26100", 1791936000, 1791936000, false},
	{14, "Microsoft Windows 10 (22H2)", "Microsoft", "Windows 10", "10.0.19045", 1760400000, 1855008000, false},
	{9, "Apple macOS 15", "Apple", "macOS", "15.3", 0, 0, false},
	{5, "Apple macOS 13", "Apple", "macOS", "13.7", 1758499200, 1758499200, false},
	{3, "Ubuntu Linux 22.04", "Canonical", "Ubuntu Linux", "22.04", 1806537600, 1964304000, false},
	{1, "Microsoft Windows 7 SP1", "Microsoft", "Windows 7", "6.1.7601", 1578960000, 1673308800, false},
}

var servers = []system{
	{26, "Microsoft Windows Server 2019 (1809)", "Microsoft", "Windows Server 2019", "10.0.17763", 1704758400, 1862784000, false},
	{20, "Microsoft Windows Server 2022 (21H2)", "Microsoft", "Windows Server 2022", "10.0.20348", 1791849600, 1949443200, false},
	{18, "Ubuntu Linux 22.04", "Canonical", "Ubuntu Linux", "22.04", 1806537600, 1964304000, false},
	{11, "Red Hat Enterprise Linux 8.9", "Red Hat", "Enterprise Linux", "8.9", 1874966400, 1969660800, false},
	{8, "Debian Linux 12", "Debian", "Debian Linux", "12", 1781049600, 1845936000, false},
	{6, "Debian Linux", "Debian", "Debian Linux", "9", 1595030400, 1656633600, false},
	{5, "Microsoft Windows Server 2012 R2", "Microsoft", "Windows Server 2012 R2", "6.3.9600", 1539043200, 1696896000, false},
	{3, "CentOS Linux 7", "CentOS", "CentOS Linux", "7.9", 1719705600, 1719705600, false},
	{2, "FreeBSD 13.2", "FreeBSD", "FreeBSD", "13.2", 1719705600, 1719705600, false},
	{1, "", "", "", "", 0, 0, false},
}

var classes = []class{
	{"Laptop", 58, office, [2]int64{133, 466}, 0, 4, 40, 90, "lt", windowsClients},
	{"Desktop", 30, office, [2]int64{200, 600}, 0, 5, 50, 80, "ws", windowsClients},
	{"Server", 34, steady, [2]int64{266, 800}, 4, 14, 120, 60, "srv", servers},
	{"Mobile", 20, pocket, [2]int64{12, 266}, 0, 1, 4, 5, "phone", []system{
		{60, "Apple iOS 18", "Apple", "iOS", "18.3", 0, 0, false}, {35, "Google Android 15", "Google", "Android", "15", 0, 0, false}, {5, "", "", "", "", 0, 0, false}}},
	{"Tablet", 4, pocket, [2]int64{40, 333}, 0, 1, 4, 5, "tab", []system{
		{80, "Apple iPadOS 18", "Apple", "iPadOS", "18.3", 0, 0, false}, {20, "Google Android 13", "Google", "Android", "13", 1772323200, 0, false}}},
	{"IP Phone", 16, steady, [2]int64{333, 1000}, 15, 3, 6, 1, "sip", []system{
		{60, "Polycom UC Software", "Polycom", "UC Software", "6.4", 0, 0, false}, {40, "Cisco IP Phone", "Cisco", "IP Phone Firmware", "12.8", 0, 0, false}}},
	{"Switch", 13, steady, [2]int64{600, 1666}, 2, 4, 12, 2, "sw", []system{
		{60, "Cisco IOS XE 17.9", "Cisco", "IOS XE", "17.9", 0, 0, false}, {25, "Cisco IOS 15.2", "Cisco", "IOS", "15.2", 1635638400, 1730246400, false}, {15, "Aruba AOS-CX", "HPE", "AOS-CX", "10.13", 0, 0, false}}},
	{"WAP", 12, steady, [2]int64{466, 1333}, 4, 3, 5, 1, "ap", []system{
		{70, "Ubiquiti UniFi", "Ubiquiti", "UniFi", "6.6", 0, 0, false}, {30, "Cisco Meraki", "Cisco", "Meraki", "29.5", 0, 0, false}}},
	{"Firewall", 3, steady, [2]int64{600, 1666}, 1, 6, 37, 2, "fw", []system{
		{60, "Fortinet FortiOS 7.2", "Fortinet", "FortiOS", "7.2.8", 1743379200, 1790640000, false}, {40, "Palo Alto Networks PAN-OS 10.2", "Palo Alto Networks", "PAN-OS", "10.2", 1790640000, 0, false}}},
	{"Router", 3, steady, [2]int64{600, 1666}, 2, 4, 14, 1, "rt", []system{
		{50, "Juniper Junos 21.4", "Juniper", "Junos", "21.4", 1734652800, 1750291200, false}, {50, "MikroTik RouterOS 7", "MikroTik", "RouterOS", "7.14", 0, 0, false}}},
	{"Printer", 9, steady, [2]int64{400, 1200}, 40, 6, 8, 1, "prn", []system{
		{55, "HP LaserJet", "HP", "LaserJet", "", 0, 0, true}, {25, "HP ENVY Pro 6400 series", "HP", "ENVY", "", 0, 0, false}, {20, "Brother NC-8900h", "Brother", "NC", "1.2", 0, 0, false}}},
	{"Multifunction Device", 4, steady, [2]int64{400, 1200}, 30, 7, 8, 1, "mfp", []system{
		{60, "Konica Minolta bizhub", "Konica Minolta", "bizhub", "", 0, 0, true}, {40, "Xerox VersaLink", "Xerox", "VersaLink", "", 0, 0, false}}},
	{"IP Camera", 14, steady, [2]int64{266, 1000}, 8, 4, 10, 1, "cam", []system{
		{50, "Axis Network Camera", "Axis", "AXIS OS", "", 0, 0, true}, {50, "Hikvision Network Camera", "Hikvision", "Network Camera", "", 0, 0, true}}},
	{"Hypervisor", 3, steady, [2]int64{466, 1333}, 1, 9, 30, 3, "esx", []system{
		{60, "VMware ESXi 7.0", "VMware", "ESXi", "7.0.3", 1759363200, 1806537600, false}, {40, "VMware ESXi 8.0", "VMware", "ESXi", "8.0.2", 1823126400, 0, false}}},
	{"BMC", 3, steady, [2]int64{466, 1333}, 3, 5, 9, 1, "idrac", []system{{1, "Dell iDRAC 9", "Dell", "iDRAC", "7.00", 0, 0, false}}},
	{"NAS", 2, steady, [2]int64{333, 1000}, 4, 8, 22, 4, "nas", []system{{1, "Synology DSM 7", "Synology", "DSM", "7.2", 0, 0, false}}},
	{"UPS", 3, steady, [2]int64{600, 1666}, 2, 3, 4, 1, "ups", []system{{1, "APC AOS 6.9", "APC", "AOS", "6.9", 0, 0, false}}},
	{"Smart TV", 3, pocket, [2]int64{200, 800}, 0, 3, 2, 1, "tv", []system{{1, "Samsung Tizen", "Samsung", "Tizen", "6.5", 0, 0, false}}},
	{"Thermostat", 3, steady, [2]int64{400, 1333}, 6, 2, 1, 0, "hvac", []system{{1, "Honeywell Lyric", "Honeywell", "Lyric", "", 0, 0, true}}},
	{"BACnet", 2, steady, [2]int64{600, 1666}, 5, 1, 2, 0, "bac", []system{{1, "Johnson Controls Metasys", "Johnson Controls", "Metasys", "", 0, 0, true}}},
	{"Medical", 2, steady, [2]int64{466, 1666}, 20, 3, 14, 2, "med", []system{
		{60, "Microsoft Windows 10 IoT Enterprise (1809)", "Microsoft", "Windows 10", "10.0.17763", 1704758400, 1862784000, false}, {40, "GE CARESCAPE", "GE", "CARESCAPE", "", 0, 0, true}}},
	{"Device", 9, steady, [2]int64{66, 600}, 30, 2, 2, 0, "esp", []system{
		{35, "TP-Link Kasa", "TP-Link", "Kasa", "", 0, 0, true}, {35, "Espressif ESP-IDF", "Espressif", "ESP-IDF", "", 0, 0, false}, {30, "", "", "", "", 0, 0, false}}},
	{"", 6, pocket, [2]int64{12, 200}, 0, 0, 0, 0, "", []system{{85, "", "", "", "", 0, 0, false}, {15, "Linux", "Linux", "Linux Kernel", "5.4.0-122-generic", 0, 0, false}}},
}

// port is a service as it appears on an asset.
type port struct {
	number   string
	protocol string
	product  string
}

var tcpPorts = []port{
	{"443", "tls", "openssl"}, {"80", "http", "nginx"}, {"22", "ssh", "openssh"}, {"445", "smb2", "windows"}, {"135", "epm", "windows"}, {"3389", "rdp", "windows"},
	{"8080", "http", "jetty"}, {"5985", "http", "winrm"}, {"139", "netbios", "windows"}, {"8443", "tls", "tomcat"}, {"25", "smtp", "postfix"}, {"3306", "mysql", "mysql"},
	{"1433", "mssql", "sql server"}, {"9100", "jetdirect", ""}, {"554", "rtsp", ""}, {"502", "modbus", ""},
}

var udpPorts = []port{{"161", "snmp", "net-snmp"}, {"137", "netbios", "windows"}, {"5353", "mdns", ""}, {"123", "ntp", "ntpd"}}

// level is a risk or a criticality. Ranks are the values of the rank fields. Those of info
// and low are assumed from their order, the others are seen.
type level struct {
	permille int64
	name     string
	rank     int64
}

var risks = []level{{450, "none", 0}, {120, "info", 0}, {210, "low", 1}, {130, "medium", 2}, {65, "high", 3}, {25, "critical", 4}}

var criticalities = []level{{700, "unset", 0}, {120, "low", 2}, {100, "medium", 3}, {60, "high", 4}, {20, "critical", 5}}

// integration is a source beside runZero's own scans. Its share is of the classes that
// people log into, or of every class.
type integration struct {
	name     string
	permille int64
	everyone bool
}

var integrations = []integration{
	{"AzureAD", 420, false}, {"CrowdStrike", 520, false}, {"Nessus", 310, true}, {"Qualys", 40, true}, {"AWS", 25, true}, {"Custom", 15, true},
}
