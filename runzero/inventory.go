package runzero

import (
	"context"
	"iter"
	"maps"
	"time"
)

// details are the attributes of a row beside its identity.
type details[T any] interface {
	*T
	fields() fields
}

// inventoryRow is a row of an export that can have a hundred for each asset. Its id is not stored, because that would
// be an allocation for each row.
type inventoryRow[T any, D details[T]] struct {
	counted

	details T
}

func (r *inventoryRow[T, D]) fields() fields {
	all := r.counted.fields()
	maps.Copy(all, D(&r.details).fields())
	return all
}

// inventory streams an organization's rows of one kind in one call. of is the name of the export; fields is empty if
// the export does not support the parameter.
func inventory[T any, D details[T]](ctx context.Context, c *Client, of, organizationID, fields string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range organizationRows[inventoryRow[T, D]](ctx, c, "/export/org/"+of+".jsonl", of, organizationID, fields, "") {
			if !yield(row.details, err) {
				return
			}
		}
	}
}

// Service is one service of an asset, with the attributes that are counted. Texts are as the API sent them and may be
// empty.
type Service struct {
	// Protocol lists its protocols, separated by spaces, as in "http tls".
	Protocol  string
	Transport string // such as "tcp"
	Port      string // a number; "0" where there is none, as with ARP (seen)
}

// Services streams the services of an organization's assets in one call.
func (c *Client) Services(ctx context.Context, organizationID string) iter.Seq2[Service, error] {
	return inventory[Service](ctx, c, "services", organizationID,
		"id,service_id,organization_id,service_protocol,service_transport,service_port")
}

func (v *Service) fields() fields {
	return fields{
		"service_protocol":  text(&v.Protocol),
		"service_transport": text(&v.Transport),
		"service_port":      text(&v.Port),
	}
}

// Software is one program on one asset, with the attributes that are counted. Texts are as the API sent them and may
// be empty.
type Software struct {
	Vendor  string // such as "OpenBSD"
	Product string // such as "OpenSSH"; an open set that grows with the fleet
}

// Software streams the software on an organization's assets in one call.
func (c *Client) Software(ctx context.Context, organizationID string) iter.Seq2[Software, error] {
	return inventory[Software](ctx, c, "software", organizationID,
		"id,software_id,software_organization_id,software_vendor,software_product")
}

func (w *Software) fields() fields {
	return fields{
		"software_vendor":  text(&w.Vendor),
		"software_product": text(&w.Product),
	}
}

// Vulnerability is one vulnerability of one asset, with the attributes that are counted. Texts may be empty.
type Vulnerability struct {
	SiteID   string // of its asset; empty: no site
	SiteName string
	// Severity is in lower case, also for the documented "Critical". The other values are not documented: info, low,
	// medium and high are inferred from those of risk.
	Severity string
}

// Vulnerabilities streams the vulnerabilities of an organization's assets in one call.
func (c *Client) Vulnerabilities(ctx context.Context, organizationID string) iter.Seq2[Vulnerability, error] {
	return inventory[Vulnerability](ctx, c, "vulnerabilities", organizationID,
		"id,vulnerability_id,organization_id,site_id,site_name,vulnerability_severity")
}

func (v *Vulnerability) fields() fields {
	return fields{
		"site_id":                reference(&v.SiteID),
		"site_name":              text(&v.SiteName),
		"vulnerability_severity": lowerCase(&v.Severity),
	}
}

// Wireless is a wireless network that an Explorer received, with the attributes that are counted. Its name is not
// read, because anybody nearby can choose it. Texts are as the API sent them and may be empty.
type Wireless struct {
	SiteID         string // empty: no site
	SiteName       string
	Authentication string // an open set, such as "wpa2-psk"
	Encryption     string // an open set, such as "aes"
}

// Wireless streams the wireless networks around an organization in one call.
func (c *Client) Wireless(ctx context.Context, organizationID string) iter.Seq2[Wireless, error] {
	return inventory[Wireless](ctx, c, "wireless", organizationID,
		"id,organization_id,site_id,site_name,authentication,encryption")
}

