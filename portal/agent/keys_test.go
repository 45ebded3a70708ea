package agent_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"zharia/portal/agent"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
)

// made is the authority of these tests and the keys it gave out, made once:
// GOST keys take a moment.
type made struct {
	authority              *authority.Authority
	aigul, serik, director *key.Key
	err                    error
}

var makeOnce = sync.OnceValue(func() (m made) {
	now := time.Now()
	if m.authority, m.err = authority.New("Authority of the agent's tests", now); m.err != nil {
		return m
	}
	issue := func(p authority.Person) *key.Key {
		p.From, p.To = now.Add(-time.Hour), now.Add(24*time.Hour)
		k, err := m.authority.Issue(p)
		if err != nil {
			m.err = err
		}
		return k
	}
	m.aigul = issue(authority.Person{IIN: aigulIIN, CommonName: "AIGUL", Surname: "TEST", Role: eds.Individual})
	m.serik = issue(authority.Person{IIN: serikIIN, CommonName: "SERIK", Surname: "TEST", Role: eds.Individual})
	m.director = issue(authority.Person{IIN: serikIIN, BIN: companyBIN, CommonName: "DIRECTOR", Surname: "TEST", Organisation: "COMPANY", Role: eds.Head})
	return m
})

func keys(t *testing.T) made {
	t.Helper()
	m := makeOnce()
	if m.err != nil {
		t.Fatal(m.err)
	}
	return m
}

func aigul(t *testing.T) *key.Key   { t.Helper(); return keys(t).aigul }
func serik(t *testing.T) *key.Key   { t.Helper(); return keys(t).serik }
func company(t *testing.T) *key.Key { t.Helper(); return keys(t).director }

// signerOf verifies the one signature of an answer and gives its signer's number.
func signerOf(t *testing.T, reply, content string, attached bool) string {
	t.Helper()
	var r struct{ Body struct{ Result []string } }
	if err := json.Unmarshal([]byte(reply), &r); err != nil || len(r.Body.Result) != 1 {
		t.Fatalf("no signature: %s", reply)
	}
	return signedBy(t, r.Body.Result[0], content, attached)
}

// signedBy verifies a signature over content as the portal does, checks that it
// is written as NCALayer writes it, and gives its signer's number.
func signedBy(t *testing.T, signature, content string, attached bool) string {
	t.Helper()
	m := keys(t)
	v, err := eds.NewVerifier(m.authority.Root(), m.authority.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := v.Document(t.Context(), []byte(signature), []byte(content), time.Now())
	if err != nil {
		t.Fatalf("%v in\n%s", err, signature)
	}
	if _, inside, err := v.Attached(t.Context(), []byte(signature), time.Now()); attached != (err == nil && string(inside) == content) {
		t.Errorf("attached: want %v, found %q, %v", attached, inside, err)
	}
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(signature, "\r\n", "\n"), "\n"), "\n")
	if lines[0] != "-----BEGIN CMS-----" || lines[len(lines)-1] != "-----END CMS-----" {
		t.Errorf("not PEM of NCALayer's kind:\n%s", signature)
	}
	for _, line := range lines[1 : len(lines)-2] {
		if len(line) != 64 {
			t.Errorf("a line of %d", len(line))
		}
	}
	return signer.IIN.Reveal()
}

// stamps is the time-stamping of the authority of these tests.
func stamps(t *testing.T) agent.Stamping {
	t.Helper()
	services, err := keys(t).authority.Services(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return authority.Direct{Services: services}.Stamp
}

// stampedAt verifies a signature, bare base64 or PEM, attached or detached, and
// gives the time of the stamp beside it, or the zero time.
func stampedAt(t *testing.T, signature, content string) time.Time {
	t.Helper()
	m := keys(t)
	v, err := eds.NewVerifier(m.authority.Root(), m.authority.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := v.Document(t.Context(), []byte(signature), []byte(content), time.Now())
	if err != nil {
		t.Fatalf("%v in\n%s", err, signature)
	}
	return signer.ProvenAt
}

// older is an NCALayer without basics that answers every other request with the
// same; it gives its address.
func older(t *testing.T, reply string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		say := func(text string) { _ = conn.Write(r.Context(), websocket.MessageText, []byte(text)) }
		say(`{"result":{"version":"1.1"}}`)
		for {
			_, message, err := conn.Read(r.Context())
			switch {
			case err != nil:
				return
			case strings.Contains(string(message), "knca.basics"):
				say(`{"success":false,"errorCode":"MODULE_NOT_FOUND"}`)
			default:
				say(reply)
			}
		}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/"
}

// greeter is a program that is no NCALayer; it gives its address.
func greeter(t *testing.T, greeting string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		_ = conn.Write(r.Context(), websocket.MessageText, []byte(greeting))
		_, _, _ = conn.Read(r.Context())
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/"
}

func TestEveryShapeOfASignRequestIsSigned(t *testing.T) {
	server := serve(t, agent.New(aigul(t)))
	for _, c := range []struct {
		name, request string
		attached      bool
	}{
		{"attached is the default", request(b64("text"), `{"decode":true}`, anyone, ""), true},
		{"attached", request(b64("text"), `{"decode":true,"encapsulate":true}`, anyone, ""), true},
		{"detached", request(b64("text"), `{"decode":true,"encapsulate":false,"digested":false}`, anyone, ""), false},
		{"text as it is", request(`"text"`, `{}`, anyone, ""), true},
		{"text in an array", request(`["text"]`, `{"encapsulate":false}`, anyone, ""), false},
		{"no signing parameters", request(`"text"`, "", anyone, ""), true},
		{"a time stamp asked for, and left out", request(`"text"`, `{"tsaProfile":{}}`, anyone, ""), true},
		{"no time stamp", request(`"text"`, `{"tsaProfile":null}`, anyone, ""), true},
		{"all the storages", request(`"text"`, `{}`, anyone, `"allowedStorages":["AKKaztokenStore","PKCS12"]`), true},
		{"storages null", request(`"text"`, `{}`, anyone, `"allowedStorages":null`), true},
		{"a logo", request(`"text"`, `{}`, anyone, `"logo":"iVBORw0KGgo="`), true},
		{"the owner named", request(`"text"`, `{}`, `{"extKeyUsageOids":[],"iin":"`+aigulIIN+`","bin":"","serialNumber":"","chain":[]}`, ""), true},
		{"a person's key", request(`"text"`, `{}`, `{"extKeyUsageOids":["`+email+`","`+individual+`"],"chain":[]}`, ""), true},
		{"an English page", request(`"text"`, `{}`, anyone, `"locale":"en"`), true},
		{"a language nobody knows", request(`"text"`, `{}`, anyone, `"locale":"tlh"`), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, server, "https://zharia.example")
			if signer := signedBy(t, p.signature(c.request), "text", c.attached); signer != aigulIIN {
				t.Errorf("signed by %s", signer)
			}
		})
	}
}

