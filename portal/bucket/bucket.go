// Package bucket keeps the ends of sealed files in a bucket of an object store that
// speaks S3 (vault.Shelf). What lies there is named by its SHA-256, is written once, and
// is held against its name whenever it is read: whoever has the bucket can take it away,
// and that shows, but he can change nothing.
package bucket

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"zharia/portal/loopback"
	"zharia/portal/vault"
)

// Settings are where the bucket is and who is let in.
type Settings struct {
	Address string // https://host/bucket; http only on this machine
	Region  string
	Key     string
	Secret  string
}

// Check says what is wrong with them.
func (s Settings) Check() error {
	_, _, err := s.parse()
	return err
}

func (s Settings) parse() (u *url.URL, name string, err error) {
	u, err = url.Parse(s.Address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, "", errors.New("https://host/bucket is expected") // not the address: a password may stand in it
	}
	name = strings.Trim(u.Path, "/")
	switch {
	case name == "" || strings.Contains(name, "/"):
		return nil, "", errors.New("https://host/bucket is expected, with the name of the bucket and nothing after it")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback.Is(u.Hostname())):
		return nil, "", errors.New("https:// is expected: http:// only on this machine")
	case s.Key == "" || s.Secret == "":
		return nil, "", errors.New("the key and the secret of the bucket belong to it")
	}
	return u, name, nil
}

// Bucket is a vault.Shelf.
type Bucket struct {
	store *minio.Client
	name  string
}

// How long the store may take.
const (
	opTime   = 20 * time.Second
	attempts = 3
	folder   = "pieces/"
)

// New asks nobody: what the settings name may be away.
func New(s Settings) (*Bucket, error) {
	u, name, err := s.parse()
	if err != nil {
		return nil, err
	}
	store, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(s.Key, s.Secret, ""), Secure: u.Scheme == "https", Region: s.Region, MaxRetries: attempts, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return nil, fmt.Errorf("the bucket: %w", err)
	}
	return &Bucket{store, name}, nil
}

// ErrSilent says that the store did not answer, or that it is in trouble by itself: the
// settings may be right. Any other error of Look is an answer to them.
var ErrSilent = errors.New("the store does not answer")

// Look says whether the bucket is there and lets us in.
func (b *Bucket) Look(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, opTime)
	defer done()
	there, err := b.store.BucketExists(ctx, b.name)
	switch answer := (minio.ErrorResponse{}); {
	case err == nil && !there:
		err = errors.New("there is none of that name")
	case err == nil:
		return nil
	case !errors.As(err, &answer) || answer.StatusCode == 0 || answer.StatusCode >= 500 ||
		answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout:
		err = fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return fmt.Errorf("the bucket %s: %w", b.name, err)
}

// Open is New for whoever can do nothing without the bucket.
func Open(ctx context.Context, s Settings) (*Bucket, error) {
	b, err := New(s)
	if err == nil {
		err = b.Look(ctx)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func object(name [sha256.Size]byte) string {
	text := hex.EncodeToString(name[:])
	return folder + text[:2] + "/" + text
}

// Keep puts it there once: what is there already is compared, and never overwritten. The
// store must say that it has these very bytes.
func (b *Bucket) Keep(ctx context.Context, name [sha256.Size]byte, content []byte) error {
	if sha256.Sum256(content) != name {
		return fmt.Errorf("bucket: %x is not the name of what is to be kept", name)
	}
	ctx, done := context.WithTimeout(ctx, opTime)
	defer done()
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true, SendContentMd5: true} // the store refuses other bytes
	options.SetMatchETagExcept("*")
	info, err := b.store.PutObject(ctx, b.name, object(name), bytes.NewReader(content), int64(len(content)), options)
	if minio.ToErrorResponse(err).StatusCode == 412 { // it came before, perhaps by an attempt whose answer was lost
		_, err := b.fetch(ctx, name, len(content))
		return err
	}
	if err != nil {
		return fmt.Errorf("put a piece into the bucket: %w", err)
	}
	sum := md5.Sum(content) // the ETag of a store that seals nothing by itself
	switch {
	case info.Size != int64(len(content)):
		return fmt.Errorf("the bucket has %d bytes of a piece of %d", info.Size, len(content))
	case strings.Trim(info.ETag, `"`) == hex.EncodeToString(sum[:]):
		return nil
	}
	_, err = b.fetch(ctx, name, len(content)) // its ETag says nothing: what it has is read
	return err
}

// Fetch reads it and holds it against its name.
func (b *Bucket) Fetch(ctx context.Context, name [sha256.Size]byte, size int) ([]byte, error) {
	ctx, done := context.WithTimeout(ctx, opTime)
	defer done()
	return b.fetch(ctx, name, size)
}

func (b *Bucket) fetch(ctx context.Context, name [sha256.Size]byte, size int) ([]byte, error) {
	from, err := b.store.GetObject(ctx, b.name, object(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask the bucket for a piece: %w", err)
	}
	defer from.Close()
	content, err := io.ReadAll(io.LimitReader(from, int64(size)+1))
	if code := minio.ToErrorResponse(err).Code; code == "NoSuchKey" || code == "NotFound" {
		return nil, fmt.Errorf("%w: %x", vault.ErrGone, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read a piece of the bucket: %w", err)
	}
	if len(content) != size || sha256.Sum256(content) != name {
		return nil, fmt.Errorf("%w: %x is other bytes, %d of %d", vault.ErrGone, name, len(content), size)
	}
	return content, nil
}

// List names what lies there since before a moment, by the clock of the store. What has
// another name than ours is nobody's to touch.
func (b *Bucket) List(ctx context.Context, before time.Time, each func(name [sha256.Size]byte) error) error {
	ctx, done := context.WithCancel(ctx) // the library goes on listing otherwise
	defer done()
	for o := range b.store.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: folder, Recursive: true}) {
		if o.Err != nil {
			return fmt.Errorf("list the bucket: %w", o.Err)
		}
		raw, err := hex.DecodeString(o.Key[max(0, len(o.Key)-2*sha256.Size):])
		if err != nil || len(raw) != sha256.Size || object([sha256.Size]byte(raw)) != o.Key || !o.LastModified.Before(before) {
			continue
		}
		if err := each([sha256.Size]byte(raw)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Drop takes a piece away.
func (b *Bucket) Drop(ctx context.Context, name [sha256.Size]byte) error {
	ctx, done := context.WithTimeout(ctx, opTime)
	defer done()
	if err := b.store.RemoveObject(ctx, b.name, object(name), minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("take a piece out of the bucket: %w", err)
	}
	return nil
}
