package poller

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Account is one account to poll.
type Account struct {
	// Name is the account's name; empty when it is the only one.
	Name string
	// Console is the console's host, for messages.
	Console string
	// Quota admits the requests of all credentials.
	Quota *quota.Quota
	// EstimateLimit has the daily limit estimated from live assets while the console reports none.
	EstimateLimit bool
	// Credentials are tried in this order: the first that reaches a thing is used for it.
	Credentials []Credential
	// Fingerprint identifies the settings that everything cached for the account depends on.
	Fingerprint string
	// Selection says which organizations are polled.
	Selection schedule.Selection
	// Labels are added to what is exported of organizations.
	Labels     collector.OrganizationLabels
	Collectors []schedule.Collector
}

// Credential is one token or OAuth2 client of an account.
type Credential struct {
	Name   string
	Client *runzero.Client
	// Usage is what the usage headers of its responses reported. It is cached with the rest.
	Usage *collector.CredentialUsage
}

// account is an Account in operation. The loop owns it.
type account struct {
	Account
	jobs  []*job // sorted by organization, the cheapest first
	index index
	reach map[string]reach // by credential
	// polled are the organizations to poll, and names their org_name by id.
	polled []runzero.Organization
	names  map[string]string
	// insufficient holds what credentials proved unable to reach. That is true of all
	// organizations alike, and found out once.
	insufficient map[use]insufficiency
	faults       map[string]*fault             // by credential, and of the console
	sums         map[string]secretSum          // of the secrets that were last sent, by credential
	watched      map[string]context.CancelFunc // the credentials whose secrets are watched
	reloaded     bool                          // since the secrets were last looked at
	forced       time.Time                     // when everything was last tried out of turn; see tryNow

	running []*job // at most parallelPerAccount
	stale   [derived][]*job
	queue   queue
	live    map[string]int64 // assets that are counted as live, by collector
	repaced bool             // all jobs may be due at other times

	tempo
	loads     schedule.Sum
	paced     pacing    // what tempo was worked out for
	lastFirst time.Time // when a job was last polled for the first time
	published publishedQuota
	logged    loggedQuota
	unmatched []string // organizations of labels that are not polled, as last logged
	started   startLog
	leader    leading
	shown     []*Status // in the order of jobs; nil for those of which nothing is shown
	exposed   exposed
	listed    []Organization       // see organizations; nil: to be made
	targets   map[string][]targets // see foundTargets; nil: to be made
	stored    sum                  // of its own state as the store has it
	complete  bool                 // each poll has had a result
	// reasons counts the polls that were started, by collector and reason.
	reasons map[collector.PollReason]int64
}

// reach is what a credential was found to reach.
type reach struct {
	Organizations []runzero.Organization
	Kind          runzero.Kind
	AccountWide   bool // its organizations come and go
	Polled        time.Time
	// Missing are those of the Organizations that the last response did not contain.
	Missing collector.Missing `json:",omitempty"`
}

// use is the use of a credential for a collector.
type use struct {
	collector, credential string
	accountWide           bool
}

type insufficiency struct {
	at  time.Time
	err error
}

func newAccount(a Account) *account {
	return &account{
		Account: a, reach: map[string]reach{}, names: map[string]string{}, insufficient: map[use]insufficiency{},
		faults: map[string]*fault{}, sums: map[string]secretSum{}, watched: map[string]context.CancelFunc{},
		reasons: map[collector.PollReason]int64{}, live: map[string]int64{},
		logged: loggedQuota{stretch: 1},
	}
}

// needs is what decides which polls the account needs now. It leaves out the kinds of the credentials, because to find
// out the kind of a token means to read its file: an insufficient one shows when it is used.
func (a *account) needs() schedule.Account {
	in := schedule.Account{Collectors: a.Collectors, Refused: a.refused}
	for _, o := range a.polled {
		in.Organizations = append(in.Organizations, schedule.Organization{
			Organization: collector.Organization{ID: o.ID, Name: a.names[o.ID]}, AccountWide: a.accountWide(o.ID),
		})
	}
	return in
}

