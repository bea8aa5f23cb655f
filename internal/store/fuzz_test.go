package store_test

import (
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// FuzzLoad loads any file, most of all such whose checksum is right: nothing of it may
// bring the exporter down, and what is believed can be saved and is the same then.
func FuzzLoad(f *testing.F) {
	folder := newFolder(f)
	folder.save(acme(), shape, small())
	path := folder.only()
	whole := string(read(f, path))
	body := whole[:strings.LastIndex(whole, "# sha256")]
	head, _, _ := strings.Cut(body, "# HELP")
	f.Add([]byte(whole), false)
	for _, seed := range []string{
		"", body, head,
		head + "# TYPE a gauge\na 1\na{b=\"c\"} NaN\n# TYPE b counter\nb 0x1p-2\n",
		head + "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n",
		head + "{\"a\",b=\"c\"} 1\n{} 1\n# TYPE a summary\na{quantile=\"0.5\"} 1 2\n",
		strings.Replace(head, "# sites 2", "# sites 99999999999", 1),
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		if seal {
			data = sealed(string(data))
		}
		write(t, path, data)
		e, ok := folder.Load(acme(), shape)
		folder.logged()
		if err := folder.Forget(func(store.Key) bool { return true }); err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		if err := folder.Save(acme(), shape, e); err != nil {
			t.Fatal(err)
		}
		if again, ok := folder.Load(acme(), shape); !ok || show(again) != show(e) {
			t.Fatalf("%s\nbecame (there: %v)\n%s", show(e), ok, show(again))
		}
	})
}
