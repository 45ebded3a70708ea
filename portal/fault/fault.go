// Package fault says what can go wrong in words the portal can answer. Anything
// that is not a Fault is our own mistake: the person sees a number, the log sees
// the chain.
package fault

import (
	"fmt"

	"zharia/portal/law"
)

// Kind is what sort of failure it is; web.Fail has one answer for each. A Kind
// is itself an error, so errors.Is(err, fault.NotFound) asks for it.
type Kind string

const (
	NotFound    Kind = "not-found"   // it is not there, or it is not for this person: the two look alike
	Forbidden   Kind = "forbidden"   // the person sees the thing and may not do this with it
	Invalid     Kind = "invalid"     // what was sent cannot be taken; Field names where
	Conflict    Kind = "conflict"    // the thing has moved on; the act is not possible now
	TooLate     Kind = "too-late"    // the term is over
	TooMany     Kind = "too-many"    // asked too often
	Unavailable Kind = "unavailable" // something outside is not answering
)

func (k Kind) Error() string { return string(k) }

// Fault is a failure the person at the screen may be told about.
type Fault struct {
	Kind    Kind
	Message string  // a key of i18n
	Field   string  // the form field at fault, if one is
	By      law.Ref // the article it rests on, if one does
	Cause   error   // for the log only
}

// New makes a fault with a message key.
func New(kind Kind, message string) *Fault { return &Fault{Kind: kind, Message: message} }

// At names the form field.
func (f *Fault) At(field string) *Fault { f.Field = field; return f }

// Under names the article the refusal rests on.
func (f *Fault) Under(by law.Ref) *Fault { f.By = by; return f }

// Because keeps the cause for the log.
func (f *Fault) Because(cause error) *Fault { f.Cause = cause; return f }

func (f *Fault) Error() string {
	if f.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Kind, f.Message, f.Cause)
	}
	return fmt.Sprintf("%s: %s", f.Kind, f.Message)
}

// Is lets errors.Is ask for the kind.
func (f *Fault) Is(target error) bool { k, ok := target.(Kind); return ok && k == f.Kind }

func (f *Fault) Unwrap() error { return f.Cause }