// refused reports whether the account-wide form of a collector is unsupported.
func (a *account) refused(name string) bool {
	j := a.job(jobKey{name: name, accountWide: true})
	return j != nil && j.unsupported
}

// job finds a job; nil when there is none.
func (a *account) job(key jobKey) *job { return a.index.byKey[key] }

func (a *account) discovery() *job { return a.job(jobKey{name: schedule.Discovery}) }

// pruneCredentials forgets what was found out about credentials that are gone.
func (a *account) pruneCredentials() {
	var names []string
	for _, c := range a.Credentials {
		names = append(names, c.Name)
	}
	a.Quota.Prune(names)
	maps.DeleteFunc(a.reach, func(name string, _ reach) bool { return !slices.Contains(names, name) })
	for name := range a.faults {
		if name != console && !slices.Contains(names, name) {
			a.forget(name)
		}
	}
	maps.DeleteFunc(a.insufficient, func(u use, _ insufficiency) bool { return !slices.Contains(names, u.credential) })
}

// discovered reports whether it is known which organizations there are to poll.
func (a *account) discovered() bool {
	return len(a.polled) > 0 && !slices.ContainsFunc(a.Credentials, func(c Credential) bool {
		_, known := a.reach[c.Name]
		return !known
	})
}

// accountWide reports whether an account credential reaches the organization.
func (a *account) accountWide(organizationID string) bool {
	for _, r := range a.reach {
		if r.AccountWide && slices.ContainsFunc(r.Organizations, hasID(organizationID)) {
			return true
		}
	}
	return false
}

func hasID(id string) func(runzero.Organization) bool {
	return func(o runzero.Organization) bool { return o.ID == id }
}

// reached are the organizations that any credential reaches, each once.
func (a *account) reached() []runzero.Organization {
	var all []runzero.Organization
	for _, c := range a.Credentials {
		for _, o := range a.reach[c.Name].Organizations {
			if !slices.ContainsFunc(all, hasID(o.ID)) {
				all = append(all, o)
			}
		}
	}
	return all
}

// credentialsFor are the credentials that reach an organization, or with accountWide those
// that reach the whole account. Whether their scope suffices shows in the response.
func (a *account) credentialsFor(organizationID string, accountWide bool) []Credential {
	var able []Credential
	for _, c := range a.Credentials {
		r := a.reach[c.Name]
		if accountWide && r.AccountWide || !accountWide && slices.ContainsFunc(r.Organizations, hasID(organizationID)) {
			able = append(able, c)
		}
	}
	return able
}

// accountCredentialsFirst are all credentials, account credentials before the others, whose
// responses may cover their own organization alone.
func (a *account) accountCredentialsFirst() []Credential {
	all := a.credentialsFor("", true)
	for _, c := range a.Credentials {
		if !a.reach[c.Name].AccountWide {
			all = append(all, c)
		}
	}
	return all
}

// namesFor are the org_names, by id, of the polled organizations that a credential reaches, and the ids of the others.
func (a *account) namesFor(c Credential) (names map[string]string, others map[string]bool) {
	names, others = map[string]string{}, map[string]bool{}
	for _, o := range a.reach[c.Name].Organizations {
		if name, polled := a.names[o.ID]; polled {
			names[o.ID] = name
		} else {
			others[o.ID] = true
		}
	}
	return names, others
}

// selectOrganizations sets which organizations are polled. After an error they are as before.
func (a *account) selectOrganizations() error {
	selected, err := a.Selection.Select(a.reached())
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for _, o := range selected {
		ids[o.ID] = schedule.OrganizationName(o)
	}
	a.polled, a.names, a.listed = selected, collector.Distinguish(ids), nil
	return nil
}

// logger adds the account's name where there are several accounts.
func (a *account) logger(logger log.Logger) log.Logger {
	if a.Name == "" {
		return logger
	}
	return log.With(logger, "account_name", a.Name)
}
