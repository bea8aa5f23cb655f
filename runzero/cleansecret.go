package runzero

import (
	"fmt"
	"strings"
)

// quotes are what editors and environment files put around a value.
const quotes = "\"'`“”„‘’‚«»"

// cleanSecret returns a secret without the byte order mark and white space that editors add to files. It refuses what
// was certainly not meant, so that no call is spent on it. kind names the secret in errors.
func cleanSecret(text, kind string) (string, error) {
	if isUTF16(text) {
		return "", fmt.Errorf("the file of the %s is UTF-16 text, as Windows may write it: save it as UTF-8 or plain ASCII", kind)
	}
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
	if inner := strings.TrimLeft(text, quotes); inner != text && strings.TrimRight(inner, quotes) != inner {
		return "", fmt.Errorf("the %s is in quotes, and the quotes are part of the file or variable that holds it: remove them", kind)
	}
	return text, nil
}

// isUTF16 recognizes UTF-16 by its mark, or by the zero bytes beside plain letters.
func isUTF16(text string) bool {
	return strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") ||
		len(text) >= 4 && (text[0] == 0 && text[2] == 0 || text[1] == 0 && text[3] == 0)
}

// isPlaceholder reports whether a token was copied from runZero's examples, such as XT-YOUR-EXPORT-TOKEN-HERE.
func isPlaceholder(token string) bool {
	_, rest, found := strings.Cut(token, "T-YOUR-")
	return found && strings.HasSuffix(rest, "-HERE")
}
