package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
)

const (
	instant = 8 * 24 * time.Hour // of all evaluations; panels look back a week
	step    = time.Hour
)

// account is a set of series as one exporter has them, and the labels that Prometheus adds.
type account struct {
	labels  string
	follows bool // another replica, which leads
	worse   bool // other values than those of accounts that are not
	parts   bool // only the series of organizations, as from /metrics?organization=
}

// exposition returns the series of all families, from the collectors' golden files.
func exposition(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{
		`up`: "1", `scrape_samples_scraped`: "900", `process_start_time_seconds`: "1.787e+09", `process_resident_memory_bytes`: "3e+07", `process_cpu_seconds_total`: "10",
		`runzero_exporter_build_info{version="1"}`: "1", `account:runzero_sites_overdue:ratio`: "0.1",
		`ALERTS{alertname="RunZeroScanFailed",alertstate="firing",severity="warning",org_name="Acme"}`: "1",
		`ALERTS_FOR_STATE{alertname="RunZeroScanFailed",severity="warning",org_name="Acme"}`:           "1.787e+09",
	}
	for _, window := range []string{"30m", "6h", "3d", "28d"} {
		all["account:runzero_sites_overdue:ratio_avg"+window] = "0.02"
	}
	for name, value := range map[string]string{"type:runzero_discovery_assets:min": "40", "type:runzero_discovery_responding:sum": "30"} {
		all[name+`{org_name="Acme",discovery="linux",site_name="HQ",asset_type="Server"}`] = value
	}
	for name, value := range map[string]string{"runzero_discovery_targets": "50", "runzero_discovery_targets_dropped": "7"} {
		all[name+`{org_name="Acme",discovery="linux"}`] = value
	}
	for name := range strings.FieldsSeq("account api-keys assets-all-labels assets-tags certificates config console directory explorers findings health-good health-reasons hosted-zones " +
		"license organizations organizations-account query quota-running replica services sites software store tasks usage") {
		text, err := os.ReadFile("../../collector/testdata/" + name + ".prom")
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			series, value := cutLast(lines.Text())
			if strings.HasPrefix(series, "#") || strings.Contains(series, "account_name") {
				continue
			}
			all[series] = value
			// These are computed at each scrape, and of each collector.
			if strings.HasPrefix(series, "runzero_scan_last_success_timestamp_seconds") {
				all[strings.Replace(series, "last_success_timestamp_seconds", "age_seconds", 1)] = "33000"
			}
			for _, collector := range []string{"sites", "tasks"} {
				all[strings.Replace(series, `collector="assets",org`, `collector="`+collector+`",org`, 1)] = value
			}
		}
	}
	return all
}

func cutLast(line string) (series, value string) {
	cut := strings.LastIndex(line, " ")
	return line[:max(cut, 0)], line[cut+1:]
}

// stored returns a Prometheus that has scraped these accounts for as long as panels look back.
func stored(t *testing.T, accounts ...account) storage.Queryable {
	t.Helper()
	series := exposition(t)
	var load strings.Builder
	load.WriteString("load 1h\n")
	for _, name := range slices.Sorted(maps.Keys(series)) {
		value, err := strconv.ParseFloat(series[name], 64)
		if err != nil {
			t.Fatal(err)
		}
		metric, rest, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		for _, a := range accounts {
			if a.parts && !strings.Contains(name, "org_name=") {
				continue
			}
			v, growth := value, 0
			switch {
			case metric == "runzero_exporter_leader" && a.follows:
				v = 0
			case v > 1.78e9: // the golden files' present, or that of those about the quota
				v += instant.Seconds() - 1787140800
			case v > 1.7e9:
				v += instant.Seconds() - 1772395200
			}
			if a.worse {
				v = otherwise(metric, v)
			}
			if strings.HasSuffix(metric, "_total") || strings.Contains(metric, "_request_duration_seconds_") {
				growth = 3
			}
			fmt.Fprintf(&load, "  %s{%s} %s+%dx%d\n", metric, strings.Trim(rest+","+a.labels, ","), strconv.FormatFloat(v, 'f', -1, 64), growth, int(instant/step))
		}
	}
	return promqltest.LoadedStorage(t, load.String())
}

// otherwise is the value of an account in which other things are wrong.
func otherwise(metric string, v float64) float64 {
	switch {
	case strings.HasSuffix(metric, "_info"), metric == "ALERTS":
		return 1
	case v == 0 || v == 1:
		return 1 - v
	case strings.HasSuffix(metric, "_timestamp_seconds"):
		return v - 20_000
	}
	return v * 1.5
}

// panelQuery is a query of a panel as Grafana sends it if everything is selected.
type panelQuery struct{ board, panel, kind, expr string }

func panelQueries(t *testing.T) []panelQuery {
	t.Helper()
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	type panel struct {
		Type, Title string
		Panels      []panel
		Targets     []struct{ Expr string }
	}
	var all []panelQuery
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var board struct{ Panels []panel }
		if err := json.Unmarshal(files[name], &board); err != nil {
			t.Fatal(err)
		}
		var visit func(panels []panel)
		visit = func(panels []panel) {
			for _, p := range panels {
				visit(p.Panels)
				for _, target := range p.Targets {
					expr := strings.ReplaceAll(target.Expr, rateInterval, "4h")
					all = append(all, panelQuery{name, p.Title, p.Type, regexp.MustCompile(`\$\w+`).ReplaceAllString(expr, ".*")})
				}
			}
		}
		visit(board.Panels)
	}
	return all
}

