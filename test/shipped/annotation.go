package shipped

import (
	"io"
	"regexp"
	"text/template"
)

// annotated checks the template of an annotation: that it parses, works on a number and
// labels, and names no label that the alert's expression cannot give.
func annotated(text string, labels set) []string {
	var f findings
	for _, match := range regexp.MustCompile(`\$labels\.(\w+)|\.Labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
		if name := match[1] + match[2]; !labels[name] {
			f.add("names the label %s, which the alert never has", name)
		}
	}
	const begin = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
	t, err := template.New("annotation").Option("missingkey=zero").Funcs(functions()).Parse(begin + text)
	if err != nil {
		f.add("is no template: %v", err)
		return f
	}
	full := map[string]string{}
	for name := range labels {
		full[name] = "x"
	}
	// With all labels and with none, so that both sides of most conditions are tried.
	for _, values := range []map[string]string{full, {}} {
		err := t.Execute(io.Discard, map[string]any{"Labels": values, "ExternalLabels": map[string]string{}, "ExternalURL": "", "Value": 1.5})
		if err != nil {
			f.add("is a template that fails: %v", err)
			return f
		}
	}
	return f
}

// functions stand for those of Prometheus' templates that alerts have use for; what they
// would say does not matter here.
func functions() template.FuncMap {
	of := func(any) string { return "" }
	return template.FuncMap{
		"humanize": of, "humanize1024": of, "humanizeDuration": of, "humanizePercentage": of, "humanizeTimestamp": of,
		"title": of, "toUpper": of, "toLower": of, "stripPort": of,
		"reReplaceAll": func(_, _, _ string) string { return "" },
		"match":        func(_, _ string) bool { return false },
	}
}
