package simulator

import (
	"fmt"
	"strings"
)

// explorer is one of an organization's scanners.
type explorer struct {
	key      key
	id       string
	name     string
	site     *site // nil: not bound to a site
	os, arch string
	version  string
	inactive bool
	// flaky is how many of 40 six-hour blocks have an outage.
	flaky   int64
	removed int64 // when it was, if inactive
	// Of incidents: when it is offline, when it is offline for the first third of each hour, when it is not listed.
	outages, flaps, deleted []span
}

const oldVersion = "4.0.251103.0"

func (c *Console) buildExplorers(o *org) {
	add := func(e *explorer) {
		e.key = o.key.sub(drawExplorer).sub(uint64(len(o.explorers)))
		e.id = e.key.uuid()
		e.version = fmt.Sprintf("%s (build %s) [%s]", e.version, "20"+buildDate(e.version)+"190835", e.key.sub(4).hex(12))
		o.explorers = append(o.explorers, e)
	}
	prefix := strings.ToUpper(strings.SplitN(o.name, " ", 2)[0])
	add(&explorer{name: prefix + "-RZ01", os: "linux", arch: "amd64", version: c.opts.Version, flaky: 1})
	add(&explorer{name: prefix + "-RZ02", os: "windows", arch: "amd64", version: oldVersion, flaky: 2, site: o.sites[min(1, len(o.sites)-1)]})
	switch o.index {
	case 1:
		// Two Explorers may have one name (seen).
		add(&explorer{name: prefix + "-RZ01", os: "linux", arch: "arm64", version: c.opts.Version, flaky: 3, site: o.sites[0]})
	case 0:
		add(&explorer{name: "raspberry", os: "linux", arch: "arm64", version: c.opts.Version, flaky: 14, site: o.sites[len(o.sites)-1]})
		add(&explorer{name: prefix + "-RZ03", os: "linux", arch: "amd64", version: oldVersion, inactive: true, removed: c.anchor - 2*day + hour, site: o.sites[0]})
	}
}

// buildDate is the date inside a version such as 5.1.260818.0.
func buildDate(version string) string {
	for part := range strings.SplitSeq(version, ".") {
		if len(part) == 6 {
			return part
		}
	}
	return "260101"
}

// connection is whether the Explorer is connected at t, since when it is not, and when it
// last checked in. Outages do not cross their six-hour block.
func (e *explorer) connection(t int64) (connected bool, since, checkin int64) {
	const block = 6 * hour
	beat := e.key.below(20)
	checkin = t - floorMod(t+beat, 20)
	if e.gone(t) {
		return false, e.removed - hour, e.removed - hour
	}
	if outage, offline := within(e.outages, t); offline {
		return false, outage.from, outage.from - beat - 1
	}
	if began := floorDiv(t, hour) * hour; t < began+hour/3 {
		if _, flaps := within(e.flaps, t); flaps {
			return false, began, began - beat - 1
		}
	}
	n := floorDiv(t, block)
	k := e.key.sub(drawDrop).sub(uint64(n))
	if k.below(40) >= e.flaky {
		return true, 0, checkin
	}
	from := n*block + k.sub(1).below(3*hour)
	to := from + k.sub(2).between(10*minute, 3*hour)
	if t < from || t >= to {
		return true, 0, checkin
	}
	return false, from, from - beat - 1
}

// gone is whether the Explorer was removed before t.
func (e *explorer) gone(t int64) bool { return e.inactive && t >= e.removed }

func (v *view) explorerRows(o *org) []row {
	rows := make([]row, 0, len(o.explorers))
	for _, e := range o.explorers {
		if _, deleted := within(e.deleted, v.now); !deleted {
			rows = append(rows, v.explorerRow(o, e))
		}
	}
	return rows
}

func (v *view) explorerRow(o *org, e *explorer) row {
	connected, since, checkin := e.connection(v.now)
	siteID := zeroUUID
	if e.site != nil {
		siteID = e.site.id
	}
	deactivated := int64(0)
	if e.gone(v.now) {
		deactivated = e.removed
	}
	boot := v.now - floorMod(v.now+e.key.below(20*day), 20*day)
	return row{
		"id": e.id, "client_id": v.c.clientID, "organization_id": o.id, "site_id": siteID,
		"created_at": v.c.createdAt + e.key.below(100*day), "updated_at": checkin, "last_checkin": checkin,
		"host_id": e.key.sub(1).hex(32), "hub_id": e.key.sub(2).uuid(), "name": e.name,
		"os": e.os, "arch": e.arch, "version": e.version,
		"external_ip": "10.66.6.66", "internal_ip": "10.66.6.66",
		"connected": connected, "inactive": e.gone(v.now), "deactivated_at": deactivated, "disconnected_at": since, "offlined_at": since,
		"offline_notified_at": since, "settings": row{"max_concurrent_scans": 1}, "tags": row{"PLANTED-location": "PLANTED"},
		"system_info": row{
			"attributes": row{"CanScreenshot": "true", "CanSample": "true"},
			"mem":        row{"total": int64(8 << 30), "used": int64(1<<30) + e.key.below(1<<30)},
			"host":       row{"uptime": v.now - boot, "bootTime": boot, "hostname": "PLANTED-" + e.name},
			"started":    boot * 1e9, "timestamp": checkin,
			"env":   []string{"PATH=/PLANTED/bin", "HTTP_PROXY_PASSWORD=PLANTED-" + e.key.sub(5).hex(8)},
			"users": []row{{"name": "PLANTED-user", "email": "PLANTED.user@example.com"}},
			"net":   []row{{"mac": "PLANTED:66:06:66", "addr": "10.66.6.66", "label": "PLANTED-nic"}},
		},
	}
}

// available is the Explorer that a group takes: the first that is connected, else the first.
func (v *view) available(o *org) *explorer {
	for _, e := range o.explorers {
		if connected, _, _ := e.connection(v.now); connected {
			return e
		}
	}
	return o.explorers[0]
}
