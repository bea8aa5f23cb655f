package shipped

import (
	"regexp"
	"slices"
	"strings"
)

const programName = "runzero_exporter"

// program is what --help-long says of the program.
type program struct {
	flags     map[string]set // by command; those of all commands under ""
	variables set
}

// readHelp reads the commands, the flags that belong to all of them, and then those of each command.
func readHelp(help string) program {
	p := program{flags: map[string]set{"": setOf("help-long", "help-man")}, variables: setOf("RUNZERO_OPENAPI")} // only the tests use this one
	flag := regexp.MustCompile(`^ +(?:-\w, )?--(\[no-\])?([a-z][a-z0-9._-]*)`)
	section, command := "", ""
	for line := range strings.Lines(help) {
		if match := regexp.MustCompile(`^(Commands|General flags|Flags of (\w+)):\n$`).FindStringSubmatch(line); match != nil {
			section, command = match[1], match[2]
		}
		if match := regexp.MustCompile(`^ {2}([a-z]+) `).FindStringSubmatch(line); match != nil && section == "Commands" {
			p.flags[match[1]] = set{}
		}
		if match := flag.FindStringSubmatch(line); match != nil {
			p.flags[command][match[2]] = true
			p.flags[command]["no-"+match[2]] = match[1] != ""
		}
	}
	for _, name := range environmentVariables(help) {
		p.variables[name] = true
	}
	return p
}

// arguments checks the words after the program's name.
func (p program) arguments(words []string) []string {
	command := ""
	if i := slices.IndexFunc(words, func(word string) bool { return word != "" && p.flags[word] != nil }); i >= 0 {
		command = words[i]
	}
	var problems []string
	if command == "" && len(words) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(words[0]) {
		problems = append(problems, "no such command: "+words[0])
	}
	for _, word := range words {
		name := flagName(word)
		if name != "" && !p.flags[""][name] && !p.flags[command][name] {
			problems = append(problems, strings.TrimSpace(command+" has no flag --"+name))
		}
	}
	return problems
}

// commandLine checks the call of the program in a line, if there is one.
func (p program) commandLine(line string) []string {
	words := strings.Fields(line)
	start := slices.IndexFunc(words, func(word string) bool {
		return word == programName || strings.HasSuffix(word, "/"+programName)
	})
	if start < 0 {
		return nil
	}
	for _, word := range words[:start] {
		if !strings.Contains(word, "=") && !slices.Contains([]string{"$", "#", "sudo", "exec"}, word) {
			return nil // an argument of another program, or prose
		}
	}
	words = words[start+1:]
	if end := slices.IndexFunc(words, regexp.MustCompile(`^([|&;>#]|2>)`).MatchString); end >= 0 {
		words = words[:end]
	}
	return p.arguments(words)
}

// mentions checks flags with a dot in their names, and environment variables, in any text.
func (p program) mentions(text string) []string {
	var problems []string
	for _, word := range regexp.MustCompile(`--[a-z][a-z0-9-]*\.[a-zA-Z0-9._-]+`).FindAllString(text, -1) {
		if name := flagName(strings.TrimRight(word, ".")); name != "" && !p.knows(name) {
			problems = append(problems, "no such flag: --"+name)
		}
	}
	for _, name := range environmentVariables(text) {
		if !p.variables[name] {
			problems = append(problems, "no such environment variable: "+name)
		}
	}
	return problems
}

func (p program) knows(flag string) bool {
	for _, flags := range p.flags {
		if flags[flag] {
			return true
		}
	}
	return false
}

func environmentVariables(text string) []string {
	return regexp.MustCompile(`\bRUNZERO_[A-Z_]*[A-Z]\b`).FindAllString(text, -1)
}

// flagName returns the name of the flag that a word sets. It is empty for words that are no
// flag, and for placeholders such as --collector.NAME.interval.
func flagName(word string) string {
	match := regexp.MustCompile(`^[\[(|]*--([a-z][a-z0-9._-]*[a-z0-9])(.?)`).FindStringSubmatch(word)
	if len(match) == 0 || match[2] == "." || match[2] >= "A" && match[2] <= "Z" {
		return ""
	}
	return match[1]
}
