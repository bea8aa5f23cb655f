package shipped

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// set is a set of names.
type set map[string]bool

func setOf(names ...string) set {
	s := set{}
	for _, name := range names {
		s[name] = true
	}
	return s
}

func (s set) union(other set) set {
	all := maps.Clone(s)
	maps.Copy(all, other)
	return all
}

func (s set) minus(other set) set {
	rest := maps.Clone(s)
	maps.DeleteFunc(rest, func(name string, _ bool) bool { return other[name] })
	return rest
}

func (s set) String() string { return strings.Join(slices.Sorted(maps.Keys(s)), ", ") }

// series describes the time series of one name.
type series struct {
	family  string // in the exporter's catalogue; empty for others
	labels  set
	counter bool
}

// catalogue holds the series that queries may use, by name.
type catalogue map[string]series

// exported returns the series of the exporter, and those that Prometheus and client_golang
// add and that the dashboards use.
func exported() catalogue {
	c := catalogue{}
	for _, m := range collector.Catalogue() {
		c.add(m)
	}
	for _, name := range []string{"scrape_samples_scraped", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"} {
		c[name] = series{labels: setOf("job", "instance"), counter: strings.HasSuffix(name, "_total")}
	}
	// Targets that Prometheus discovers have the labels of examples/prometheus/discovery.yml.
	discovered := setOf("job", "instance", "account_name", "discovery", "org_name", "site_name", "asset_type", "asset_id", "asset_name")
	c["up"], c["probe_success"] = series{labels: discovered}, series{labels: discovered}
	// An alert has the labels of what it is about.
	alerts := series{labels: setOf(strings.Fields("alertname alertstate severity job instance account_name org_name site_name explorer schedule integration discovery collector credential")...)}
	c["ALERTS"], c["ALERTS_FOR_STATE"] = alerts, alerts
	c["runzero_exporter_build_info"] = series{labels: setOf("job", "instance", "version", "revision", "branch", "goversion", "goos", "goarch", "tags")}
	return c
}

func (c catalogue) add(m collector.Metric) {
	names := setOf(m.Labels...).union(setOf("job", "instance"))
	// The configuration file, and where results are cached, are common to all accounts.
	common := []string{collector.Config, collector.Store, collector.Replica}
	if !slices.ContainsFunc(m.Collectors, func(of string) bool { return slices.Contains(common, of) }) {
		names[collector.AccountLabel] = true
	}
	if m.Configured == "--collector.assets.labels" {
		names = names.union(setOf(collector.AssetLabels()...))
	}
	if m.Name == collector.OrganizationInfo {
		names = names.union(setOf("customer", "team")) // those of examples/runzero_exporter.yml
	}
	s := series{family: m.Name, labels: names, counter: m.Type == dto.MetricType_COUNTER}
	if m.Type == dto.MetricType_HISTOGRAM {
		// A cached histogram is counted afresh at each poll: its buckets are gauges.
		s.counter = m.Live
		c[m.Name+"_count"], c[m.Name+"_sum"] = s, s
		c[m.Name+"_bucket"] = series{family: m.Name, labels: names.union(setOf("le")), counter: s.counter}
	}
	c[m.Name] = s
}

// query is what can be known of an expression without data.
type query struct {
	labels   set // those that its result may have
	families set // of the exporter's catalogue, that it reads
	problems []string
}

// analyse parses an expression and looks up all names in it.
func (c catalogue) analyse(expr string) query {
	a := &analysis{catalogue: c, families: set{}}
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return query{labels: set{}, families: set{}, problems: []string{fmt.Sprintf("invalid PromQL: %v", err)}}
	}
	return query{labels: a.labels(e, ""), families: a.families, problems: a.problems}
}

type analysis struct {
	catalogue

	families set
	problems []string
}

