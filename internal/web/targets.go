package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

const discoveryPath = "/sd/"

// retryTargets is when a client may ask again for a list that is not complete: Prometheus's default interval.
const retryTargets = time.Minute

// targets serves what a discovery has found, in the format of Prometheus's HTTP service discovery. Without a complete list
// it responds with an error: Prometheus then keeps the targets that it has.
func targets(c Config) http.Handler {
	return limited(gzhttp.GzipHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, err := c.Targets(r.PathValue("name"), r.URL.Query()["organization"])
		switch {
		case errors.Is(err, poller.ErrIncomplete):
			w.Header().Set("Retry-After", strconv.Itoa(int(retryTargets.Seconds())))
			respond(w, http.StatusServiceUnavailable, fmt.Sprintf("Not available: %v. Prometheus keeps the targets that it has.", err))
			return
		case err != nil:
			respond(w, http.StatusNotFound, fmt.Sprintf("Not found: %v; %s lists the organizations.", err, organizationsPath))
			return
		}
		list := joined(found)
		sum := sha256.Sum256(list)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `W/"`+hex.EncodeToString(sum[:16])+`"`) // weak: compressed or not, the list is the same
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(list))
	})))
}

// joined makes one array of several.
func joined(arrays []json.RawMessage) []byte {
	list := []byte{'['}
	for _, array := range arrays {
		elements := array[1 : len(array)-1]
		if len(elements) > 0 && len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, elements...)
	}
	return append(list, ']')
}
