package runzero

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// damage truncates, changes, inserts, removes and repeats parts of a body.
func damage(random *rand.Rand, body []byte) []byte {
	pieces := []string{"{", "}", "[", "]", ",", ":", `"`, "\\", "\n", "null", "true", "1e9", "-0", `"id"`, `"next_key"`, `"sites"`, "\xff", "\xef\xbb\xbf", "<", `{"error":"x"}`, `\u0000`, "\x00", `""`}
	body = bytes.Clone(body)
	for range 1 + random.IntN(4) {
		at := random.IntN(len(body) + 1)
		end := min(len(body), at+random.IntN(20))
		switch random.IntN(5) {
		case 0:
			body = body[:at]
		case 1:
			if at < len(body) {
				body[at] = byte(random.Uint32())
			}
		case 2:
			body = slices.Concat(body[:at], []byte(pieces[random.IntN(len(pieces))]), body[at:])
		case 3:
			body = slices.Concat(body[:at], body[end:])
		default:
			body = slices.Concat(body[:end], body[at:])
		}
	}
	return body
}

// What FuzzRecords checks, of bodies that are almost right: no row without an id, no impossible value, an error last,
// and never a panic.
func TestDamagedBodiesYieldOnlyValidRows(t *testing.T) {
	samples := []string{
		`{"id":"a","organization_id":"` + requested + `","name":"Primary","os":"Linux","sources":["a","b"],"last_seen":1759471906}` + "\n" + `{"id":"b","alive":true,"asset_count":3}`,
		`[{"id":"a","type":"scan","status":"Active","error":"PLANTED","recur":true,"recur_frequency":"daily,monday;-300","stats":{"change.newAssets":"1"}},{"id":"b","connected":true,"last_checkin":"2025-10-03T06:11:46Z"}]`,
		`{"%":[{"id":"a","asset_count":"3.0","enabled":"t"},{"id":"b","version":"5.1 (build PLANTED)"}],"next_key":"PLANTED"}`,
		`{"error":"PLANTED"}`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	c, console := cannedClient(t)
	for _, kind := range kinds() {
		complete, failed := 0, 0
		for range 400 {
			body := []byte(samples[random.IntN(len(samples))])
			console.body = damage(random, bytes.ReplaceAll(body, []byte("%"), []byte(kind.plural)))
			if text := readAll(t, kind.rows(t.Context(), c)); bodyErrorText.MatchString(lastLine(text)) {
				failed++
			} else if text != "" {
				complete++
			}
		}
		if complete == 0 || failed == 0 {
			t.Errorf("%s: %d complete responses and %d errors prove nothing", kind.plural, complete, failed)
		}
	}
}

func lastLine(text string) string {
	lines := bytes.Split(bytes.TrimSpace([]byte(text)), []byte("\n"))
	return string(lines[len(lines)-1])
}