// evaluate returns the values of a query by the labels of its series.
func evaluate(t *testing.T, engine *promql.Engine, from storage.Queryable, expr string) map[string]float64 {
	t.Helper()
	query, err := engine.NewInstantQuery(context.Background(), from, nil, expr, time.Unix(0, 0).Add(instant))
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	defer query.Close()
	vector, err := query.Exec(context.Background()).Vector()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	values := map[string]float64{}
	for _, sample := range vector {
		values[sample.Metric.String()] = sample.F
	}
	return values
}

// Whatever label tells two accounts apart, neither hides the other: each has series of its own, or a number of both is
// their sum, or the worse one.
func TestNoAccountHidesAnother(t *testing.T) {
	engine := promqltest.NewTestEngine(t, false, 2*step, 10_000_000)
	queries := panelQueries(t)
	for label, values := range map[string][2]string{
		"cluster":      {`job="runzero",instance="a",cluster="east"`, `job="runzero",instance="a",cluster="west"`},
		"namespace":    {`job="runzero",instance="a",namespace="one"`, `job="runzero",instance="a",namespace="two"`},
		"job":          {`job="runzero",instance="a"`, `job="runzero-lab",instance="a"`},
		"account_name": {`job="runzero",instance="a",account_name="one"`, `job="runzero",instance="b",account_name="two"`},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			first, second := account{labels: values[0]}, account{labels: values[1], worse: true}
			alone, other, both := stored(t, first), stored(t, second), stored(t, first, second)
			for _, q := range queries {
				a, b, got := evaluate(t, engine, alone, q.expr), evaluate(t, engine, other, q.expr), evaluate(t, engine, both, q.expr)
				want := together(q.expr, a, b)
				if regexp.MustCompile(`topk\(1\d`).MatchString(q.expr) && len(want) > len(got) {
					continue // the largest of both are fewer
				}
				if !maps.EqualFunc(got, want, near) {
					t.Errorf("%s, %s: with both accounts it is %v, with one each %v and %v\n%s", q.board, q.panel, got, a, b, q.expr)
				}
				if q.kind == "stat" && len(got) == 0 {
					t.Errorf("%s, %s: no value\n%s", q.board, q.panel, q.expr)
				}
			}
		})
	}
}

// Two replicas that know the same count as one, but for what each of them does by itself. What a replica that follows
// another says of quotas is the other's.
func TestReplicasCountOnce(t *testing.T) {
	own := map[string]string{
		"Firing alerts":                            "the rules say what counts once",
		"Polls per hour, by reason":                "each counts its own",
		"Calls per hour, by endpoint":              "each counts its own",
		"Failed calls per hour":                    "each counts its own",
		"Bytes read per day":                       "each counts its own",
		"Exporters":                                "by instance",
		"Availability of the exporter and the API": "by instance",
		"Replicas: who polls":                      "by instance",
		"Calls per hour, by instance":              "by instance",
	}
	t.Run("it follows", func(t *testing.T) { countOnce(t, true, own) })
	for _, panel := range []string{"Used by others", "Calls of each account", "Calls spent, by whom", "Demand and budget"} {
		own[panel] = "each spends and polls"
	}
	t.Run("it polls, too", func(t *testing.T) { countOnce(t, false, own) })
}

func countOnce(t *testing.T, follows bool, own map[string]string) {
	t.Helper()
	engine := promqltest.NewTestEngine(t, false, 2*step, 10_000_000)
	one, two := account{labels: `job="runzero",instance="a"`}, account{labels: `job="runzero",instance="b"`, follows: follows}
	alone, both := stored(t, one), stored(t, one, two)
	differ := map[string]bool{}
	for _, q := range panelQueries(t) {
		a, got := evaluate(t, engine, alone, q.expr), evaluate(t, engine, both, q.expr)
		if maps.EqualFunc(a, got, near) {
			continue
		}
		if differ[q.panel] = true; own[q.panel] == "" {
			t.Errorf("%s, %s: with a replica it is %v, without %v\n%s", q.board, q.panel, got, a, q.expr)
		}
	}
	for panel, reason := range own {
		if !differ[panel] {
			t.Errorf("%s is the same with a replica, although %s", panel, reason)
		}
	}
}

func TestOrganizationNeedsItsOwnSeriesAlone(t *testing.T) {
	engine := promqltest.NewTestEngine(t, false, 2*step, 10_000_000)
	const labels = `job="runzero",instance="a"`
	all, own := stored(t, account{labels: labels}), stored(t, account{labels: labels, parts: true})
	for _, q := range panelQueries(t) {
		if q.board != "runzero-organization.json" || q.panel == "Fresh data" { // which knows of polls of the whole account
			continue
		}
		want, got := evaluate(t, engine, all, q.expr), evaluate(t, engine, own, q.expr)
		if !maps.EqualFunc(got, want, near) || q.kind == "stat" && len(got) == 0 {
			t.Errorf("%s is %v, with the account's series %v\n%s", q.panel, got, want, q.expr)
		}
	}
}

// together returns what a query has to return for two accounts.
func together(expr string, a, b map[string]float64) map[string]float64 {
	var op parser.ItemType = parser.SUM
	if e, err := parser.NewParser(parser.Options{}).ParseExpr(expr); err == nil {
		if outer, ok := e.(*parser.AggregateExpr); ok {
			op = outer.Op
		}
	}
	all := maps.Clone(a)
	for labels, v := range b {
		before, exists := all[labels]
		switch {
		case !exists:
			all[labels] = v
		case op == parser.MAX:
			all[labels] = max(before, v)
		case op == parser.MIN:
			all[labels] = min(before, v)
		default:
			all[labels] = before + v
		}
	}
	return all
}

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-6*max(math.Abs(a), math.Abs(b))
}
