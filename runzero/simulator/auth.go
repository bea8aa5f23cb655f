package simulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// scope is the part of the API that a route belongs to. It decides which credentials and licences may call the route.
type scope int

const (
	scopePublic scope = iota
	scopeExport
	scopeOrganization
	scopeZones // of the organization API, but for the largest licence alone
	scopeAccount
	scopeToken
)

// licence is the smallest tier that has a scope (documented).
func (s scope) licence() Tier {
	return [...]Tier{Community, Community, Professional, Platform, Platform, Platform}[s]
}

// kinds are the tokens that a scope accepts (documented).
func (s scope) kinds() []string {
	switch s {
	case scopeExport:
		return []string{tokenExport, tokenOrganization, tokenClient}
	case scopeOrganization, scopeZones:
		return []string{tokenOrganization, tokenClient}
	}
	return []string{tokenClient}
}

// grant is what a credential allows. The zero grant allows nothing.
type grant struct {
	kind string // as in Call.Token
	org  *org   // of tokens of one organization; nil: the account
}

// The kinds of token, as in Call.Token.
const (
	tokenNone         = "none"
	tokenInvalid      = "invalid"
	tokenExport       = "export"
	tokenOrganization = "organization"
	tokenAccount      = "account"
	tokenOAuth        = "oauth"
	tokenDownload     = "download"
	tokenClient       = "client" // the id and secret of an API client
)

func (g grant) valid() bool { return g.kind != tokenNone && g.kind != tokenInvalid }

// provided is the kind of token as responses name it.
func (g grant) provided() string {
	if g.kind == tokenAccount || g.kind == tokenOAuth {
		return tokenClient
	}
	return g.kind
}

// licence is the smallest tier that has the kind of credential (documented of account
// credentials, assumed of organization tokens).
func (g grant) licence() Tier {
	switch g.provided() {
	case tokenClient:
		return Platform
	case tokenOrganization:
		return Professional
	}
	return Community
}

func (c *Console) token(prefix string, k key) string {
	return prefix + strings.ToUpper(k.sub(drawToken).sub(uint64(prefix[0])).hex(32))
}

func (c *Console) buildTokens() {
	c.tokens = map[string]grant{c.AccountToken(): {kind: tokenAccount}}
	for i, o := range c.orgs {
		c.tokens[c.ExportToken(i)] = grant{tokenExport, o}
		c.tokens["XT"+strings.TrimPrefix(c.ExportToken(i), "ET")] = grant{tokenExport, o}
		c.tokens[c.OrganizationToken(i)] = grant{tokenOrganization, o}
		c.tokens[c.DownloadToken(i)] = grant{tokenDownload, o}
	}
}

// ExportToken can read the exports of one organization. Prefixes and scopes of all tokens
// are documented, their 32 digits are seen. The same token with the prefix XT, which some of
// runZero's documentation has, works as well.
func (c *Console) ExportToken(org int) string { return c.token("ET", c.orgs[org].key) }

// OrganizationToken can access one organization.
func (c *Console) OrganizationToken(org int) string { return c.token("OT", c.orgs[org].key) }

// AccountToken can access everything. Paths of an organization need _oid with it
// (documented) and are served from the first organization without (seen).
func (c *Console) AccountToken() string { return c.token("CT", c.seed) }

// DownloadToken can download Explorers, and cannot call the API.
func (c *Console) DownloadToken(org int) string { return c.token("DT", c.orgs[org].key) }

// Client is an OAuth2 API client. Its access tokens can do what AccountToken can
// (documented) and last an hour of the console's clock (assumed).
func (c *Console) Client() (id, secret string) {
	k := c.seed.sub(drawClient).sub(1)
	return k.uuid(), k.sub(drawToken).hex(32)
}

const accessLifetime = 3600 // seconds, assumed

// authenticate finds out what the credential of a request allows.
func (c *Console) authenticate(r *http.Request, now time.Time) grant {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	c.mu.Lock()
	expires := c.access[token]
	c.mu.Unlock()
	switch g, found := c.tokens[token]; {
	case scheme == "":
		return grant{kind: tokenNone}
	case !strings.EqualFold(scheme, "Bearer"):
	case found:
		return g
	case now.Unix() < expires:
		return grant{kind: tokenOAuth}
	}
	return grant{kind: tokenInvalid}
}

// clientForm reads a token request: id and secret are form fields (documented) or come by
// HTTP Basic (seen). The problem is empty when the form is complete.
func (c *Console) clientForm(r *http.Request) (g grant, problem string) {
	g.kind = tokenNone
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return g, "unreadable body"
	}
	form := url.Values{}
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media == "application/x-www-form-urlencoded" {
		if form, err = url.ParseQuery(string(body)); err != nil {
			return g, "malformed form"
		}
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		// In RFC 6749 both are form-encoded inside of the header.
		var badID, badSecret error
		id, badID = url.QueryUnescape(user)
		secret, badSecret = url.QueryUnescape(password)
		if badID != nil || badSecret != nil {
			return g, "malformed client id or secret"
		}
	}
	if id != "" || secret != "" {
		g.kind = tokenInvalid
		if wantID, wantSecret := c.Client(); id == wantID && secret == wantSecret {
			g.kind = tokenClient
		}
	}
	if form.Get("grant_type") != "client_credentials" {
		return g, "grant_type must be client_credentials"
	}
	if id == "" || secret == "" {
		return g, "client_id and client_secret are required"
	}
	return g, ""
}

func (c *Console) issue(now time.Time) row {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t, expires := range c.access {
		if expires <= now.Unix() {
			delete(c.access, t)
		}
	}
	c.issued++
	k := c.seed.sub(drawToken).sub(c.issued)
	token := k.hex(32) + k.sub(1).hex(32)
	c.access[token] = now.Unix() + accessLifetime
	return row{"access_token": token, "token_type": "bearer", "expires_in": accessLifetime}
}
