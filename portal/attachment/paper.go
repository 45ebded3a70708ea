package attachment

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// Enclosed is the section of a paper that names the files of its thing, each with its
// SHA-256: so the signature on the paper is one on them. None where there are no files.
func Enclosed(ctx context.Context, tx *vault.DB, w *words.Language, thing uuid.UUID) ([]document.Section, error) {
	lines, err := Listed(ctx, tx, thing)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	var text []string
	for _, line := range lines {
		text = append(text, strconv.Itoa(line.Order)+". "+w.T("paper.attachment", "name", line.Name, "bytes", line.Size, "digest", w.Hex(line.Digest)))
	}
	return []document.Section{{Heading: w.T("paper.attachments"), Text: strings.Join(text, "\n")}}, nil
}