func (a *analysis) report(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// addedByPrometheus are labels that a Prometheus may add to every series.
func addedByPrometheus() set { return setOf("cluster", "namespace") }

// require reports labels that are used but cannot be there.
func (a *analysis) require(user string, names []string, have set) {
	if missing := setOf(names...).minus(have).minus(addedByPrometheus()); len(missing) > 0 {
		a.report("%s uses labels that its operand does not have: %s", user, missing)
	}
}

// labels returns the labels that an expression's result may have. function is the one
// that the expression is an argument of.
func (a *analysis) labels(e parser.Expr, function string) set {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return a.labels(e.Expr, function)
	case *parser.UnaryExpr:
		return a.labels(e.Expr, function)
	case *parser.MatrixSelector:
		return a.labels(e.VectorSelector, function)
	case *parser.SubqueryExpr:
		return a.labels(e.Expr, "")
	case *parser.VectorSelector:
		return a.selector(e, function)
	case *parser.AggregateExpr:
		return a.aggregate(e)
	case *parser.BinaryExpr:
		return a.binary(e)
	case *parser.Call:
		return a.call(e)
	}
	return set{}
}

func (a *analysis) selector(e *parser.VectorSelector, function string) set {
	s, known := a.catalogue[e.Name]
	if !known {
		a.report("no such series: %q", e.Name)
		all := set{}
		for _, other := range a.catalogue {
			all = all.union(other.labels)
		}
		return all
	}
	if s.family != "" {
		a.families[s.family] = true
	}
	rate := slices.Contains([]string{"rate", "increase", "irate", "resets"}, function)
	if rate != s.counter && !strings.HasPrefix(function, "absent") && function != "present_over_time" {
		a.report("%s: counters need rate or increase, and only they", e.Name)
	}
	for _, m := range e.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		if !s.labels[m.Name] {
			a.report("%s has no label %s", e.Name, m.Name)
		}
		if problem := wrongValue(m); problem != "" {
			a.report("%s: %s", e.Name, problem)
		}
	}
	return s.labels
}

// wrongValue checks the values of labels that are enumerations.
func wrongValue(m *labels.Matcher) string {
	if m.Name != "collector" || m.Value == "" || strings.ContainsAny(m.Value, ".*+") {
		return ""
	}
	known := set{}
	for _, spec := range collector.Specs() {
		known[spec.Name] = true
	}
	if missing := setOf(strings.Split(m.Value, "|")...).minus(known); len(missing) > 0 {
		return fmt.Sprintf("no such collector: %s", missing)
	}
	return ""
}

func (a *analysis) aggregate(e *parser.AggregateExpr) set {
	have := a.labels(e.Expr, "")
	if e.Param != nil {
		a.labels(e.Param, "")
	}
	a.require(e.Op.String(), e.Grouping, have)
	switch by := setOf(e.Grouping...); {
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK || e.Op == parser.LIMITK || e.Op == parser.LIMIT_RATIO:
		return have
	case e.Op == parser.COUNT_VALUES:
		return by.union(setOf(text(e.Param)))
	case e.Without:
		return have.minus(by)
	default:
		return by
	}
}

func (a *analysis) binary(e *parser.BinaryExpr) set {
	left, right := a.labels(e.LHS, ""), a.labels(e.RHS, "")
	how := e.VectorMatching
	switch {
	case how == nil && e.LHS.Type() == parser.ValueTypeScalar:
		return right
	case how == nil:
		return left
	}
	if how.On {
		a.require(e.Op.String(), how.MatchingLabels, left)
		a.require(e.Op.String(), how.MatchingLabels, right)
	} else {
		a.require(e.Op.String(), how.MatchingLabels, left.union(right)) // ignoring
	}
	switch {
	case e.Op == parser.LOR:
		return left.union(right)
	case e.Op.IsSetOperator():
		return left
	case how.Card == parser.CardManyToOne:
		a.require("group_left", how.Include, right)
		return left.union(setOf(how.Include...))
	case how.Card == parser.CardOneToMany:
		a.require("group_right", how.Include, left)
		return right.union(setOf(how.Include...))
	case how.On:
		return setOf(how.MatchingLabels...)
	default:
		return left.minus(setOf(how.MatchingLabels...))
	}
}

