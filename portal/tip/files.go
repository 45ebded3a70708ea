package tip

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strconv"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The files of a tip: only what attachment.Strip made anew of them is kept, sealed for the
// body, with a number and no name. The text that is sealed with them names each with its
// SHA-256, and the digest that the record answers for covers their rows.

// MaxFiles is how many there are with a tip, at most.
const MaxFiles = attachment.BareFiles

// File is one of them as the sealed text names it.
type File struct {
	N      int             `json:"n"`
	Kind   attachment.Kind `json:"kind"`
	Size   int64           `json:"size"`
	Digest []byte          `json:"sha256"`
}

// FileID is the id of the nth file of a message.
func FileID(message uuid.UUID, n int) uuid.UUID {
	return uuid.NewSHA1(message, []byte("file/"+strconv.Itoa(n)))
}

func fileAt(body, id uuid.UUID) vault.Where {
	return vault.Where{Table: "tip_file", Column: "content", ID: id, Body: body}
}

// fileRow is a row of tip_file.
type fileRow struct {
	ID      uuid.UUID       `db:"id"`
	Tip     uuid.UUID       `db:"tip"`
	Message uuid.UUID       `db:"message"`
	N       int             `db:"n"`
	Kind    attachment.Kind `db:"kind"`
	Size    int64           `db:"size"`
	Digest  []byte          `db:"digest"`
	Content []byte          `db:"content"`
}

const (
	insertFile = `
INSERT INTO tip_file (id, tip, message, n, kind, size, digest, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

	selectFileIDs = `SELECT id FROM tip_file WHERE message = $1 ORDER BY n`

	selectFile = `SELECT id, tip, message, n, kind, size, digest, content FROM tip_file WHERE id = $1`

	forgetFiles = `DELETE FROM tip_file WHERE tip = $1`
)

// kept is a file on its way to be kept.
type kept struct {
	File
	row fileRow
}

// sealFiles seals files for the body.
func sealFiles(keys *vault.Keys, body, tip, message uuid.UUID, files []attachment.Stripped) ([]kept, error) {
	if len(files) > MaxFiles {
		return nil, fault.New(fault.Invalid, "fault.tip-files").At("files")
	}
	var out []kept
	for i, f := range files {
		row := fileRow{ID: FileID(message, i+1), Tip: tip, Message: message, N: i + 1, Kind: f.Kind, Size: int64(len(f.Content))}
		var err error
		if row.Content, err = keys.Seal(fileAt(body, row.ID), f.Content); err != nil {
			return nil, err
		}
		if row.Digest, err = sealedDigest(row.Content); err != nil {
			return nil, err
		}
		plain := sha256.Sum256(f.Content)
		out = append(out, kept{File{row.N, row.Kind, row.Size, plain[:]}, row})
	}
	return out, nil
}

// sealedDigest is the fingerprint of a file as it is kept, without the wraps of its key.
func sealedDigest(content []byte) ([]byte, error) {
	wraps, err := vault.Wraps(content)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content[len(wraps):])
	return sum[:], nil
}

func keepFiles(ctx context.Context, tx *vault.DB, files []kept) error {
	for _, k := range files {
		f := k.row
		if err := tx.Exec(ctx, insertFile, f.ID, f.Tip, f.Message, f.N, f.Kind, f.Size, f.Digest, f.Content); err != nil {
			return err
		}
	}
	return nil
}

// checkFiles are the digests of the files of a message; those that are not what they were
// are added to wrong. One file at a time is in memory.
func checkFiles(ctx context.Context, db *database.DB, message uuid.UUID, wrong *[]string) (digests [][]byte, err error) {
	var ids []uuid.UUID
	if err := db.Select(ctx, &ids, selectFileIDs, message); err != nil {
		return nil, err
	}
	for _, id := range ids {
		var row fileRow
		if err := db.Get(ctx, &row, selectFile, id); err != nil {
			return nil, err
		}
		if is, err := sealedDigest(row.Content); err != nil || !bytes.Equal(is, row.Digest) {
			*wrong = append(*wrong, "file "+id.String())
		}
		digests = append(digests, row.Digest)
	}
	return digests, nil
}

// errNotTheFile says that what is kept is not what the message names.
var errNotTheFile = errors.New("tip: the file is not what its message names")

// OpenFile gives an official a file of a tip of his body. Each look is an act in the
// record, his name beside it.
func OpenFile(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (f File, content []byte, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		var row fileRow
		if err := tx.Get(ctx, &row, selectFile, id); err != nil {
			return err
		}
		of, err := found(ctx, tx, ask, row.Tip)
		if err != nil {
			return err
		}
		t, err := of.read(ctx, tx)
		if err != nil {
			return err
		}
		if content, err = tx.Open(ctx, fileAt(of.Body, id), row.Content); err != nil {
			return err
		}
		f = File{N: row.N, Kind: row.Kind, Size: row.Size}
		plain := sha256.Sum256(content)
		if f.Digest = plain[:]; !t.names(row.Message, f) {
			return errNotTheFile
		}
		return ledger.Step(ctx, tx.DB, ask, "tip_file", id, uuid.Nil, row.Digest)
	})
	return f, content, err
}

// names tells that a message of the tip says of a file what it is.
func (t Tip) names(message uuid.UUID, is File) bool {
	for _, m := range t.Messages {
		for _, f := range m.Files {
			if m.ID == message && f.N == is.N && f.Kind == is.Kind && f.Size == is.Size && bytes.Equal(f.Digest, is.Digest) {
				return true
			}
		}
	}
	return false
}
