package scan

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// secretOption matches the names of options whose values are secrets, such as snmp-comms and snmp-v3-auth-passphrase.
var secretOption = regexp.MustCompile(`(?i)passw|passphrase|secret|token|comms|community|communities|private-?key|api-?key`)

// Further holds the options of a scan that have no flag of their own, by their names in the
// API. It is the value of a repeatable flag.
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
