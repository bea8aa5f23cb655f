package shipped_test

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

func inRunbooks(old, now, finding string) change {
	return change{file: shipped.RunbooksPage, old: old, now: now, finding: finding}
}

func TestPages(t *testing.T) {
	finds(t, []change{
		inRunbooks("`--cache.interval`", "`--cache.intervall`", "there is no flag --cache.intervall"),
		inRunbooks("--cache.interval=1h", "--cache.intervall=1h", "there is no flag --cache.intervall of plan"),
		inRunbooks("--cache.interval=1h", "--seed=1", "there is no flag --seed of plan"),
		inRunbooks("runzero_exporter plan --limit=100", "runzero_exporter --limit=100", "there is no flag --limit"),
		inRunbooks("runzero_exporter plan", "runzero_exporter plans", "there is no command plans"),
		inRunbooks("`RUNZERO_CACHE_INTERVAL`", "`--no-demo`, `--no-cache.interval`", "there is no flag --no-cache.interval"),
		inRunbooks("`RUNZERO_CACHE_INTERVAL`", "`RUNZERO_CACHE_INTERVALL`", "there is no variable RUNZERO_CACHE_INTERVALL"),
		inRunbooks("runzero_scan_age_seconds > 86400", "runzero_scan_age_second > 86400", `there is no series "runzero_scan_age_second"`),
		inRunbooks("/ on (site_name)", "/ on (site_id)", "that its left side does not have: site_id"),
		inRunbooks("Nobody scans.", "See `runzero_scan_*` and runzero_site_ages.", "there is no metric runzero_site_ages"),
		inRunbooks("Nobody scans.", "See `runzero_scans_*`.", "there is no metric runzero_scans_"),
		inRunbooks("Nobody scans.", "See site:runzero_scan_age_seconds:min.", "there is no metric site:runzero_scan_age_seconds:min"),
		inRunbooks("Nobody scans.", "See RunZeroScanStuck.", "there is no alert RunZeroScanStuck"),
		{"alerts/alertmanager.example.yml", "RunZeroScan.*", "RunZeroScans", "there is no alert RunZeroScans"},
		{"alerts/alertmanager.example.yml", `"RunZeroScanStale"`, `"RunZeroScanStole"`, "there is no alert RunZeroScanStole"},
	})
}

func TestAnchors(t *testing.T) {
	page := shipped.Page{Text: "# What it is, and `why`\n\n## RunZeroA\n```sh\n# no heading\n```\n### two  words ###\n<a id=\"runzero_up\"></a>\n#none\n"}
	for anchor, want := range map[string]bool{
		"what-it-is-and-why": true, "runzeroa": true, "two--words": true, "runzero_up": true,
		"no-heading": false, "none": false, "": false,
	} {
		if page.Anchors()[anchor] != want {
			t.Errorf("#%s is there: %v", anchor, !want)
		}
	}
}