func (a *analysis) call(e *parser.Call) set {
	name, have := e.Func.Name, set{}
	for _, arg := range e.Args {
		found := a.labels(arg, name)
		if t := arg.Type(); t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
			have = found
		}
	}
	switch name {
	case "scalar":
		return set{}
	case "histogram_quantile", "histogram_fraction":
		return have.minus(setOf("le"))
	case "label_replace", "label_join":
		for _, source := range e.Args[3:] {
			if label := text(source); name == "label_join" || source == e.Args[3] && label != "" {
				a.require(name, []string{label}, have)
			}
		}
		return have.union(setOf(text(e.Args[1])))
	}
	return have
}

// text returns the value of a string literal.
func text(e parser.Expr) string {
	if s, ok := e.(*parser.StringLiteral); ok {
		return s.Val
	}
	return ""
}

func TestAnalyse(t *testing.T) {
	const all = "account_name, instance, job, org_name"
	for _, test := range []struct{ expr, labels, problem string }{
		{expr: `1 + time()`},
		{expr: `time() - -(runzero_sites)`, labels: all},
		{expr: `max without (instance, job) (runzero_sites)`, labels: "account_name, org_name"},
		{expr: `topk by (org_name) (1, runzero_sites)`, labels: all},
		{expr: `count_values("version", max by (org_name) (runzero_sites))`, labels: "version"},
		{expr: `max_over_time(max by (job) (runzero_sites)[1h:5m])`, labels: "job"},
		{expr: `max by (job) (runzero_sites) or max by (org_name) (runzero_sites)`, labels: "job, org_name"},
		{expr: `runzero_up / on (job) up`, labels: "job"},
		{expr: `runzero_up / ignoring (job) runzero_up`, labels: "account_name, instance"},
		{expr: `max by (job) (up) * on (job) group_right () runzero_sites`, labels: all},
		{expr: `max by (job, instance) (up) * on (job, instance) group_left (version) runzero_exporter_build_info`, labels: "instance, job, version"},
		{expr: `absent(runzero_api_requests_total) * scalar(up)`, labels: "account_name, code, endpoint, instance, job"},
		{expr: `label_replace(max by (job) (up), "to", "$1", "job", "(.*)")`, labels: "job, to"},
		{expr: `histogram_quantile(0.9, sum by (le, job) (rate(runzero_api_request_duration_seconds_bucket[5m])))`, labels: "job"},
		{expr: `runzero_collector_success{collector=~"tasks|sites",collector!="assets"} and runzero_collector_success{collector=~"t.*"}`, labels: "account_name, collector, instance, job, org_name"},

		{expr: `sum(runzero_sites`, problem: "invalid PromQL"},
		{expr: `runzero_cites`, problem: `no such series: "runzero_cites"`},
		{expr: `runzero_sites{site_name="HQ"}`, problem: "runzero_sites has no label site_name"},
		{expr: `runzero_collector_success{collector=~"tasks|site"}`, problem: "no such collector: site"},
		{expr: `max by (site_name) (runzero_sites)`, problem: "max uses labels that its operand does not have: site_name"},
		{expr: `runzero_api_requests_total > 3`, problem: "counters need rate"},
		{expr: `rate(runzero_sites[5m])`, problem: "counters need rate"},
		{expr: `runzero_scan_age_seconds and on (site_name) runzero_sites`, problem: "and uses labels"},
		{expr: `runzero_up * on (job) group_left (branches) runzero_exporter_build_info`, problem: "group_left uses labels"},
		{expr: `label_replace(up, "to", "$1", "from", "(.*)")`, problem: "label_replace uses labels"},
	} {
		q := exported().analyse(test.expr)
		found := strings.Join(q.problems, "\n")
		if !strings.Contains(found, test.problem) || (test.problem == "") != (found == "") {
			t.Errorf("%s: problems %q, want %q", test.expr, found, test.problem)
		}
		if test.problem == "" && q.labels.String() != test.labels {
			t.Errorf("%s: labels %s, want %s", test.expr, q.labels, test.labels)
		}
	}
}
