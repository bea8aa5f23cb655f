package simulator

import (
	"net/http"
)

// SearchIgnored responds to a path as if there were no search parameter.
func SearchIgnored(path string) Fault {
	return searchReplaced(path, func(string) string { return "" })
}

// SearchAnsweredFor responds with the rows of one organization alone.
func SearchAnsweredFor(path, organizationID string) Fault {
	return searchReplaced(path, func(search string) string { return "(" + search + ") and organization_id:" + organizationID })
}

// SearchRefused responds with the error that an invalid search causes.
func SearchRefused(path string) Fault {
	body := `{"title":"Bad Request","status":400,"detail":"invalid search: unknown field \"updated_at\""}`
	return Fault{Path: path, Status: http.StatusBadRequest, Body: &body}
}

// SearchEmpty responds that nothing was found.
func SearchEmpty(path string) Fault {
	body := "[]"
	return Fault{Path: path, Body: &body}
}

func searchReplaced(path string, replace func(string) string) Fault {
	return Fault{Path: path, Serve: func(w http.ResponseWriter, r *http.Request, respond func(http.ResponseWriter)) {
		params := r.URL.Query()
		params.Set("search", replace(params.Get("search")))
		r.URL.RawQuery = params.Encode()
		respond(w)
	}}
}
