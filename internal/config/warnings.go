package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// warnings returns a sentence for each setting that is valid and probably not meant.
func (f Flags) warnings(c *Config, in file) []string {
	var all []string
	for _, spec := range collector.Specs() {
		if text := f.configuredButOff(spec.Name, in.Collectors); text != "" {
			all = append(all, text)
		}
	}
	all = append(all, f.labelsWithoutEffect(c, in)...)
	if !f.Offline && !f.Demo {
		all = append(all, f.exposedSecrets(c)...)
	}
	return all
}

// configuredButOff returns a warning about a collector with settings that have no effect, because nobody enabled or
// disabled it.
func (f Flags) configuredButOff(name string, in fileCollectors) string {
	if f.Collectors[name].Enabled || f.Set["collector."+name] || in.of(name).Enabled.set() {
		return ""
	}
	if inFile, ok := in.Others[name]; ok {
		return fmt.Sprintf("%s: the collector %s is configured but off: enable it with enabled: true, or remove its settings", f.locate(inFile.position), name)
	}
	for _, flag := range slices.Sorted(maps.Keys(f.Set)) {
		if f.Set[flag] && strings.HasPrefix(flag, "collector."+name+".") {
			return fmt.Sprintf("--%s (or its environment variable) is set, but the collector is off: enable it with --collector.%s, or remove this setting", flag, name)
		}
	}
	return ""
}

// exposedSecrets returns a warning about each file with a secret that every user of this machine may read or change.
func (f Flags) exposedSecrets(c *Config) []string {
	var warnings []string
	check := func(what, name string) {
		if warning := ExposedSecret(what, name); warning != "" && !slices.Contains(warnings, warning) {
			warnings = append(warnings, warning)
		}
	}
	for _, a := range c.Accounts {
		for _, credential := range a.Credentials {
			http := credential.Runzero.HTTP
			check("the token file", valueOf(http.Authorization).CredentialsFile)
			check("the OAuth2 client's secret file", valueOf(http.OAuth2).ClientSecretFile)
			check("the TLS key file", http.TLSConfig.KeyFile)
			if http.HTTPHeaders != nil {
				for _, header := range http.HTTPHeaders.Headers {
					for _, name := range header.Files {
						check("the header's file", name)
					}
				}
			}
			if a.Name != "" && holdsSecret(http) {
				check("the configuration file holds secrets:", f.File)
			}
		}
	}
	return warnings
}

// ExposedSecret returns a warning if every user of this machine may read or change a file that holds a secret, else "".
// what the file is begins the sentence: "the token file". Groups are none of our business: Kubernetes and systemd give
// access by them.
func ExposedSecret(what, name string) string {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o007 == 0 || runtime.GOOS == "windows" {
		return ""
	}
	return fmt.Sprintf("%s %s is open to every user of this machine (mode %04o): allow only the exporter's user to read it, with chmod 600",
		what, name, info.Mode().Perm())
}

// holdsSecret reports whether a secret is written in the configuration itself.
func holdsSecret(http promconfig.HTTPClientConfig) bool {
	inline := []promconfig.Secret{valueOf(http.Authorization).Credentials, valueOf(http.OAuth2).ClientSecret, http.TLSConfig.Key}
	if http.HTTPHeaders != nil {
		for _, header := range http.HTTPHeaders.Headers {
			inline = append(inline, header.Secrets...)
		}
	}
	return cmp.Or(inline...) != "" || http.ProxyURL.URL != nil && http.ProxyURL.User != nil
}

// valueOf is what p points to, or the zero value.
func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
