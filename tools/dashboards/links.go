package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// link leads somewhere else. An address may contain variables.
type link struct {
	title, url string
	outside    bool // of Grafana
}

func (l link) data() dashboard.DashboardLink {
	return dashboard.DashboardLink{Title: l.title, Url: &l.url, TargetBlank: l.outside, Tags: []string{}}
}

const common4 = "${datasource:queryparam}&${job:queryparam}&${account_name:queryparam}&${filters:queryparam}"

// boardLink opens another dashboard with the same data and time range. more is what is selected there.
func boardLink(title, uid, more string) link {
	return link{title: title, url: fmt.Sprintf("/d/%s?%s%s&${__url_time_range}", uid, common4, more)}
}

// see opens a panel of the same dashboard that explains a number.
func (b *board) see(title string) link { return b.seeIn(b.uid, title) }

// seeIn opens a panel of any dashboard, which the generator looks for when all are made.
func (b *board) seeIn(uid, title string) link {
	b.linked = append(b.linked, [2]string{uid, title})
	variables := common4
	if uid == b.uid {
		variables = "${__all_variables}"
	}
	return link{title: "See " + title, url: fmt.Sprintf("/d/%s?%s&${__url_time_range}&viewPanel=%d", uid, variables, panelID(title))}
}

// Pages of runZero's console, whose address the variable console has.
func consoleOrganization(field string) link {
	return link{"Open in the runZero console", "${console}/organizations/${__data.fields." + field + "}/details", true}
}

func consoleSite(field string) link {
	return link{"Open in the runZero console", "${console}/sites/${__data.fields." + field + "}/edit", true}
}

func consoleTask(field string) link {
	return link{"Open in the runZero console", "${console}/tasks?task=${__data.fields." + field + "}", true}
}

const runbooks = "https://github.com/runzero-exporter/runzero_exporter/blob/main/docs/runbooks.md"
