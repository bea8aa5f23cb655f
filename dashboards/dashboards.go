// Package dashboards has the Grafana dashboards, as the command dashboards prints them.
package dashboards

import (
	"embed"
	"io/fs"
)

//go:embed *.json
var files embed.FS

// Files returns the dashboards, each in a file that has the name of its uid.
func Files() fs.FS { return files }