func (w *Wireless) fields() fields {
	return fields{
		"site_id":        reference(&w.SiteID),
		"site_name":      text(&w.SiteName),
		"authentication": text(&w.Authentication),
		"encryption":     text(&w.Encryption),
	}
}

// Finding is one kind of problem in an organization, with the attributes that are counted. There is one row for each
// kind, not for each affected asset. Texts may be empty.
type Finding struct {
	Category string // an open set; no value is documented
	// Risk is in lower case. It is documented as a text, beside a rank from 0 = info to 4 = critical; info, low,
	// medium, high and critical are inferred from that.
	Risk      string
	Instances Count // number of times it was found
}

// Findings streams an organization's findings in one call. The export is not documented to support fields, and older
// consoles do not have it.
func (c *Client) Findings(ctx context.Context, organizationID string) iter.Seq2[Finding, error] {
	return inventory[Finding](ctx, c, "findings", organizationID, "")
}

func (f *Finding) fields() fields {
	return fields{
		"category":       text(&f.Category),
		"risk_rank":      lowerCase(&f.Risk),
		"instance_count": count(&f.Instances),
	}
}

// Certificate is a certificate or key of a service, with the attributes that are counted.
type Certificate struct {
	Type string // documented: x509, ssh
	// ValidFrom and ValidUntil are zero when the API sent none. An SSH key that is not a certificate has neither;
	// that is inferred.
	ValidFrom  time.Time
	ValidUntil time.Time
	// Hidden means that somebody removed it from the console's list of certificates. The export was seen to leave
	// these out, which is not documented.
	Hidden Truth
}

// Certificates streams an organization's certificates in one call. The export is not documented to support fields,
// and a record has some kilobytes.
func (c *Client) Certificates(ctx context.Context, organizationID string) iter.Seq2[Certificate, error] {
	return inventory[Certificate](ctx, c, "certificates", organizationID, "")
}

func (c *Certificate) fields() fields {
	return fields{
		"type":           text(&c.Type),
		"validity_start": validity(&c.ValidFrom),
		"validity_end":   validity(&c.ValidUntil),
		"hidden":         truth(&c.Hidden),
	}
}

// validityLast is the end of the year 9999 in seconds: the last time that X.509 can express, which devices write into
// certificates that never expire.
const validityLast = 253402300799

// validity reads an instant that may be so late that lexer.time would read it as milliseconds.
func validity(to *time.Time) reader {
	return func(lex *lexer) {
		if n, ok := integer(lex.bytes()); ok && 0 < n && n <= validityLast {
			*to = time.Unix(n, 0)
		} else {
			*to = lex.time()
		}
	}
}

// DirectoryEntry is a user or a group that an integration imported from a directory such as Active Directory. Nothing
// that identifies it is read.
type DirectoryEntry struct {
	// SourceID is runZero's number of the kind of integration, such as "16" for Azure AD (seen; the numbers are not
	// documented). Empty: not reported.
	SourceID string
}

// DirectoryUsers streams the users of an organization's directories in one call. These are not the users of the
// console.
func (c *Client) DirectoryUsers(ctx context.Context, organizationID string) iter.Seq2[DirectoryEntry, error] {
	return inventory[DirectoryEntry](ctx, c, "users", organizationID,
		"id,directory_user_id,directory_user_organization_id,directory_user_source_id")
}

// DirectoryGroups streams the groups of an organization's directories in one call.
func (c *Client) DirectoryGroups(ctx context.Context, organizationID string) iter.Seq2[DirectoryEntry, error] {
	return inventory[DirectoryEntry](ctx, c, "groups", organizationID,
		"id,directory_group_id,directory_group_organization_id,directory_group_source_id")
}

func (e *DirectoryEntry) fields() fields {
	return fields{
		"directory_user_source_id":  text(&e.SourceID),
		"directory_group_source_id": text(&e.SourceID),
	}
}
