package scan

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// siteScope is the API's word for the site's own scope.
const siteScope = "defaults"

// target is what one target covers. Addresses are invalid where it is not written as addresses: names, and runZero's
// keywords such as domain:example.com and country:de.
type target struct {
	first, last netip.Addr
	host        string
}

// splitTargets splits the values of --targets. Without any, the site's own scope is scanned.
func splitTargets(values []string) ([]string, error) {
	var targets []string
	for text := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if text = strings.TrimSpace(text); text != "" {
			targets = append(targets, text)
		}
	}
	switch {
	case len(targets) == 0 && len(values) > 0:
		return nil, errors.New("--targets is empty: name what to scan, or remove it to scan the site's own scope")
	case len(targets) == 0:
		targets = []string{siteScope}
	}
	return targets, nil
}

// checkTargets refuses what is not a target, and with public what a hosted zone cannot scan.
func checkTargets(targets []string, public bool) error {
	for _, text := range targets {
		parsed, ok := parseTarget(text)
		switch {
		case !ok:
			return fmt.Errorf("--targets: %q is not a target: write addresses, networks like 10.0.0.0/24, ranges like 10.0.0.1-10.0.0.9, host names or URLs, separated by commas; "+
				"--force sends it all the same", withoutLogin(text))
		case !public:
		case strings.EqualFold(text, siteScope):
			return errors.New("a hosted zone scans public targets only, and it is not known whether the site's own scope is public: name what to scan with --targets")
		case !parsed.public():
			return fmt.Errorf("--targets: a hosted zone scans public targets only, and %q is not public: scan it from an Explorer, with --explorer or --explorer-group", withoutLogin(text))
		}
	}
	return nil
}

var (
	hostName = regexp.MustCompile(`^[\pL\pN_]([\pL\pN_-]{0,61}[\pL\pN_])?(\.[\pL\pN_]([\pL\pN_-]{0,61}[\pL\pN_])?)*\.?$`)
	keyword  = regexp.MustCompile(`^(asn[46]?:\d+|[a-z]+[46]?:\pL[\pL\pN._-]*)$`) // such as domain:example.com and country4:de
)

// withoutLogin returns a target for a message. A URL may hold a password.
func withoutLogin(text string) string {
	if i := strings.LastIndex(text, "@"); i >= 0 {
		text = "…" + text[i:]
	}
	return collector.Label(text)
}

// parseTarget parses every form that runZero documents.
func parseTarget(text string) (target, bool) {
	if scheme, _, found := strings.Cut(text, "://"); found {
		u, err := url.Parse(text)
		if err != nil || u.User != nil || scheme != "http" && scheme != "https" {
			return target{}, false
		}
		return parseHost(u.Hostname())
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return target{first: prefix.Masked().Addr(), last: lastOf(prefix)}, true
	}
	if from, to, found := strings.Cut(text, "-"); found {
		if first, err := netip.ParseAddr(from); err == nil {
			last, ok := endOfRange(first, to)
			return target{first: first, last: last}, ok
		}
	}
	if keyword.MatchString(text) {
		return target{}, true
	}
	name, bits, masked := strings.Cut(text, "/") // the network of a host
	if n, err := strconv.Atoi(bits); masked && (err != nil || n < 0 || n > 128) {
		return target{}, false
	}
	parsed, ok := parseHost(name)
	return parsed, ok && (!masked || !parsed.first.IsValid())
}

// parseHost parses an address or a host name.
func parseHost(text string) (target, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap().WithZone("")
		return target{first: address, last: address}, true
	}
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	number := strings.TrimFunc(labels[len(labels)-1], unicode.IsDigit) == "" // no name ends with one
	return target{host: text}, !number && len(text) <= 253 && hostName.MatchString(text)
}

// endOfRange parses the end of a range: an address, or its last number.
func endOfRange(first netip.Addr, end string) (netip.Addr, bool) {
	last, err := netip.ParseAddr(end)
	if n, numberErr := strconv.ParseUint(end, 10, 8); numberErr == nil && first.Is4() {
		bytes := first.As4()
		bytes[3] = byte(n)
		last, err = netip.AddrFrom4(bytes), nil
	}
	return last, err == nil && first.Is4() == last.Is4() && !last.Less(first)
}

// lastOf returns the last address of a network.
func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes) // of the same length
	return last
}

// public reports whether everything that a target covers may be on the Internet. What names stand for is not known.
func (t target) public() bool {
	if !t.first.IsValid() {
		host := "." + strings.TrimSuffix(strings.ToLower(t.host), ".")
		return !strings.HasSuffix(host, ".localhost")
	}
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", // IPv4
		"::/127", "::ffff:0:0/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		special := netip.MustParsePrefix(text)
		if special.Addr().Is4() == t.first.Is4() && !t.last.Less(special.Addr()) && !lastOf(special).Less(t.first) {
			return false
		}
	}
	return true
}
