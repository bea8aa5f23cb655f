package main

// Each exporter spends calls of its own, and may spend a share of its own. Replicas that share --cache.url all report those
// of the one that leads: they count once, and if none leads, any of them. The account's calls are the same for all.
const (
	follows = ` unless on (instance) runzero_exporter_leader == 0`
	left    = `(max by () (runzero_api_usage_remaining and changes(runzero_api_usage_remaining[2h]) > 0` + follows + `)
		or min by () (runzero_api_usage_remaining` + follows + `) or min by () (runzero_api_usage_remaining))`
	daily  = `(max by () (runzero_api_usage_limit` + follows + `) or max by () (runzero_api_usage_limit))`
	spent  = `(sum by () (max by (instance) (runzero_exporter_spent_calls` + follows + `)) or max by () (runzero_exporter_spent_calls))`
	budget = `(sum by () (max by (instance) (runzero_exporter_budget_calls` + follows + `)) or max by () (runzero_exporter_budget_calls))`
	demand = `(sum by () (max by (instance) (runzero_exporter_demand_calls` + follows + `)) or max by () (runzero_exporter_demand_calls))`
	others = `clamp_min(` + daily + ` - ` + left + ` - ` + spent + `, 0)`
	reset  = `max by () (runzero_api_usage_reset_timestamp_seconds) - time()`
	// -1 if all calls are used up; 0 if they should have run out by now, which the next response tells.
	runsOut = `0 * (` + left + ` <= 0) - 1 or clamp_min(min by () (runzero_api_usage_exhaustion_timestamp_seconds) - time(), 0)`
	up      = `(max by () (runzero_up` + follows + `) or max by () (runzero_up))`
	// Why an exporter does not poll; 0 if it does. Replicas that follow another are left out.
	pause = `(4 * runzero_api_paused{reason="auth"} or 3 * runzero_api_paused{reason="quota"} or 2 * runzero_api_paused{reason="reserve"} or runzero_api_paused{reason="rate_limit"})` + follows
	// Of several, one that polls is enough.
	paused = `min by () (max by (instance) (` + pause + `)) or 5 + 0 * max by () (runzero_exporter_spent_calls)`
)

func pauseWords() []word {
	return []word{
		{value: 0, text: "polling", color: good}, {value: 1, text: "paused: rate limit", color: warn}, {value: 2, text: "paused: reserve", color: bad},
		{value: 3, text: "paused: quota", color: bad}, {value: 4, text: "paused: credential", color: bad},
		{value: 5, text: "no leader", color: bad},
	}
}

func roleWords() []word {
	return []word{{value: -1, text: "store away", color: bad}, {value: 0, text: "follows", color: calm}, {value: 1, text: "leads", color: good}}
}

func outWords() []word {
	return []word{{value: -1, text: "used up", color: bad}, {value: 0, text: "any moment", color: bad}, {from: ptr(1e8), text: "not today", color: good}}
}

func (b *board) quotaTiles() []buildable {
	g := b.g
	table := b.see("Calls of each account")
	return []buildable{
		stat{
			frame: frame{"Calls used today", "Share of the account's daily API calls that is used, by all tools together, for the account that has used most of them.", "limit unknown", 4, 4},
			q:     g.worst(`1 - ` + left + ` / (` + daily + ` > 0)`), decimals: ptr(0.0), levels: []level{{0, good}, {0.75, warn}, {0.9, bad}}, link: table,
		},
		stat{
			frame: frame{"Runs out in", "When the calls run out at the present rate of all tools together, for the account that runs out first. Any moment: they should have run out by now; the console's next response tells.", "limit unknown", 4, 4},
			q:     g.least(runsOut + ` or 1e9 + 0 * ` + daily), unit: seconds, decimals: ptr(0.0), levels: []level{{-1e10, bad}}, words: outWords(), link: table,
		},
		stat{
			frame: frame{"Quota resets in", "When the account's count of calls is expected to restart, for the account that waits longest. Learned from API responses; midnight UTC until then.", "limit unknown", 4, 4},
			q:     g.worst(reset), decimals: ptr(1.0),
		},
		stat{
			frame: frame{"Used by others", "Share of the daily calls spent today by anything but these exporters, for the account with the largest share: the limit, minus the calls left, minus the exporters' own calls.", "limit unknown", 4, 4},
			q:     g.worst(others + ` / (` + daily + ` > 0)`), decimals: ptr(0.0), link: b.see("API keys with the most calls today"),
		},
		stat{
			frame: frame{"Own share used", "Calls that these exporters made today, as a share of what --quota.share allows them, for the account with the largest share.", "limit unknown", 4, 4},
			q:     g.worst(spent + ` / (` + budget + ` > 0)`), unit: share, decimals: ptr(0.0), link: b.see("Replicas: who polls"),
		},
		stat{
			frame: frame{"Interval stretch", "The factor by which the collectors' intervals are multiplied so that the share lasts, for the account with the largest; 1 means as configured. Data gets older by the same factor.", "no response", 4, 4},
			q:     g.worst(`max by () (runzero_exporter_interval_stretch_ratio)`), decimals: ptr(1.0), levels: []level{{0, good}, {1.05, warn}}, link: table,
		},
		stat{
			frame: frame{"Polling", "Whether the exporter polls the API, and if not, why: of the account with the worst reason. Of several replicas, one that polls is enough. Quota: its share of the day is spent, or the account has no calls left. Reserve: the account is down to --quota.reserve. Rate limit: too many requests in a short time. Credential: the console rejects it. No leader: none of the replicas that share a store may poll. The last data is still exported.", "no response", 4, 4},
			q:     g.worst(paused), unit: factor, words: pauseWords(), link: b.see("Replicas: who polls"),
		},
		stat{
			frame: frame{"Exporters down", "Exporters that were scraped within the last day and do not respond now.", "no exporter was scraped", 4, 4},
			q:     g.total(`1 - max by (instance) (up and on (instance) ` + instances + `)`), levels: alarm(bad), link: b.see("Exporters"),
		},
		stat{
			frame: frame{"Consoles unhealthy", "Consoles that report that they are not healthy, or that did not respond to the last call of any replica.", "no response", 4, 4},
			q:     g.total(`1 - (` + up + ` * (min by () (runzero_console_healthy) or 1 + 0 * ` + up + `))`), levels: alarm(bad), link: b.see("Exporters"),
		},
		stat{
			frame: frame{"Organizations missing", g.help("runzero_organizations_missing"), "needs an account credential", 4, 4},
			q:     g.total(`max by () (runzero_organizations_missing)`), levels: alarm(bad), link: b.seeIn("runzero-inventory", "Organizations"),
		},
		b.alertTile(),
		b.freshTile(""),
	}
}

