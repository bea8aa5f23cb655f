package store

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is what a shared store needs of a database. Each call is one round trip.
type server interface {
	// look returns who has the lease, and the last version.
	look(ctx context.Context) (view, error)
	// acquire takes the lease for ttl unless another has it: ok is false then. The token is a number that is greater than
	// least and than every version before.
	acquire(ctx context.Context, l leader, least int64, ttl time.Duration) (term int64, ok bool, err error)
	// renew makes the lease last for ttl from now; ok is false when it is no longer that of the token.
	renew(ctx context.Context, token string, ttl time.Duration) (ok bool, err error)
	// release ends the lease if it is that of a process, under whatever token.
	release(ctx context.Context, id string) error
	// write replaces an entry, unless the lease is no longer that of the token, or the last version is lower than kept: the
	// server has lost something. A write that arrives after one of a later version is refused, too: followers, who look for
	// versions after the last, would not see it.
	write(ctx context.Context, token, name string, kept, version int64, data []byte) error
	// remove removes the entries that have no later version, unless the lease is no longer that of the token.
	remove(ctx context.Context, token string, version int64, names []string) error
	// read returns an entry; nil if there is none.
	read(ctx context.Context, name string) ([]byte, error)
	// versions returns those of entries that are later than after.
	versions(ctx context.Context, after int64) (map[string]int64, error)
}

// leader is what the lease says of the replica that has it.
type leader struct {
	Leader
	id string // of the process: no other has it
}

// view is the lease and the last version as they are in the database.
type view struct {
	leader
	token   string // empty: nobody has the lease
	version int64
}

// errLease is the error of a write under a lease that has passed to another, or is over.
var errLease = errors.New("the lease is over")

// errOvertaken is the error of a write that a later one has overtaken.
var errOvertaken = errors.New("a later write has overtaken this one")

// database is a Redis or Valkey. All keys begin with the same hash tag, so that a cluster keeps them on one node, where a
// script reaches them.
type database struct {
	client redis.UniversalClient
	prefix string
	folder string // that all keys are below; empty, or with a slash at the end

	acquireScript, renewScript, releaseScript, writeScript, removeScript *redis.Script
}

// newDatabase makes a database. Its scripts run as a whole, so that nothing happens between what they check and what they
// do. Their keys are the lease, the last version, the versions of entries and, where there is one, an entry.
//
// Numbers are formatted, because Lua would write large ones with an exponent.
func newDatabase(client redis.UniversalClient, prefix string) database {
	return database{
		client: client, prefix: prefix,
		acquireScript: redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
local last = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[2])) + 1
local term = string.format('%.0f', last)
redis.call('SET', KEYS[2], term)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'token', term .. '-' .. ARGV[1], 'id', ARGV[1], 'holder', ARGV[4], 'since', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return last`),
		renewScript: redis.NewScript(`
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`),
		releaseScript: redis.NewScript(`
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`),
		writeScript: redis.NewScript(`
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
local version, last = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '0')
if last < tonumber(ARGV[6]) then return 0 end
if last >= version then return -1 end
redis.call('SET', KEYS[4], ARGV[4], 'EX', ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[5])
redis.call('EXPIRE', KEYS[3], ARGV[5])
return 1`),
		removeScript: redis.NewScript(`
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[2]) or '0') > tonumber(ARGV[3]) then return 1 end
redis.call('DEL', KEYS[4])
redis.call('ZREM', KEYS[3], ARGV[2])
return 1`),
	}
}

func (d database) key(name string) string { return "{" + d.prefix + "}:" + d.folder + name }

func (d database) keys(name ...string) []string {
	keys := []string{d.key("lease"), d.key("version"), d.key("versions")}
	for _, n := range name {
		keys = append(keys, d.key(n))
	}
	return keys
}

func (d database) look(ctx context.Context) (view, error) {
	pipe := d.client.Pipeline()
	lease, version := pipe.HGetAll(ctx, d.key("lease")), pipe.Get(ctx, d.key("version"))
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return view{}, err
	}
	fields := lease.Val()
	v := view{token: fields["token"]}
	v.id, v.Name = fields["id"], fields["holder"]
	v.Since, _ = time.Parse(time.RFC3339, fields["since"])
	v.version, _ = strconv.ParseInt(version.Val(), 10, 64)
	return v, nil
}

func (d database) acquire(ctx context.Context, l leader, least int64, ttl time.Duration) (int64, bool, error) {
	term, err := d.acquireScript.Run(ctx, d.client, d.keys(), l.id, least, ttl.Milliseconds(),
		l.Name, l.Since.UTC().Format(time.RFC3339)).Int64()
	return term, term > 0, err
}

func (d database) renew(ctx context.Context, token string, ttl time.Duration) (bool, error) {
	return d.renewScript.Run(ctx, d.client, d.keys(), token, ttl.Milliseconds()).Bool()
}

func (d database) release(ctx context.Context, id string) error {
	return d.releaseScript.Run(ctx, d.client, d.keys(), id).Err()
}

func (d database) write(ctx context.Context, token, name string, kept, version int64, data []byte) error {
	result, err := d.writeScript.Run(ctx, d.client, d.keys(name), token, name, version, data, int64(keepUnused.Seconds()), kept).Int()
	switch {
	case err != nil:
		return err
	case result == 0:
		return errLease
	case result < 0:
		return errOvertaken
	}
	return nil
}

func (d database) remove(ctx context.Context, token string, version int64, names []string) error {
	for _, name := range names {
		if ok, err := d.removeScript.Run(ctx, d.client, d.keys(name), token, name, version).Bool(); err != nil || !ok {
			return cmp.Or(err, errLease)
		}
	}
	return nil
}

func (d database) read(ctx context.Context, name string) ([]byte, error) {
	data, err := d.client.Get(ctx, d.key(name)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return data, err
}

func (d database) versions(ctx context.Context, after int64) (map[string]int64, error) {
	above := redis.ZRangeBy{Min: "(" + strconv.FormatInt(after, 10), Max: "+inf"}
	entries, err := d.client.ZRangeByScoreWithScores(ctx, d.key("versions"), &above).Result()
	if err != nil {
		return nil, err
	}
	versions := map[string]int64{}
	for _, e := range entries {
		if name, ok := e.Member.(string); ok {
			versions[name] = int64(e.Score)
		}
	}
	return versions, nil
}
