package runzero

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"time"
)

// ChangedTasksLimit is how many tasks the console lists at most, the newest (documented of the organization's list). A
// list of that many is incomplete.
const ChangedTasksLimit = 1000

const accountTaskList = "/account/tasks"

// ChangedTasks streams the tasks of all the account's organizations that have changed within the last hours, by the
// console's clock, in one call. It needs an account credential. Passive samples are left out. Searches for whole hours
// are in use, shorter ones are not known to work; that a console applies the search at all is not documented, so callers
// have to look at what it returns.
func (c *Client) ChangedTasks(ctx context.Context, within time.Duration) iter.Seq2[Task, error] {
	search := fmt.Sprintf("updated_at:<%dhours and %s", int64(within/time.Hour), withoutSamples)
	return stream[Task](ctx, c, export{endpoint: accountTaskList, plural: "tasks", query: url.Values{"search": {search}}})
}