func (b *board) accountsTable() table {
	g := b.g
	return table{
		frame: frame{"Calls of each account", "Calls per day: the account's limit and the calls left, the calls these exporters spent of their budget, the calls their intervals need, and the calls spent by others. Left is the value reported to credentials used in the last two hours, or else the lowest one reported. Limit from: header, as the console reports it; configured, with --quota.limit; estimated, the live assets of the account.", noExporters, 24, 7},
		columns: []column{
			{name: "State", q: g.each(paused), unit: number, words: pauseWords()},
			{name: "Left, %", q: g.each(left + ` / (` + daily + ` > 0)`), width: 85, levels: []level{{0, bad}, {0.1, warn}, {0.25, good}}},
			{name: "Left", q: g.each(left), width: 85},
			{name: "Limit", q: g.each(`max by (source) (runzero_exporter_quota_limit_calls)`), width: 85},
			{name: "Limit from", label: "source", width: 105},
			{name: "Own", q: g.each(spent), width: 80},
			{name: "Budget", q: g.each(budget), width: 90},
			{name: "Demand", q: g.each(demand), width: 90, decimals: ptr(0.0)},
			{name: "Others", q: g.each(others), width: 85},
			{name: "Stretch", q: g.each(`max by () (runzero_exporter_interval_stretch_ratio)`), width: 90, levels: []level{{0, calm}, {1.05, warn}}},
			{name: "Runs out", q: g.each(runsOut), unit: seconds, width: 105, none: "not today", levels: []level{{-1e10, bad}}, words: outWords()},
			{name: "Resets", q: g.each(reset), width: 95},
		},
		sort: []order{{"Left, %", false}},
	}
}

