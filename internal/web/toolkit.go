package web

import (
	"errors"
	"regexp"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// CheckFile checks the file of --web.config.file; there need not be one. Its error is on
// one line, and repeats no value of the file.
func CheckFile(name string) error { return Plain(toolkit.Validate(name)) }

// Plain makes an error of exporter-toolkit's one that may be told.
func Plain(err error) error {
	if err == nil {
		return nil
	}
	if text := plain(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// What messages of the YAML library and others repeat of the file: values, which may be
// passwords, and keys, which may be passwords in the wrong place.
var (
	toldValue = regexp.MustCompile("`[^`]*`|(?:anchor|started with) '[^']*'")
	toldKey   = regexp.MustCompile(`(field|key|header) ("[^"]*"|\S+) (not found|already|can not)`)
	keyName   = regexp.MustCompile(`^"?[A-Za-z][A-Za-z_-]{0,40}"?$`)
)

func plain(text string) string {
	const secret = "<secret>"
	text = toldValue.ReplaceAllString(text, secret)
	text = toldKey.ReplaceAllStringFunc(text, func(told string) string {
		part := toldKey.FindStringSubmatch(told)[1:]
		if !keyName.MatchString(part[1]) {
			part[1] = secret
		}
		return strings.Join(part, " ")
	})
	return strings.Join(strings.Fields(text), " ") // the YAML library writes several lines
}
