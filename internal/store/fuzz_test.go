package store_test

import (
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// FuzzLoad loads arbitrary files, most with a valid checksum. A snapshot that loads can be exposed and saved again
// without a change; any other file is set aside, with a log line that does not quote it.
func FuzzLoad(f *testing.F) {
	folder := newFolder(f)
	folder.save(acme(), small())
	path := folder.only()
	file := string(read(f, path))
	body := file[:strings.LastIndex(file, "# sha256")]
	head, _, _ := strings.Cut(body, "# HELP")
	f.Add([]byte(file), false)
	for _, seed := range []string{
		"", body, head,
		head + "# TYPE a gauge\na 1\na{b=\"c\"} NaN\n# TYPE b counter\nb 0x1p-2\n",
		head + "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n",
		head + "{\"a\",b=\"c\"} 1\n{} 1\n# TYPE a summary\na{quantile=\"0.5\"} 1 2\n",
		strings.Replace(head, `"Sites":{`, `"Sites":{"PLANTED":1,`, 1),
		head + "# TYPE a gauge\na{b=\"PLANTED\"} 1\na{b=\"PLANTED\"} 2\n", head + "# TYPE a gauge\na{b=\"PLANTED} 1\n",
		head + "# TYPE a gauge\na{b=\"c\",d=\"e\"} 1\na{d=\"e\",b=\"c\"} 2\n# TYPE a_sum gauge\na_sum 1\n# TYPE a_bucket gauge\na_bucket 1\n",
		head + "# HELP a \\n\\\\ \n# TYPE a histogram\na_count 1\na_sum NaN\na_bucket{le=\"NaN\"} 1\n",
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		folder.t = t
		if seal {
			data = sealed(string(data))
		}
		write(t, path, data)
		folder.Prune(acme().Account, map[store.Key]bool{acme(): true})
		snapshot, ok := folder.load(acme())
		if log := strings.Join(folder.logged(), "\n"); ok != (log == "") || strings.Contains(log, "PLANTED") {
			t.Errorf("loaded: %v, and the log is %q", ok, log)
		}
		if !ok {
			return
		}
		gatherer := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return snapshot.Families, nil })
		if _, err := (prometheus.Gatherers{gatherer}).Gather(); err != nil {
			t.Error(err)
		}
		for _, family := range snapshot.Families {
			for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
				if err := expfmt.NewEncoder(io.Discard, expfmt.NewFormat(format)).Encode(family); err != nil {
					t.Errorf("%v in the format %d", err, format)
				}
			}
		}
		folder.save(acme(), snapshot)
		folder.expect(acme(), snapshot)
	})
}
