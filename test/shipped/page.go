package shipped

import (
	"regexp"
	"strings"
)

// Page is a page of documentation in Markdown.
type Page struct {
	Name string // its path, from the repository's root
	Text string
}

// Anchors are the places a link to the page can have behind #: those of headings, as
// GitHub makes them, and those that are written out.
func (p Page) Anchors() map[string]bool {
	anchors := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#*$`).FindAllStringSubmatch(p.prose(), -1) {
		anchor := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		anchors[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	for _, match := range regexp.MustCompile(`<a (?:id|name)="([^"]+)"`).FindAllStringSubmatch(p.Text, -1) {
		anchors[match[1]] = true
	}
	return anchors
}

// fence is a block of code; its first part is what language it is in.
func fence() *regexp.Regexp { return regexp.MustCompile("\n *```(\\w*)[^\n]*((?:\n[^\n]*)*?)\n *```") }

// text begins with a line's end, as every line of a page is then behind one.
func (p Page) text() string { return "\n" + p.Text }

// prose is the page without its blocks of code.
func (p Page) prose() string { return fence().ReplaceAllString(p.text(), "") }

// queries are the page's PromQL, which empty lines part.
func (p Page) queries() []string {
	var found []string
	for _, match := range fence().FindAllStringSubmatch(p.text(), -1) {
		if match[1] == "promql" {
			found = append(found, strings.Split(strings.TrimSpace(match[2]), "\n\n")...)
		}
	}
	return found
}

// code is each piece of code in the page: lines of blocks, continued ones as one, and
// what stands between backticks.
func (p Page) code() []string {
	var found []string
	for _, match := range fence().FindAllStringSubmatch(p.text(), -1) {
		for line := range strings.Lines(strings.ReplaceAll(match[2], "\\\n", " ")) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	for _, match := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(p.prose(), -1) {
		found = append(found, strings.TrimSpace(match[1]))
	}
	return found
}
