package shipped

import (
	"regexp"
	"slices"
	"strings"
)

// Program is what the program's help says of it.
type Program struct {
	flags     map[string]set // by command; those of all commands under ""
	variables set
}

const programName = "runzero_exporter"

// ReadHelp reads what --help-long says.
func ReadHelp(text string) Program {
	p := Program{flags: map[string]set{"": {}}, variables: set{}}
	flag := regexp.MustCompile(`^ +(?:-\w, )?--(\[no-\])?([a-z][a-z0-9.-]*)`)
	command := regexp.MustCompile(`^([a-z]+)(?: |$)`)
	current, commands := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if match := command.FindStringSubmatch(line); commands && match != nil {
			current = match[1]
			p.flags[current] = set{}
		}
		commands = commands || line == "Commands:"
		if match := flag.FindStringSubmatch(line); match != nil {
			p.flags[current][match[2]] = true
			if match[1] != "" {
				p.flags[current]["no-"+match[2]] = true
			}
		}
	}
	for _, name := range regexp.MustCompile(`RUNZERO_[A-Z_]*[A-Z]`).FindAllString(text, -1) {
		p.variables[name] = true
	}
	return p
}

// Invoked are the findings of a command line without the program's name.
func (p Program) Invoked(words []string) []string {
	var f findings
	command := ""
	for _, word := range words {
		if _, known := p.flags[word]; known && word != "" {
			command = word
		}
	}
	if command == "" && len(words) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(words[0]) {
		f.add("there is no command %s", words[0])
	}
	for _, word := range words {
		name := flagIn(word)
		if name != "" && !p.flags[""][name] && !p.flags[command][name] {
			f.add("there is no flag --%s", strings.TrimSpace(name+" "+of(command)))
		}
	}
	return f
}

func of(command string) string {
	if command == "" {
		return ""
	}
	return "of " + command
}

// flagIn is the name of the flag that a word sets or mentions, empty where it is none or
// stands for several, as --collector.NAME does.
func flagIn(word string) string {
	match := regexp.MustCompile(`^--([a-z][a-z0-9.-]*[a-z0-9])(.?)`).FindStringSubmatch(strings.TrimLeft(word, "[(|"))
	if len(match) == 0 || match[2] == "." || match[2] >= "A" && match[2] <= "Z" {
		return ""
	}
	return match[1]
}

// Mentioned are the findings of text that speaks of flags, with a dot in them, and of
// variables.
func (p Program) Mentioned(text string) []string {
	var f findings
	everything := set{}
	for _, flags := range p.flags {
		everything = everything.union(flags)
	}
	for _, word := range regexp.MustCompile(`--[a-z][a-z0-9-]*\.[a-zA-Z0-9.-]+`).FindAllString(text, -1) {
		if name := flagIn(strings.TrimRight(word, ".")); name != "" && !everything[name] {
			f.add("there is no flag --%s", name)
		}
	}
	return append(f, p.named(text)...)
}

// named are the findings of text that names variables.
func (p Program) named(text string) []string {
	var f findings
	for _, name := range regexp.MustCompile(`\bRUNZERO_[A-Z_]*[A-Z]\b`).FindAllString(text, -1) {
		if !p.variables[name] {
			f.add("there is no variable %s", name)
		}
	}
	return f
}

// Page are the findings of a page: of code that calls the program, of flags that stand
// alone, and of variables. What calls another program is its own affair.
func (p Program) Page(page Page) []string {
	f := findings(p.named(page.Text))
	for _, code := range page.code() {
		if strings.HasPrefix(code, "--") {
			f = append(f, p.Mentioned(code)...)
		}
		words := strings.Fields(code)
		i := slices.IndexFunc(words, func(word string) bool {
			return word == programName || strings.HasSuffix(word, "/"+programName)
		})
		if i < 0 || !called(words[:i]) {
			continue
		}
		words = words[i+1:]
		if end := slices.IndexFunc(words, ends); end >= 0 {
			words = words[:end]
		}
		f.at(code, p.Invoked(words))
	}
	return f
}

// ends is whether a word ends the command before it.
func ends(word string) bool {
	return slices.Contains([]string{"|", "||", "&&", ";", "&", ">", ">>", "2>&1", "#"}, word)
}

// called is whether what stands before a program's name leaves it a call.
func called(words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool {
		return !strings.Contains(word, "=") && !slices.Contains([]string{"$", "sudo", "exec"}, word)
	})
}
