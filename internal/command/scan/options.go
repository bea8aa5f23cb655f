package scan

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

// secretOption matches the names of options whose values are secrets, such as snmp-comms and snmp-v3-auth-passphrase.
var secretOption = regexp.MustCompile(`(?i)passw|passphrase|secret|token|comms|community|communities|private-?key|api-?key`)

// Further holds options of a scan without a flag of their own, by their names in the API, as a repeatable flag.
type Further map[string]string

// Set implements kingpin.Value.
func (f Further) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	flag := map[string]string{
		"targets": "--targets", "scan-name": "--name", "rate": "--rate", "explorer": "--explorer", "agent": "--explorer",
		"explorer-group-id": "--explorer-group", "hosted-zone-id": "--hosted-zone", "hosted-zone-name": "--hosted-zone",
	}[key]
	switch _, duplicate := f[key]; {
	case !ok || key == "":
		return errors.New("--option must be KEY=VALUE, such as tcp-ports=1-1000")
	case secretOption.MatchString(key):
		return fmt.Errorf("--option=%s cannot be used: its value is a secret, and everybody on this machine can read the command line; set it in the console, as a credential or in a scan template", key)
	case flag != "":
		return fmt.Errorf("--option=%s cannot be used: use %s", key, flag)
	case duplicate:
		return fmt.Errorf("--option=%s is set twice", key)
	}
	f[key] = value
	return nil
}

// String implements kingpin.Value.
func (f Further) String() string { return "" }

// IsCumulative makes the flag repeatable in kingpin.
func (f Further) IsCumulative() bool { return true }

// check refuses options that neither runZero's specification nor its examples know: the console would ignore them, and
// scan something else than was meant.
func (f Further) check() error {
	known := []string{
		// ScanOptions of the specification, without those that have flags.
		"excludes", "scan-description", "scan-template", "scan-frequency", "scan-start", "scan-tags", "scan-grace-period",
		"max-host-rate", "passes", "max-attempts", "max-sockets", "max-group-size", "max-ttl", "tos", "tcp-ports", "tcp-excludes",
		"screenshots", "nameservers", "subnet-ping", "subnet-ping-net-size", "subnet-ping-probes", "subnet-ping-sample-rate",
		"host-ping", "host-ping-probes", "probes",
		// The API usage examples.
		"udp-ports", "max-hosts", "max-duration",
	}
	// The specification also allows options of each probe, like dns-port, without a list of them.
	probes := []string{
		"arp", "bacnet", "connect", "dns", "echo", "ike", "ipmi", "mdns", "memcache", "mssql", "natpmp", "netbios", "ntp", "openvpn", "pca",
		"rdns", "rpcbind", "sip", "snmp", "ssdp", "sunrpc", "syn", "ubnt", "wlan-list", "wsd",
	}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if slices.Contains(known, key) || slices.ContainsFunc(probes, func(probe string) bool { return strings.HasPrefix(key, probe+"-") }) {
			continue
		}
		advice := "runZero documents " + strings.Join(known, ", ")
		if nearest := command.Nearest(key, known); nearest != "" {
			advice = "perhaps you mean " + nearest
		}
		return fmt.Errorf("--option: unknown option %q: %s; --force sends it all the same", collector.Label(key), advice)
	}
	return nil
}
