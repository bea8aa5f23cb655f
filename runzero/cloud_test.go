package runzero_test

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestIsCloud(t *testing.T) {
	for console, want := range map[string]bool{
		runzero.DefaultURL: true, "https://console-eu.runzero.com/api/v1.0": true, "https://Demo.runZero.com:443": true,
		"https://console.rumble.run": true, "https://console.runzero.com.": true,
		"https://runzero.example.com": false, "https://notrunzero.com": false, "https://console.runzero.com.example.com": false,
		"https://127.0.0.1:8443": false, "": false, "%": false,
	} {
		if got := runzero.IsCloud(console); got != want {
			t.Errorf("%q: %v", console, got)
		}
	}
}
