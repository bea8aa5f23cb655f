package command

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Plural returns a number with a noun: "1 call", "2 calls".
func Plural[T ~int | ~int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// List joins texts for a message, the first ten of them.
func List(all []string) string {
	const most = 10
	if len(all) > most {
		all = append(slices.Clone(all[:most]), fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(all, ", ")
}

// ListQuoted is List with each text in quotes, and "none" if there are no texts.
func ListQuoted(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, strconv.Quote(text))
	}
	return cmp.Or(List(all), "none")
}

// OrganizationName returns the name of an organization in messages.
func OrganizationName(o runzero.Organization) string {
	return cmp.Or(collector.Label(schedule.OrganizationName(o)), "unknown until it has assets or sites")
}

// Advised returns the text of an error, followed by what the user can do about it.
func Advised(err error) string {
	advice := config.Advice(err)
	if response, ok := errors.AsType[*runzero.Error](err); ok && response.Status >= http.StatusInternalServerError {
		advice = "the console failed: try again later, and check its health"
	}
	if advice == "" {
		return err.Error()
	}
	return fmt.Sprintf("%v; %s", err, advice)
}

// Nearest returns the word that was probably meant: it takes the least number of changed characters, which are less
// than half of them. It is empty when there is none.
func Nearest(wrong string, words []string) string {
	nearest, least := "", len(wrong)+1
	for _, word := range words {
		if d := distance(strings.ToLower(wrong), word); d < least && 2*d < max(len(wrong), len(word)) {
			nearest, least = word, d
		}
	}
	return nearest
}

// distance is the number of characters to insert, remove or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
