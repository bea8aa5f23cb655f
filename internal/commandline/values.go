package commandline

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
)

// duration reads Prometheus' durations, which know days and weeks.
func duration(flag *kingpin.FlagClause, d *time.Duration) { flag.SetValue((*durationValue)(d)) }

type durationValue time.Duration

func (v *durationValue) Set(s string) error {
	parsed, err := model.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("invalid duration %q: write it like 90s, 15m, 6h or 7d", s)
	}
	*v = durationValue(parsed)
	return nil
}

func (v *durationValue) String() string { return model.Duration(*v).String() }

// oneOf reads one of a few words into word.
func oneOf(setting kingpin.Settings, word *string, words ...string) {
	setting.SetValue(wordValue{word, words})
}

type wordValue struct {
	word  *string
	words []string
}

// wordsOf returns the words that a value may be; none if it may be others.
func wordsOf(v kingpin.Value) []string {
	if named, ok := v.(namedValue); ok {
		v = named.Value
	}
	word, _ := v.(wordValue)
	return word.words
}

func (v wordValue) Set(s string) error {
	if !slices.Contains(v.words, s) {
		return fmt.Errorf("invalid value %q: it is one of %s", s, strings.Join(v.words, ", "))
	}
	*v.word = s
	return nil
}

func (v wordValue) String() string { return *v.word }

// nameFlags makes the errors about the values of flags name the flag, and say what is wrong in plain words.
func nameFlags(app *kingpin.Application) {
	eachFlag(app, func(_ string, f *kingpin.FlagModel, flag *kingpin.FlagClause) {
		named := namedValue{f.Value, f.Name, f.Envar}
		getter, _ := f.Value.(kingpin.Getter)
		switch _, list := f.Value.(interface{ IsCumulative() bool }); {
		case f.Name == "help" || f.Name == "version" || list:
		case f.IsBoolFlag():
			flag.SetValue(namedSwitch{named})
		case getter == nil || fmt.Sprintf("%T", getter.Get()) != "string": // any string is valid
			flag.SetValue(named)
		}
	})
}

type namedValue struct {
	kingpin.Value

	flag, variable string
}

// Set checks numbers before kingpin does, which reads whole numbers as fractions and cuts them.
func (v namedValue) Set(s string) error {
	var err error
	what := ""
	if getter, ok := v.Value.(kingpin.Getter); ok {
		switch getter.Get().(type) {
		case bool:
			_, err = strconv.ParseBool(s)
			what = "write true or false"
		case float64:
			_, err = strconv.ParseFloat(s, 64)
			what = "write a number like 0.5"
		case int, int64:
			_, err = strconv.ParseInt(s, 10, 64)
			what = "write a whole number"
		case uint64:
			_, err = strconv.ParseUint(s, 10, 64)
			what = "write a whole number that is not negative"
		}
	}
	if err != nil {
		err = fmt.Errorf("invalid value %q: %s", s, what)
	} else {
		err = v.Value.Set(s)
	}
	switch {
	case err == nil:
		return nil
	case v.variable != "" && os.Getenv(v.variable) == s:
		return fmt.Errorf("--%s (set by %s): %w", v.flag, v.variable, err)
	}
	return fmt.Errorf("--%s: %w", v.flag, err)
}

type namedSwitch struct{ namedValue }

// IsBoolFlag makes kingpin accept the flag without a value.
func (namedSwitch) IsBoolFlag() bool { return true }

// optionalCalls is a number of calls that may not be set.
type optionalCalls struct{ n **int64 }

func (v optionalCalls) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("invalid value %q: write a number of API calls a day, such as 1000", s)
	}
	*v.n = &n
	return nil
}

func (v optionalCalls) String() string {
	if *v.n == nil {
		return ""
	}
	return strconv.FormatInt(**v.n, 10)
}
