package main

// Of each poll, as the replica with the newest data or the fewest failures has it.
const (
	poll     = "org_name, collector"
	dataAge  = `(time() - max by (` + poll + `) (runzero_collector_last_success_timestamp_seconds))`
	interval = `max by (` + poll + `) (runzero_collector_interval_seconds)`
	failures = `min by (` + poll + `) (runzero_collector_consecutive_failures)`
	allowed  = `max by (` + poll + `) (runzero_collector_supported)`
	failing  = `max by (` + poll + `) (runzero_collector_success) == bool 0`
)

// supported leaves out what the console, the licence or the credential does not give access to.
func supported(text string) string { return text + ` and ` + allowed + ` == 1` }

func (b *board) collectors() []buildable {
	g := b.g
	largest := func(text string) query { return g.each("max by (collector) (" + text + ")") }
	next := func(by string) query {
		return g.each("min by (" + by + ") (runzero_collector_next_poll_timestamp_seconds) - time()")
	}
	now := []word{{to: ptr(0.0), text: "now", color: calm}}
	late := []level{{0, good}, {2, warn}, {3, bad}}
	return []buildable{
		table{
			frame: frame{"Collectors", "Each collector over all selected organizations, oldest data first. Interval: the longest time between two polls while nothing fails; assets are polled earlier when a task has changed them. Intervals: age of the oldest data in intervals; above 2 it is late, above 3 old. In a row: failed polls since the last good one. Failing: organizations whose last poll failed. Not allowed: organizations for which the console, licence or token does not allow it; tried again once a day.", noExporters, 24, 9},
			columns: []column{
				{name: "Collector", label: "collector"},
				{name: "Intervals", q: largest(supported(dataAge + " / " + interval)), unit: factor, width: 100, levels: late, fill: true},
				{name: "Oldest", q: largest(supported(dataAge)), width: 95, none: "none"},
				{name: "Interval", q: largest(interval), width: 95},
				{name: "Polled", q: g.each(`count by (collector) (` + interval + `)`), unit: number, width: 85},
				{name: "Failing", q: g.each(`sum by (collector) (` + supported(failing) + `)`), unit: number, width: 90, levels: []level{{1, bad}}, none: "0"},
				{name: "Not allowed", q: g.each(`sum by (collector) (1 - ` + allowed + `)`), width: 115},
				{name: "In a row", q: largest(supported(failures)), width: 95, levels: []level{{1, warn}}},
				{name: "Next poll", q: next("collector"), width: 100, words: now},
				{name: "Slowest", q: g.each(`max by (collector) (runzero_collector_duration_seconds)`), width: 95},
			},
			sort: []order{{"Intervals", true}},
		},
		graph{
			frame: frame{"Age of the data, in intervals", "Age of each collector's oldest data, in multiples of its interval. It rises to about 1 and falls with each poll; above 2 it is late.", noExporters, 12, 8},
			q:     []query{g.worst(supported(dataAge+" / "+interval), "collector").as("{{collector}}")},
			unit:  factor, softMax: ptr(2.2), limit: []level{{2, orange}},
		},
		graph{
			frame: frame{"Duration of polls", "The last poll of each collector; the slowest organization.", noExporters, 12, 8},
			q:     []query{g.worst(`max by (collector) (runzero_collector_duration_seconds)`, "collector").as("{{collector}}")},
		},
		graph{
			frame: frame{"Polls per hour, by reason", "Polls that these exporters started. Interval: it was due. Change: a task has ended that can change assets, or what has changed is unclear. Retry: the last poll failed. Reload: the configuration or a secret is new. Probe: to find out whether a failure is over, or calls are left again. Averaged over 6 hours, because polls are rare.", "No polls were made", 24, 8},
			q:     []query{g.total(`sum by (collector, reason) (increase(runzero_collector_poll_reason_total[6h])) / 6 > 0`, "collector", "reason").as("{{collector}} {{reason}}")},
			unit:  factor, stack: true,
		},
		table{
			frame: frame{"Collectors by organization, oldest data first", "The same by organization; empty for account-wide polls, which are also shown when an organization is selected. No data: the collector is allowed, and has none, because no poll has succeeded yet or the data became too old.", noExporters, 24, 11},
			columns: []column{
				{name: "Organization", label: "org_name", none: " "},
				{name: "Collector", label: "collector"},
				{name: "Intervals", q: g.each(supported(dataAge + " / " + interval)), unit: factor, width: 100, levels: late, fill: true},
				{
					name: "State",
					q: g.each(`3 * (` + allowed + ` == bool 0) == 3
						or 2 * (` + allowed + ` unless max by (` + poll + `) (runzero_collector_last_success_timestamp_seconds))
						or ` + failing),
					unit: number, width: 110,
					words: []word{{value: 0, text: "good", color: good}, {value: 1, text: "failing", color: bad}, {value: 2, text: "no data", color: bad}, {value: 3, text: "not allowed", color: calm}},
				},
				{name: "Data age", q: g.each(supported(dataAge)), width: 100, none: "none"},
				{name: "Interval", q: g.each(interval), width: 95},
				{name: "In a row", q: g.each(supported(failures)), width: 95, levels: []level{{1, warn}}},
				{name: "Last poll", q: b.ago(poll, "runzero_collector_last_attempt_timestamp_seconds"), width: 100, none: "never"},
				{name: "Next poll", q: next(poll), width: 100, words: now},
			},
			sort: []order{{"Intervals", true}},
		},
		table{
			frame: frame{"Folded values", "Labels with more values than are exported by name, and how many of these are counted as `other` or left out: see --collector.assets.top.", "No folded values", 24, 7},
			columns: []column{
				{name: "Organization", label: "org_name"}, {name: "Collector", label: "collector"}, {name: "Label", label: "label"},
				{name: "Values", q: g.each(`max by (org_name, collector, label) (runzero_collector_folded_values) > 0`), width: 100},
			},
			sort: []order{{"Values", true}},
		},
	}
}