func TestAnArrayIsSignedItemByItem(t *testing.T) {
	p := open(t, serve(t, agent.New(aigul(t))), "")
	var signatures []string
	if err := json.Unmarshal(p.result(request(`["one","two","three"]`, `{}`, anyone, "")), &signatures); err != nil || len(signatures) != 3 {
		t.Fatalf("%d signatures, %v", len(signatures), err)
	}
	for i, content := range []string{"one", "two", "three"} {
		signedBy(t, signatures[i], content, true)
	}
}

func TestTheCertificateIsGivenWhereItIsAskedFor(t *testing.T) {
	p := open(t, serve(t, agent.New(aigul(t))), "")
	var result struct {
		Signatures  []string
		Certificate []byte
	}
	if err := json.Unmarshal(p.result(request(`"x"`, `{"outputCert":true}`, anyone, "")), &result); err != nil || len(result.Signatures) != 1 {
		t.Fatal(err)
	}
	if string(result.Certificate) != string(aigul(t).Certificate()) {
		t.Error("another certificate")
	}
	signedBy(t, result.Signatures[0], "x", true)
}

func TestAKeyIsTakenByTheChainThePageGives(t *testing.T) {
	stranger, err := authority.New("Another authority", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	foreign := base64.StdEncoding.EncodeToString(stranger.Issuer())
	own := base64.StdEncoding.EncodeToString(keys(t).authority.Issuer())

	// in service: what the agent takes for the authority in service; nil: unsaid.
	for _, c := range []struct {
		name      string
		inService [][]byte
		chain     string
		signs     bool
	}{
		{"null, nothing said", nil, `null`, true},
		{"null, our authority in service", [][]byte{keys(t).authority.Root(), keys(t).authority.Issuer()}, `null`, true},
		{"null, another authority in service", [][]byte{stranger.Issuer()}, `null`, false},
		{"any key, another authority in service", [][]byte{stranger.Issuer()}, `[]`, true},
		{"our authority given", [][]byte{stranger.Issuer()}, `["` + foreign + `","` + own + `"]`, true},
		{"another authority given", nil, `["` + foreign + `"]`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := agent.New(aigul(t))
			if c.inService != nil {
				if err := a.Trust(c.inService...); err != nil {
					t.Fatal(err)
				}
			}
			reply := open(t, serve(t, a), "").ask(request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":`+c.chain+`}`, ""))
			if signed := strings.HasPrefix(reply, `{"status":true`); signed != c.signs {
				t.Errorf("answered %s", reply)
			}
		})
	}
	if agent.New().Trust([]byte("no certificate")) == nil {
		t.Error("it trusts what is no certificate")
	}
}

func TestWrongBytesAreFoundByWhoeverVerifies(t *testing.T) {
	a := agent.New(aigul(t))
	a.Behave(agent.WrongBytes)
	signature := open(t, serve(t, a), "").signature(request(`"x"`, `{}`, anyone, ""))
	v, err := eds.NewVerifier(keys(t).authority.Root(), keys(t).authority.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Document(t.Context(), []byte(signature), []byte("x"), time.Now()); err == nil {
		t.Error("a signature over other bytes was accepted")
	}
}

func TestTheSigningTimeIsTheAgentsClock(t *testing.T) {
	a := agent.New(aigul(t))
	a.Clock(func() time.Time { return time.Now().Add(-48 * time.Hour) })
	signature := open(t, serve(t, a), "").signature(request(`"x"`, `{}`, anyone, ""))
	block, _ := pem.Decode([]byte(signature))
	day := time.Now().Add(-48 * time.Hour).UTC().Format("060102")
	if block == nil || !strings.Contains(string(block.Bytes), day) {
		t.Errorf("the signature does not name the day %s", day)
	}
}

func TestSeveralKeysNeedAWindow(t *testing.T) {
	reply := open(t, serve(t, agent.New(aigul(t), serik(t))), "").ask(request(`"x"`, `{}`, anyone, ""))
	if !strings.Contains(reply, "several keys and no window") {
		t.Errorf("answered %s", reply)
	}
	if reply := open(t, serve(t, agent.New()), "").ask(request(`"x"`, `{}`, anyone, "")); !strings.Contains(reply, "no key fits") {
		t.Errorf("without keys: %s", reply)
	}
}
