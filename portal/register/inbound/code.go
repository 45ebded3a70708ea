package inbound

import (
	"errors"
	"slices"
	"strings"

	"zharia/portal/eds"
	"zharia/portal/fault"
)

// Refusal is a code that a refusal of a message may have, and how it is answered. A
// code is a key of i18n: its words are there in both languages.
type Refusal struct {
	Code   string
	Status int // of HTTP
}

// refusals are all of them but those of signatures.
var refusals = []Refusal{
	{"fault.register-form", 422}, {"fault.register-future", 422}, {"fault.register-fact", 422}, {"fault.register-pdf", 422},
	{"fault.register-office", 422}, {"fault.register-body", 422}, {"fault.register-case", 422}, {"fault.register-participant", 422},
	{"fault.register-people", 422}, {"fault.register-signer", 422}, {"fault.register-refused", 422},
	{"fault.register-signature", 403}, {"fault.register-portal", 403}, {keyUsed, 409}, {inGap, 409}, {notYet, 409}, {"fault.register-again", 409},
	{"fault.register-media", 415}, {"fault.register-line", 422},

	// Of the doors of the domains.
	{"form.choose", 422}, {"fault.not-now", 409}, {"fault.participant-twice", 422}, {"fault.case-number-taken", 422}, {"fault.case-number", 422},
	{"fault.basis-of-role", 422}, {"fault.represents-nobody", 422}, {"fault.represents-whom", 422}, {"fault.role-change", 422},
	{"fault.advocate-of-role", 422}, {"fault.advocate-number", 422}, {"fault.advocate-missing", 422}, {"fault.scope-own", 422}, {"fault.until-own", 422},
	{"fault.capacity-own", 422}, {"fault.scope-law", 422}, {"fault.scope-copy", 422}, {"fault.relative-alone", 422}, {"fault.legal-rep-of-adult", 422},
	{"fault.decision-ready-prosecutor", 422}, {"fault.decision-condition", 422}, {"fault.decision-ready-before", 422}, {"fault.upload-states", 422},
	{"fault.joins-which", 422}, {"fault.joins-nothing", 422}, {"fault.severs-whom", 422}, {"fault.severs-nothing", 422}, {"fault.appointment-last", 409}, {"fault.register-administration", 422},

	// Of all addresses.
	beyond,
	{"fault.not-found", 404}, {"fault.too-large", 413}, {"fault.too-many", 429}, {"fault.method", 405}, {"fault.request", 400}, {"fault.ours", 500},
	{"fault.closed-for-now", 503}, {"fault.eds.revocation-unreachable", 503}, {"fault.eds.busy", 503},
}

// Refusals are all refusals there are, by code: the contract lists them.
func Refusals() []Refusal {
	all := slices.Clone(refusals)
	for _, reason := range eds.Reasons() {
		code := "fault.eds." + string(reason)
		if !slices.ContainsFunc(all, func(r Refusal) bool { return r.Code == code }) {
			all = append(all, Refusal{code, 422})
		}
	}
	slices.SortFunc(all, func(a, b Refusal) int { return strings.Compare(a.Code, b.Code) })
	return all
}

var byCode = func() map[string]Refusal {
	out := map[string]Refusal{}
	for _, r := range Refusals() {
		out[r.Code] = r
	}
	return out
}()

// Code is the code of an error, and the field at fault. What is no fault is ours; what the
// contract does not list is a refusal without further reasons.
func Code(err error) (code, field string) {
	var why *fault.Fault
	if !errors.As(err, &why) {
		return "fault.ours", ""
	}
	if _, known := byCode[why.Message]; known {
		return why.Message, why.Field
	}
	if why.Kind == fault.Unavailable {
		return "fault.closed-for-now", ""
	}
	return "fault.register-refused", why.Field
}

// Strange tells that a message is not one of the register's to this portal: whoever sent it
// need not be the register.
func Strange(err error) bool {
	code, _ := Code(err)
	return err != nil && (code == "fault.register-signature" || code == elsewhere)
}

// StatusOf is how a code is answered over HTTP.
func StatusOf(code string) int { return byCode[code].Status }