func (b *board) calls() []buildable {
	g := b.g
	const response = "runzero_api_request_duration_seconds"
	return []buildable{
		graph{
			frame: frame{"Calls per hour, by endpoint", "Calls of these exporters, including token requests and failures. Averaged over 6 hours, because polls are rare.", "No calls were made", 12, 8},
			q:     []query{g.total(`sum by (endpoint) (increase(runzero_api_requests_total[6h])) / 6`, "endpoint").as("{{endpoint}}")}, unit: factor, stack: true,
		},
		graph{
			frame: frame{"Failed calls per hour", "By endpoint and HTTP status; error means that there was no response. Averaged over 6 hours.", "No failed calls", 12, 8},
			q:     []query{g.total(`sum by (endpoint, code) (increase(runzero_api_requests_total{code!~"2.."}[6h])) / 6 > 0`, "endpoint", "code").as("{{code}} {{endpoint}}")}, unit: factor,
		},
		graph{
			frame: frame{"Response time", "Until the end of the response: 95th percentile, over 6 hours, of the slowest account.", "No calls were made", 12, 8},
			// The buckets of a classic histogram, or a native one. Without calls it is not a number.
			q: []query{g.worst(`(histogram_quantile(0.95, sum by (endpoint, le) (rate(`+response+`_bucket[6h]))) or histogram_quantile(0.95, sum by (endpoint) (rate(`+response+`[6h])))) >= 0`, "endpoint").as("{{endpoint}}")},
		},
		graph{
			frame: frame{"Bytes read per day", "Bytes of responses after decompression, over the last 24 hours.", "No calls were made", 12, 8},
			q:     []query{g.total(`sum by (endpoint) (increase(runzero_api_response_bytes_total[1d]))`, "endpoint").as("{{endpoint}}")}, stack: true,
		},
	}
}

func (b *board) exportersTable() table {
	g := b.g
	yes := func(no string) []word {
		return []word{{value: 0, text: no, color: bad}, {value: 1, text: "good", color: good}}
	}
	process := func(text string) query {
		return g.each(`max by (instance) (` + text + ` and on (instance) ` + instances + `)`)
	}
	// An exporter may have several accounts.
	account := func(metric string) query {
		return g.least(`min by (instance) (`+metric+`)`, "cluster", "namespace", "job", "instance")
	}
	return table{
		frame: frame{"Exporters", "Exporters that were scraped within the last day. API: whether the last call got a response; a dash for a replica that follows another. Console: the console's own health report. Saved: whether the last write to --cache.dir succeeded; a dash without --cache.dir. Reload: whether the last reload of the configuration succeeded, and how long ago one did.", "No exporter was scraped within a day", 24, 8},
		columns: []column{
			{name: "Instance", label: "instance"},
			{name: "Scrape", q: process(`up`), width: 90, words: yes("down")},
			{name: "API", q: account("runzero_up" + follows), width: 85, words: yes("failing")},
			{name: "Console", q: account("runzero_console_healthy"), width: 95, words: yes("unhealthy")},
			{name: "Reload", q: g.each(`max by (instance) (runzero_exporter_config_last_reload_successful)`), width: 90, words: yes("failed")},
			{name: "Reloaded", q: g.each(`time() - max by (instance) (runzero_exporter_config_last_reload_success_timestamp_seconds)`), width: 100},
			{name: "Saved", q: g.each(`max by (instance) (runzero_exporter_store_success)`), width: 85, words: yes("failing")},
			{name: "Running", q: g.each(`time() - max by (instance) (process_start_time_seconds and on (instance) ` + instances + `)`), width: 95},
			{name: "Memory", q: process(`process_resident_memory_bytes`), width: 95},
			{name: "CPU", q: process(`rate(process_cpu_seconds_total[$__rate_interval])`), width: 85, decimals: ptr(2.0)},
			{name: "Series", q: process(`scrape_samples_scraped`), width: 85},
			{name: "build", q: g.each(`max by (instance, version) (runzero_exporter_build_info)`), info: true},
			{name: "Version", label: "version", width: 110},
		},
		sort: []order{{"Scrape", false}},
	}
}
