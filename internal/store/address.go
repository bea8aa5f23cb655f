package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis is where a Redis or Valkey is that replicas share, as users configure it.
type Redis struct {
	// URL is one of go-redis: of a server; with parameters addr, of a cluster's nodes; with master_name, of Sentinels. The
	// parameter prefix is our own.
	URL          string
	PasswordFile string // read at each connection; empty: no password
	CAFile       string // empty: the system's CAs
	CertFile     string // of a client certificate, with KeyFile; read at each connection
	KeyFile      string
}

// Files are the flags, and their values, that are set besides the URL.
func (r Redis) Files() []string {
	var flags []string
	for _, f := range [][2]string{{"password", r.PasswordFile}, {"ca", r.CAFile}, {"cert", r.CertFile}, {"key", r.KeyFile}} {
		if f[1] != "" {
			flags = append(flags, fmt.Sprintf("--cache.%s-file=%q", f[0], f[1]))
		}
	}
	return flags
}

// Check reports what is wrong with the URL and the files, without connecting.
func (r Redis) Check() error {
	client, _, err := r.connect(nil)
	if err != nil {
		return err
	}
	_ = client.Close()
	if r.PasswordFile != "" {
		if _, err := os.ReadFile(r.PasswordFile); err != nil {
			return fmt.Errorf("invalid --cache.password-file: %w", err)
		}
	}
	return nil
}

// defaultPrefix begins the names of all keys.
const defaultPrefix = "runzero_exporter"

// prefixes are not to end the hash tag that keeps all keys on one node of a cluster.
func validPrefix(prefix string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,64}$`).MatchString(prefix)
}

// parameters are those of the URL. Of go-redis' own, how it behaves is not up to users: the lease depends on it.
func parameters() []string {
	return []string{"addr", "db", "master_name", "prefix", "skip_verify", "username"}
}

// split takes our own parameter from the URL, and refuses what go-redis would take and we do not want.
func (r Redis) split() (address *url.URL, prefix string, err error) {
	address, err = url.Parse(r.URL)
	if err != nil {
		return nil, "", errors.New("invalid --cache.url: it is not a URL") // the error would quote a password
	}
	if address.Scheme != "redis" && address.Scheme != "rediss" || address.Host == "" {
		return nil, "", errors.New("invalid --cache.url: write redis://host:6379, or rediss://host:6379 for TLS")
	}
	query := address.Query()
	// A password with a slash, a question mark or a number sign ends the host of a URL: the rest of it must not be quoted.
	torn := strings.Contains(address.RequestURI()+address.Fragment, "@")
	if _, set := address.User.Password(); set || torn || query.Has("password") {
		return nil, "", errors.New("invalid --cache.url: it holds a password, which others can read there: write it to a file and name that with --cache.password-file")
	}
	for parameter := range query {
		if !slices.Contains(parameters(), parameter) {
			return nil, "", fmt.Errorf("invalid --cache.url: unknown parameter %q: there are %s", parameter, strings.Join(parameters(), ", "))
		}
	}
	prefix = defaultPrefix
	if query.Has("prefix") {
		if prefix = query.Get("prefix"); !validPrefix(prefix) {
			return nil, "", fmt.Errorf("invalid --cache.url: prefix %q: use at most 64 letters, digits and _.:/-", prefix)
		}
		query.Del("prefix")
	}
	address.RawQuery = query.Encode()
	return address, prefix, nil
}

const (
	// A server that does not answer for so long is one that is away.
	connectTimeout = 3 * time.Second
	answerTimeout  = 5 * time.Second
)

// connect makes a client, which connects with dial when it is used.
func (r Redis) connect(dial func(ctx context.Context, network, addr string) (net.Conn, error)) (client redis.UniversalClient, prefix string, err error) {
	address, prefix, err := r.split()
	if err != nil {
		return nil, "", err
	}
	options, err := r.options(address)
	if err != nil {
		return nil, "", err
	}
	options.Dialer = dial
	if options.TLSConfig != nil {
		files := promconfig.TLSConfig{CAFile: r.CAFile, CertFile: r.CertFile, KeyFile: r.KeyFile, InsecureSkipVerify: options.TLSConfig.InsecureSkipVerify}
		secured, err := promconfig.NewTLSConfig(&files)
		if err != nil {
			return nil, "", fmt.Errorf("invalid TLS settings of --cache.url: %w", err)
		}
		secured.ServerName = options.TLSConfig.ServerName
		options.TLSConfig = secured
	} else if r.CAFile != "" || r.CertFile != "" || r.KeyFile != "" {
		return nil, "", errors.New("invalid --cache.url: certificates are for rediss://, which is TLS")
	}
	if r.PasswordFile != "" {
		user := options.Username
		options.Username = ""
		options.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := r.password()
			return user, password, err
		}
		if options.SentinelUsername != "" {
			if options.SentinelPassword, err = r.password(); err != nil {
				return nil, "", err
			}
		}
	}
	logging.Disable() // it would write lines of another form; each failure is reported with its cause, once
	return redis.NewUniversalClient(options), prefix, nil
}

// options are those of the URL that go-redis knows, and ours.
func (r Redis) options(address *url.URL) (*redis.UniversalOptions, error) {
	o := &redis.UniversalOptions{}
	var err error
	switch query := address.Query(); {
	case query.Has("master_name"):
		var f *redis.FailoverOptions
		if f, err = redis.ParseFailoverURL(address.String()); err == nil {
			o.Addrs, o.MasterName, o.DB, o.TLSConfig = f.SentinelAddrs, f.MasterName, f.DB, f.TLSConfig
			o.Username, o.SentinelUsername = f.Username, f.SentinelUsername
		}
	case query.Has("addr"):
		var c *redis.ClusterOptions
		if c, err = redis.ParseClusterURL(address.String()); err == nil {
			o.Addrs, o.Username, o.TLSConfig, o.IsClusterMode = c.Addrs, c.Username, c.TLSConfig, true
		}
	default:
		var s *redis.Options
		if s, err = redis.ParseURL(address.String()); err == nil {
			o.Addrs, o.DB, o.Username, o.TLSConfig = []string{s.Addr}, s.DB, s.Username, s.TLSConfig
		}
	}
	if err != nil {
		return nil, fmt.Errorf("invalid --cache.url: %s", strings.TrimPrefix(err.Error(), "redis: "))
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.ContextTimeoutEnabled = connectTimeout, answerTimeout, answerTimeout, true
	o.MaxRetries, o.DialerRetries, o.PoolSize, o.PipelinePoolSize = -1, 1, 4, -1 // the caller tries again
	o.DisableIdentity = true                                                     // which takes another permission
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o, nil
}

func (r Redis) password() (string, error) {
	text, err := os.ReadFile(r.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("--cache.password-file: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