func (b *board) quotaGraphs() []buildable {
	g := b.g
	return []buildable{
		graph{
			frame: frame{"Calls left", "Calls left for the day. The dashed line is the account's limit.", "The limit is unknown", 12, 8},
			q:     []query{g.each(left).as("left " + whose), g.each(daily).as("limit " + whose)}, dashed: []string{"^limit"},
		},
		graph{
			frame: frame{"Calls spent, by whom", "Calls spent today by these exporters and by everything else that uses the accounts. The dashed lines are what the exporters may spend, and what the accounts may spend in all.", noExporters, 12, 8},
			q:     []query{g.total(spent).as("these exporters"), g.total(others).as("others"), g.total(budget).as("budget of the exporters"), g.total(daily).as("limit of the accounts")},
			stack: true, colors: []paint{{"these exporters", blue}, {"others", orange}}, dashed: []string{"^budget", "^limit"},
		},
		graph{
			frame: frame{"Demand and budget", "Calls per day that the configured intervals need, and the number that may be spent. If the demand is above the budget, intervals are stretched.", noExporters, 8, 7},
			q:     []query{g.each(demand).as("demand " + whose), g.each(budget).as("budget " + whose)}, dashed: []string{"^budget"},
		},
		graph{
			frame: frame{"Interval stretch over time", "By account; 1 means as configured.", noExporters, 8, 7},
			q:     []query{g.each(`max by () (runzero_exporter_interval_stretch_ratio)`).as("stretch " + whose)}, steps: true, softMax: ptr(2.0),
		},
		graph{
			frame: frame{"Paused", "1 while polling is paused, by reason, in any replica.", noExporters, 8, 7},
			q:     []query{g.worst(`max by (reason) (runzero_api_paused)`, "reason").as("{{reason}}")}, unit: factor, max: ptr(1.0), steps: true,
			colors: []paint{{"quota", red}, {"reserve", orange}, {"rate_limit", sky}, {"auth", purple}},
		},
		table{
			frame: frame{"API keys with the most calls today", "The ten keys with the most calls, as of the last poll. The organization is empty for keys of the whole account. Export tokens and API clients may be missing: runZero lists API keys alone.", "No keys are known: the collector api_keys needs an account credential", 12, 9},
			columns: []column{
				{name: "Key", label: "key"}, {name: "Type", label: "key_type", width: 105}, {name: "Organization", label: "org_name", none: " "},
				{name: "Calls today", q: g.each(`topk(10, max by (key, key_type, org_name) (runzero_api_key_calls_today))`), width: 115},
				{name: "Last used", q: g.each(`time() - max by (key, key_type, org_name) (runzero_api_key_last_used_timestamp_seconds) and on (key, key_type, org_name) topk(10, max by (key, key_type, org_name) (runzero_api_key_calls_today))`), width: 110, none: "never"},
			},
			sort: []order{{"Calls today", true}},
		},
		table{
			frame: frame{"Credentials", "What the console told each of the exporters' credentials in its last response: for an idle one, it may be of yesterday. Today: calls made today, of the credential or the account; runZero does not document which. Expires: according to the configuration file, because the API does not report it.", "The console reports no calls", 12, 9},
			columns: []column{
				{name: "Credential", label: "credential"},
				{name: "Left", q: g.each(`min by (credential) (runzero_api_usage_remaining)`), width: 90},
				{name: "Today", q: g.each(`max by (credential) (runzero_api_usage_today)`), width: 90},
				{name: "In 24 hours", q: g.each(`max by (credential) (increase(runzero_api_usage_total[1d]))`), width: 105, decimals: ptr(0.0)},
				{name: "Expires in", q: g.each(`max by (credential) (runzero_api_credential_expiration_timestamp_seconds) - time()`), width: 110, levels: expiry()},
			},
			sort: []order{{"Expires in", false}, {"Left", false}},
		},
	}
}

func (b *board) replicas() []buildable {
	g := b.g
	const own = `max by (instance) (runzero_exporter_spent_calls` + follows + `)`
	// What is known by instance, in each row of its accounts.
	byAccount := func(text string) query {
		return g.each(`0 * max by (instance) (runzero_exporter_spent_calls) + on (instance) group_left () max by (instance) (` + text + `)`)
	}
	return []buildable{
		table{
			frame: frame{"Replicas: who polls", "Exporters of the same job and account are replicas. Role: of replicas that share a store, one leads, and it alone polls. The others follow and export the same; behind: how long ago they last had all of it. Exporters without a role each spend calls of their own. Share: of the calls that all of them spent. Newest data: age of the last successful poll of any collector.", noExporters, 16, 8},
			columns: []column{
				{name: "Instance", label: "instance"},
				{name: "Role", q: byAccount(`runzero_exporter_store_up * (runzero_exporter_leader + 1) - 1`), unit: number, width: 105, words: roleWords()},
				{name: "Behind", q: byAccount(`time() - runzero_exporter_store_synced_timestamp_seconds`), unit: seconds, width: 85, levels: []level{{-1e10, calm}, {60, warn}}},
				{name: "State", q: g.each(`max by (instance) (` + pause + `)`), unit: number, words: pauseWords(), none: " "},
				{name: "Own", q: g.each(own), width: 75},
				{name: "Share", q: g.each(own + ` / on () group_left () (` + spent + ` > 0)`), unit: share, width: 90, bar: true},
				{name: "Budget", q: g.each(`max by (instance) (runzero_exporter_budget_calls` + follows + `)`), width: 85},
				{name: "Newest data", q: g.each(`time() - max by (instance) (runzero_collector_last_success_timestamp_seconds)`), width: 115, none: "none"},
			},
			sort: []order{{"Own", true}},
		},
		graph{
			frame: frame{"Calls per hour, by instance", "Calls of each exporter, including token requests and failures. Averaged over 6 hours, because polls are rare.", "No calls were made", 8, 8},
			q:     []query{g.each(`sum by (instance) (increase(runzero_api_requests_total[6h])) / 6`).as("{{instance}} {{account_name}} {{cluster}}")}, unit: factor, stack: true,
		},
	}
}
