package shipped

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	goldmarktext "github.com/yuin/goldmark/text"
)

// page is a page of Markdown.
type page struct {
	headings []string // of the second level
	anchors  set
	links    []string
	queries  []string // PromQL, separated by empty lines
	code     []string // lines of code blocks, continued ones as one, and inline code
}

func (r *repository) readPages() {
	for _, pattern := range []string{"*.md", "docs/*.md", "dashboards/README.md", "examples/README.md"} {
		for _, name := range r.glob(pattern) {
			r.pages[name] = readPage(r.read(name))
		}
	}
}

func readPage(source []byte) page {
	p := page{anchors: set{}}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(goldmarktext.NewReader(source))
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) { // the visitor returns no error
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.Heading:
			heading := plain(node, source)
			p.anchors[anchor(heading)] = true
			if node.Level == 2 {
				p.headings = append(p.headings, heading)
			}
		case *ast.Link:
			p.links = append(p.links, string(node.Destination))
		case *ast.Image:
			p.links = append(p.links, string(node.Destination))
		case *ast.CodeSpan:
			p.code = append(p.code, plain(node, source))
		case *ast.FencedCodeBlock:
			p.block(string(node.Language(source)), string(node.Lines().Value(source)))
		case *ast.CodeBlock:
			p.block("", string(node.Lines().Value(source)))
		case *ast.RawHTML:
			for _, match := range regexp.MustCompile(`<a id="([^"]+)"`).FindAllSubmatch(node.Segments.Value(source), -1) {
				p.anchors[string(match[1])] = true
			}
		}
		return ast.WalkContinue, nil
	})
	return p
}

func (p *page) block(language, text string) {
	if language == "promql" {
		p.queries = append(p.queries, strings.Split(strings.TrimSpace(text), "\n\n")...)
		return
	}
	p.code = append(p.code, strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n")...)
}

// plain returns the text of a node without markup.
func plain(node ast.Node, source []byte) string {
	var b strings.Builder
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			b.Write(t.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		b.WriteString(plain(child, source))
	}
	return b.String()
}

// anchor returns the anchor that GitHub gives a heading.
func anchor(heading string) string {
	kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}

func (r *repository) checkPages() {
	for _, name := range slices.Sorted(maps.Keys(r.pages)) {
		p := r.pages[name]
		for _, link := range p.links {
			r.checkLink(name, link)
		}
		for _, query := range p.queries {
			r.reportAll(name+": "+query, r.catalogue.analyse(query).problems)
		}
		for _, code := range p.code {
			r.reportAll(name, r.program.commandLine(code))
			if strings.HasPrefix(code, "--") {
				r.reportAll(name, r.program.mentions(code))
			}
		}
	}
}

// checkLink checks a link to a file of the repository: relative, or to its page on GitHub.
func (r *repository) checkLink(from, link string) {
	target, inRepository := strings.CutPrefix(link, "https://github.com/runzero-exporter/runzero_exporter/blob/main/")
	if !inRepository && regexp.MustCompile(`^[a-z]+:`).MatchString(target) {
		return
	}
	name, fragment, hasFragment := strings.Cut(target, "#")
	switch {
	case inRepository:
	case name == "":
		name = from
	default:
		name = path.Join(path.Dir(from), name)
	}
	if _, err := fs.Stat(r.files, name); err != nil {
		r.report(from, "link to a missing file: %s", link)
		return
	}
	if p, isPage := r.pages[name]; hasFragment && isPage && !p.anchors[fragment] {
		r.report(from, "link to a missing heading: %s", link)
	}
}

// checkNames checks metrics, alerts and environment variables in all texts, in whatever form.
func (r *repository) checkNames() {
	alerts := set{}
	for _, rule := range r.rules {
		alerts[rule.Alert] = true
	}
	names := r.walk("docs", "dashboards", "alerts", "examples")
	for _, name := range append(names, "README.md") {
		text := string(r.read(name))
		for _, metric := range regexp.MustCompile(`(?:[a-z]+:)?\brunzero_[a-z0-9_:]*`).FindAllString(text, -1) {
			if metric = strings.TrimRight(metric, ":"); !r.isMetric(metric) {
				r.report(name, "no such metric: %s", metric)
			}
		}
		// What a pattern or a test's name continues is no alert.
		for _, match := range regexp.MustCompile(`\b(RunZero[A-Z][A-Za-z0-9]+)(\.[*+]|\()?`).FindAllStringSubmatch(text, -1) {
			if match[2] == "" && !alerts[match[1]] {
				r.report(name, "no such alert: %s", match[1])
			}
		}
		for _, variable := range environmentVariables(text) {
			if !r.program.variables[variable] {
				r.report(name, "no such environment variable: %s", variable)
			}
		}
	}
}

// isMetric accepts series, prefixes such as runzero_api_ and the program's own name, which may
// have the tag of an image behind it, or man: before it.
func (r *repository) isMetric(name string) bool {
	if slices.Contains(strings.Split(name, ":"), programName) {
		return true
	}
	if _, known := r.catalogue[name]; known || !strings.HasSuffix(name, "_") {
		return known
	}
	for other := range r.catalogue {
		if strings.HasPrefix(other, name) {
			return true
		}
	}
	return false
}
