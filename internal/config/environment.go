package config

import (
	"cmp"
	"fmt"
	"strings"
)

// TakeToken takes the token from the environment: from RUNZERO_TOKEN, or the names in runZero's own examples. Several
// may be set if they hold the same token; Load refuses different ones.
func (f *Flags) TakeToken(getenv func(string) string) {
	for _, name := range []string{"RUNZERO_TOKEN", "RUNZERO_EXPORT_TOKEN", "RUNZERO_ORG_TOKEN"} {
		token := strings.TrimSpace(getenv(name))
		if token == "" {
			continue
		}
		f.variables = append(f.variables, name)
		f.ambiguous = f.ambiguous || f.Token != "" && f.Token != token
		f.Token = cmp.Or(f.Token, token)
	}
}

// tokenVariables names the environment variables that hold the token, for messages.
func (f Flags) tokenVariables() string {
	return cmp.Or(strings.Join(f.variables, " and "), "RUNZERO_TOKEN")
}

// checkEnvironment refuses different tokens. The demo takes none of them.
func (f Flags) checkEnvironment() error {
	if f.ambiguous && !f.Demo {
		return fmt.Errorf("%s are set to different tokens: remove all but one, or use --config.file for several credentials", f.tokenVariables())
	}
	return nil
}
