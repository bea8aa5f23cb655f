package simulator

// zone is a hosted zone: Explorers that runZero runs, for all organizations of the account.
type zone struct {
	key       key
	id        string
	name      string
	enabled   bool
	explorers int64 // and tasks at a time
}

func (c *Console) buildZones() {
	for i, z := range []zone{{name: "zone1", enabled: true, explorers: 4}, {name: "zone2", enabled: true, explorers: 2}, {name: "zone3"}} {
		z.key = c.seed.sub(drawZone).sub(uint64(i))
		z.id = z.key.uuid()
		c.zones = append(c.zones, &z)
	}
}

// load is how many tasks a zone runs and how many wait: those of other customers, which
// change every ten minutes, and started scans.
func (v *view) load(z *zone) (active, waiting int64) {
	if !z.enabled {
		return 0, 0
	}
	n := z.key.sub(uint64(floorDiv(v.now, 10*minute))).below(z.explorers + 3)
	for _, m := range v.started {
		if m.zone == z && v.now < m.run.scanEnd {
			n++
		}
	}
	active = min(n, z.explorers)
	return active, n - active
}

// zone finds a hosted zone by name or id (documented); auto is the one with the shortest
// queue. It returns nil if there is none.
func (v *view) zone(name string) *zone {
	var best *zone
	var shortest int64
	for _, z := range v.c.zones {
		if z.name == name || z.id == name {
			return z
		}
		active, waiting := v.load(z)
		if n := active + waiting - z.explorers; name == "auto" && z.enabled && (best == nil || n < shortest) {
			best, shortest = z, n
		}
	}
	return best
}

func (v *view) zoneRows(*org) []row {
	var rows []row
	for _, z := range v.c.zones {
		active, waiting := v.load(z)
		rows = append(rows, row{
			"id": z.id, "name": z.name, "enabled": z.enabled, "updated_at": "2023-03-06T18:14:50.520299Z", "processor_id": z.key.sub(1).uuid(),
			"explorers_concurrency": z.explorers, "explorers_total": z.explorers, "tasks_active": active, "tasks_waiting": waiting, "organization_id": zeroUUID,
		})
	}
	return rows
}
