package bucket_test

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal/bucket"
)

// stub is the part of S3 that a Bucket asks for, strictly: what it does not know is an
// error. It is no proof that a real store does the same: versitygw is, where it is here.
type stub struct {
	mu      sync.Mutex
	objects map[string][]byte
	asked   int
}

func newStub(t *testing.T) (bucket.Settings, spoiler) {
	s := &stub{objects: map[string][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return bucket.Settings{Address: server.URL + "/pieces", Region: "us-east-1", Key: "somebody", Secret: "something-long"}, s
}

func (s *stub) spoil(_ *testing.T, key string, how func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = how(bytes.Clone(s.objects[key]))
}

func fails(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<Error><Code>%s</Code></Error>`, code)
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	key, in := strings.CutPrefix(r.URL.Path, "/pieces/")
	content, there := s.objects[key]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=somebody/"):
		fails(w, http.StatusForbidden, "AccessDenied")
	case !in || key == "" && r.Method == http.MethodHead:
		if !in && r.URL.Path != "/pieces" {
			fails(w, http.StatusNotFound, "NoSuchBucket")
		}
	case key == "" && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		s.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut && r.Header.Get("If-None-Match") == "*" && there:
		fails(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case r.Method == http.MethodPut:
		content, sum, err := payload(r)
		etag := md5.Sum(content)
		if err != nil || sum != base64.StdEncoding.EncodeToString(etag[:]) {
			fails(w, http.StatusBadRequest, "BadDigest")
			return
		}
		s.objects[key] = content
		w.Header().Set("ETag", `"`+hex.EncodeToString(etag[:])+`"`)
	case !there && r.Method != http.MethodDelete:
		fails(w, http.StatusNotFound, "NoSuchKey")
	case r.Method == http.MethodGet:
		etag := md5.Sum(content)
		w.Header().Set("ETag", `"`+hex.EncodeToString(etag[:])+`"`)
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content)
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		fails(w, http.StatusNotImplemented, "NotImplemented")
	}
}

func (s *stub) list(w http.ResponseWriter, prefix string) {
	type object struct {
		Key          string
		LastModified string
		Size         int
	}
	var out struct {
		XMLName     xml.Name `xml:"ListBucketResult"`
		IsTruncated bool
		Contents    []object
	}
	for key, content := range s.objects {
		if strings.HasPrefix(key, prefix) {
			out.Contents = append(out.Contents, object{key, time.Now().UTC().Format(time.RFC3339), len(content)})
		}
	}
	slices.SortFunc(out.Contents, func(a, b object) int { return strings.Compare(a.Key, b.Key) })
	xml.NewEncoder(w).Encode(out)
}

// payload is what a request brings, out of the frame that signs it chunk by chunk, and
// the MD5 that it says it has.
func payload(r *http.Request) (content []byte, sum string, err error) {
	sum = r.Header.Get("Content-Md5")
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		content, err = io.ReadAll(r.Body)
		return content, sum, err
	}
	in := bufio.NewReader(r.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, "", err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil {
			return nil, "", err
		}
		if n == 0 {
			break
		}
		chunk := make([]byte, n+2) // and the end of the line
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, "", err
		}
		content = append(content, chunk[:n]...)
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); want != strconv.Itoa(len(content)) {
		err = fmt.Errorf("%d bytes of %s", len(content), want)
	}
	return content, sum, err
}
