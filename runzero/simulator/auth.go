package simulator

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// grant is what a credential allows. The zero grant allows nothing.
type grant struct {
	kind string // as Call.Token names it
	org  *org   // the organization written into the token; nil: the whole account
}

// The kinds of token, as Call.Token names them.
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

func (g grant) wholeAccount() bool { return g.kind == tokenAccount || g.kind == tokenOAuth }

const accessLifetime = 3600 // not documented; seen nowhere

func (c *Console) token(prefix string, k key) string {
	return prefix + strings.ToUpper(k.sub(drawToken).sub(uint64(prefix[0])).hex(32))
}

func (c *Console) buildTokens() {
	c.tokens = map[string]grant{c.AccountToken(): {kind: tokenAccount}}
	for i, o := range c.orgs {
		c.tokens[c.ExportToken(i)] = grant{tokenExport, o}
		c.tokens[c.OrganizationToken(i)] = grant{tokenOrganization, o}
		c.tokens[c.DownloadToken(i)] = grant{tokenDownload, o}
	}
}

// ExportToken reads one organization's exports, no more. Prefixes and reach of
// this and the other tokens are documented, their 32 digits are seen.
func (c *Console) ExportToken(org int) string { return c.token("ET", c.orgs[org].key) }

// OrganizationToken reaches one organization.
func (c *Console) OrganizationToken(org int) string { return c.token("OT", c.orgs[org].key) }

// AccountToken reaches everything; paths of an organization want _oid with it
// (documented) and are served from the first organization without (seen).
func (c *Console) AccountToken() string { return c.token("CT", c.seed) }

// DownloadToken downloads Explorers and reaches no API.
func (c *Console) DownloadToken(org int) string { return c.token("DT", c.orgs[org].key) }

// Client is an OAuth2 API client, whose access tokens reach what AccountToken
// does (documented) and last an hour by the console's clock (assumed).
func (c *Console) Client() (id, secret string) {
	k := c.seed.sub(drawClient).sub(1)
	return k.uuid(), k.sub(drawToken).hex(32)
}

// RevokeAccessTokens refuses every OAuth access token issued so far.
func (c *Console) RevokeAccessTokens() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.access)
}

// authenticate says what a request's credential is good for.
func (c *Console) authenticate(r *http.Request, now time.Time) grant {
	header := r.Header.Get("Authorization")
	if header == "" {
		return grant{kind: tokenNone}
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") {
		return grant{kind: tokenInvalid}
	}
	if g, ok := c.tokens[token]; ok {
		return g
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if end, ok := c.access[token]; ok && now.Unix() < end {
		return grant{kind: tokenOAuth}
	}
	return grant{kind: tokenInvalid}
}

// clientForm reads a token request: id and secret as form fields (documented)
// or by HTTP Basic (seen). The problem is empty when the form is complete.
func (c *Console) clientForm(r *http.Request) (g grant, problem string) {
	g = grant{kind: tokenNone}
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
		// RFC 6749 has both form-encoded inside of the header.
		if id, err = url.QueryUnescape(user); err != nil {
			return g, "malformed client id"
		}
		if secret, err = url.QueryUnescape(password); err != nil {
			return g, "malformed client secret"
		}
	}
	wantID, wantSecret := c.Client()
	if id != "" || secret != "" {
		g.kind = tokenInvalid
		if id == wantID && secret == wantSecret {
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
	for t, end := range c.access {
		if end <= now.Unix() {
			delete(c.access, t)
		}
	}
	c.issued++
	k := c.seed.sub(drawToken).sub(c.issued)
	token := k.hex(32) + k.sub(1).hex(32)
	c.access[token] = now.Unix() + accessLifetime
	return row{"access_token": token, "token_type": "bearer", "expires_in": accessLifetime}
}

// provided is the kind of token as answers call it.
func (g grant) provided() string {
	if g.wholeAccount() {
		return tokenClient
	}
	return g.kind
}

// licence is the smallest tier that has the kind of credential (documented of
// account credentials; that of the organization API is assumed of its tokens).
func (g grant) licence() Tier {
	switch g.kind {
	case tokenAccount, tokenOAuth, tokenClient:
		return Platform
	case tokenOrganization:
		return Professional
	}
	return Community
}

// kinds are the tokens that reach a scope (documented).
func (s scope) kinds() []string {
	switch s {
	case scopeExport:
		return []string{tokenExport, tokenOrganization, tokenClient}
	case scopeOrganization, scopeZones:
		return []string{tokenOrganization, tokenClient}
	}
	return []string{tokenClient}
}

// wrongKind is the answer to a token that is good, but not here (seen).
func wrongKind(provided string, possible []string) row {
	return row{
		"error":                fmt.Sprintf("invalid %s token: invalid account API key", provided),
		"possible_token_types": possible, "provided_token_type": provided,
	}
}
