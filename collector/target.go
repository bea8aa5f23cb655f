package collector

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// target is something that Prometheus can scrape or probe.
type target struct {
	at       netip.AddrPort // port 0: none
	asset    string         // its id
	site     string         // its key, and its site_name in a document
	name     string         // empty: unknown
	typ, os  string
	protocol string            // of a service; empty: unknown
	tags     map[string]string // by what follows tag_ in the name of the label
}

// target makes a target of a record. One that has no usable address, or is a service without a port, is not usable.
func (d Discovery) target(row *runzero.Target, site string) (t target, usable bool) {
	port := int64(d.Port)
	t = target{asset: row.AssetID, site: site, name: row.Name, typ: row.Type, os: row.OS}
	addresses := row.Addresses
	if d.Of == "services" {
		port, _ = row.Service.Port.Get()
		if port <= 0 || port > math.MaxUint16 {
			return t, false
		}
		t.protocol, addresses = row.Service.Protocol, []string{row.Service.Address}
	}
	for _, text := range addresses {
		if address, ok := reachable(text); ok {
			t.at = netip.AddrPortFrom(address, uint16(port))
			return t, true
		}
	}
	return t, false
}

// reachable reads an address that Prometheus can reach from elsewhere. A link-local or loopback one would lead it to another
// machine, or to itself.
func reachable(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	a = a.Unmap()
	return a, err == nil && a.Zone() == "" && a.IsGlobalUnicast()
}

// order is that of targets in a document, which does not depend on the order of the records.
func (t *target) order(other *target) int {
	return cmp.Or(t.at.Compare(other.at), cmp.Compare(t.asset, other.asset), cmp.Compare(t.protocol, other.protocol))
}

// targetSet keeps the first targets in their order, each address once. Its memory is bounded, however many are added.
type targetSet struct {
	most    int
	kept    []target
	sorted  int // so many of kept are sorted, and each is another address
	dropped int64
}

// add adds a target, whose tags are of its record.
func (s *targetSet) add(t target, tags []runzero.NamedTag) {
	if s.sorted == s.most && t.at.Compare(s.kept[s.most-1].at) > 0 {
		s.dropped++
		return
	}
	t.name, t.protocol, t.typ, t.os = labelOrNone(t.name), labelOrNone(t.protocol), Label(t.typ), Label(t.os)
	t.tags = tagLabels(tags)
	if s.kept = append(s.kept, t); len(s.kept) >= 2*s.most {
		s.compact()
	}
}

func (s *targetSet) compact() {
	slices.SortFunc(s.kept, func(a, b target) int { return a.order(&b) })
	s.kept = slices.CompactFunc(s.kept, func(a, b target) bool { return a.at == b.at })
	if n := len(s.kept) - s.most; n > 0 {
		s.dropped += int64(n)
		s.kept = slices.Delete(s.kept, s.most, len(s.kept))
	}
	s.sorted = len(s.kept)
}

// all returns the targets, and how many were left out because there are too many. An address that is left out counts as
// often as it was added.
func (s *targetSet) all() (kept []target, dropped int64) {
	s.compact()
	return s.kept, s.dropped
}

// labelOrNone is Label, but empty if nothing is left.
func labelOrNone(text string) string {
	if label := Label(text); label != unknown || strings.TrimSpace(text) == unknown {
		return label
	}
	return ""
}

// bareTag is the value of the label of a tag without one: Prometheus drops labels without a value.
const bareTag = "true"

// tagLabels returns the values of tags by names that are valid in a label. A name that is valid keeps it. Of several that
// become the same, the first in their order keeps it, and the hash of its name is added to each other one.
func tagLabels(tags []runzero.NamedTag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	tags = slices.SortedFunc(slices.Values(tags), func(a, b runzero.NamedTag) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	labels := make(map[string]string, len(tags))
	for _, valid := range []bool{true, false} {
		for _, tag := range tags {
			label := tagName(tag.Name)
			if label == "" || (label == tag.Name) != valid {
				continue
			}
			if _, taken := labels[label]; taken {
				label += "_" + idSuffix("tag " + tag.Name)[:8]
			}
			labels[label] = cmp.Or(labelOrNone(tag.Value), bareTag)
		}
	}
	return labels
}

const longestTagName = 64

// tagName replaces what the name of a label cannot contain, as Prometheus's own service discoveries do.
func tagName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, shorten(labelOrNone(name), longestTagName))
}

// metaLabels are what all targets of a poll have in common.
type metaLabels struct{ discovery, organization, account string }

// TargetGroup is an entry of Prometheus's HTTP service discovery:
// https://prometheus.io/docs/prometheus/latest/http_sd/
type TargetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// document returns the targets in the format of Prometheus's HTTP service discovery.
func document(targets []target, common metaLabels) (json.RawMessage, error) {
	groups := make([]TargetGroup, 0, len(targets))
	for _, t := range targets {
		groups = append(groups, TargetGroup{[]string{t.hostPort()}, t.labels(common)})
	}
	text, err := json.Marshal(groups)
	if err != nil {
		return nil, fmt.Errorf("encoding targets: %w", err)
	}
	return text, nil
}

// LoadTargets returns the Targets of a cached Snapshot; nil if they are no array.
func LoadTargets(state json.RawMessage) json.RawMessage {
	if text := bytes.TrimSpace(state); len(text) > 0 && text[0] == '[' {
		return text
	}
	return nil
}

// hostPort is the target as Prometheus wants it: IPv6 addresses are in brackets.
func (t *target) hostPort() string {
	return strings.TrimSuffix(t.at.String(), ":0") // no port
}

// metaLabel begins the name of each label. Prometheus drops these labels after relabelling.
const metaLabel = "__meta_runzero_"

func (t *target) labels(common metaLabels) map[string]string {
	labels := make(map[string]string, 10+len(t.tags))
	for name, value := range map[string]string{
		"discovery": common.discovery, "org_name": common.organization, "account_name": common.account,
		"asset_id": t.asset, "site_name": t.site, "name": t.name, "type": t.typ, "os": t.os, "address": t.at.Addr().String(), "protocol": t.protocol,
	} {
		if value != "" {
			labels[metaLabel+name] = value
		}
	}
	for name, value := range t.tags {
		labels[metaLabel+"tag_"+name] = value
	}
	return labels
}
