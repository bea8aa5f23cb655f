package collector

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// exposition returns families in the text format.
func exposition(t *testing.T, families []*dto.MetricFamily) string {
	t.Helper()
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// golden compares families with testdata/NAME.prom, and checks them with problems and promlint.
func golden(t *testing.T, name string, families []*dto.MetricFamily) {
	t.Helper()
	for _, problem := range problems(t, families) {
		t.Error(problem)
	}
	lint, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(lint) > 0 {
		t.Errorf("promlint: %v, %v", lint, err)
	}
	compare(t, filepath.Join("testdata", name+".prom"), exposition(t, families))
}

// goldens polls a collector once for each response, and compares the result with the golden file of that name.
func goldens(t *testing.T, c Collector, path string, poll Poll, bodies map[string]string) {
	t.Helper()
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			golden(t, name, collect(t, c, offering("5.1.260818.0", responses{path: {body: body}}), poll).Families)
		})
	}
}

// compare compares a text with a file, or writes the file with -update.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (- file, + now); go test ./collector -update rewrites it:\n%s", file, lineDiff(string(want), got))
	}
}

// lineDiff returns the lines that only one of the texts has.
func lineDiff(want, got string) string {
	var out strings.Builder
	before, after := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range before {
		if !slices.Contains(after, line) {
			out.WriteString("- " + line + "\n")
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			out.WriteString("+ " + line + "\n")
		}
	}
	return out.String()
}

// problems compares families with the catalogue and checks names, labels and timestamps. The
// pedantic registry that gathered them has checked that series are unique.
func problems(t *testing.T, families []*dto.MetricFamily) []string {
	t.Helper()
	var found []string
	report := func(family *dto.MetricFamily, what string) {
		found = append(found, family.GetName()+": "+what)
	}
	catalogue, assetLabels := Catalogue(), AssetLabels()
	for _, family := range families {
		i := slices.IndexFunc(catalogue, func(m Metric) bool { return m.Name == family.GetName() })
		if i < 0 {
			report(family, "not in the catalogue")
			continue
		}
		m := catalogue[i]
		if !model.LegacyValidation.IsValidMetricName(family.GetName()) {
			report(family, "not a name that every Prometheus reads")
		}
		if family.GetHelp() != m.HELP() || family.GetType() != m.Type {
			report(family, "help or type is not the catalogue's")
		}
		for _, metric := range family.GetMetric() {
			if metric.TimestampMs != nil {
				report(family, "has a timestamp")
			}
			var names []string
			for _, label := range metric.GetLabel() {
				names = append(names, label.GetName())
				if !model.LegacyValidation.IsValidLabelName(label.GetName()) {
					report(family, "label "+label.GetName()+" is not a name that every Prometheus reads")
				}
				if label.GetValue() != Label(label.GetValue()) && label.GetName() != "org_name" {
					report(family, "label "+label.GetName()+" is not clean")
				}
			}
			for _, forbidden := range []string{"type", "site", "region", "owner"} {
				if slices.Contains(names, forbidden) {
					report(family, "has a label "+forbidden)
				}
			}
			if len(names) > 0 && names[0] == AccountLabel {
				names = names[1:] // on every series if accounts have names
			}
			want := slices.Clone(m.Labels)
			if m.Configured != "" {
				for _, name := range names {
					if slices.Contains(assetLabels, name) {
						want = append(want, name)
					}
				}
			}
			slices.Sort(want)
			if !slices.Equal(names, want) {
				report(family, "labels are "+strings.Join(names, " ")+", the catalogue's "+strings.Join(want, " "))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestGoldenFilesHaveEveryFamily(t *testing.T) {
	if *update {
		return // the files are being written
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.prom"))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name := range families {
			given[name] = true
		}
	}
	// Ages are computed at each scrape.
	for of, age := range AgeOf() {
		given[age] = given[of]
	}
	for _, m := range Catalogue() {
		if !given[m.Name] {
			t.Errorf("no golden file has %s", m.Name)
		}
		delete(given, m.Name)
	}
	for name := range given {
		t.Errorf("%s is in a golden file and not in the catalogue", name)
	}
}
