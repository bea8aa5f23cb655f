package collector

import (
	"testing"
	"time"
)

func TestConfigReload(t *testing.T) {
	for name, loaded := range map[string]func() (bool, time.Time){
		"config":        func() (bool, time.Time) { return true, noon },
		"config-broken": func() (bool, time.Time) { return false, at("-3d") },
		"config-never":  func() (bool, time.Time) { return false, time.Time{} },
	} {
		golden(t, name, gathered(t, NewConfigReload(loaded)))
	}
}
