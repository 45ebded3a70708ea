package inbound

import (
	"reflect"
	"slices"
)

// beyond is the refusal of who asks for events after a position that nothing has.
var beyond = Refusal{"fault.register-position", 409}

// lives is what the register does when the record was put back to a moment in the past: a
// schema cannot say it.
const lives = `Each event and each page names the life of the record, and kept. When the record is put back to a moment in the past, and acts are lost that the register may have been told of, a new life begins: positions beyond kept are given again, to other acts. To kept every event is what it was, with the id that it had.

Where life is another number than came last, in an event or on a page (before any came: than 0), a new life began: forget events beyond position kept, and go on from there. That is: set aside every event whose position is greater than kept (those acts are lost here, and its papers may be all that is left of them); the event that the next one of a line calls previous is then the last of those that are left; go on reading after kept, or after the number next that you have, if that is less; and only then take what came. An event beyond kept that was not lost comes again with the same id, as a webhook too, and is taken as new.

409 (fault.register-position) says that nothing has the position after which you ask. Ask without after, with limit=1: that page names the life. If it is the one that you have, the number is not one that the portal gave you: let somebody look.`

// outward is the other half of the contract: what the register fetches from the portal.
// Events themselves come to it as webhooks; here they are read again.
func outward(origin string, responses object) object {
	id, text, number := schemaOfField(reflect.TypeFor[string](), field{is: "uuid"}), object{"type": "string"}, object{"type": "integer", "minimum": 0}
	life := object{"type": "integer", "minimum": 0, "maximum": int64(1) << 53, "description": "of the record; 0: it was never put back"}
	kept := object{"type": "integer", "minimum": 0, "description": "to this position an event is the same in each life"}
	orNull := func(s object) object { return object{"oneOf": []any{s, object{"type": "null"}}} }
	whole := func(properties object) object {
		required := make([]string, 0, len(properties))
		for name := range properties {
			required = append(required, name)
		}
		slices.Sort(required)
		return object{"type": "object", "additionalProperties": false, "required": required, "properties": properties}
	}
	event := whole(object{
		"portal": object{"const": origin}, "to": object{"const": "register"},
		"life": life, "kept": kept,
		"id": id, "position": object{"type": "integer", "minimum": 1}, "previous": number, "line": id, "kind": text, "act": text, "law": text,
		"at": object{"type": "string", "format": "date-time"}, "case": orNull(id),
		"subject": whole(object{"type": text, "id": id, "number": text, "kind": text}),
		"paper": orNull(whole(object{
			"document": id, "kind": text, "language": schemaOfField(reflect.TypeFor[string](), field{is: "lang"}), "size": number, "sha256": object{"type": "string", "pattern": "^[0-9a-f]{64}$"},
		})),
	})
	header := func(name, what string) object {
		return object{"name": name, "in": "header", "required": true, "description": what, "schema": text}
	}
	query := func(name string, most int64) object {
		return object{"name": name, "in": "query", "schema": object{"type": "integer", "minimum": 0, "maximum": most}}
	}
	shown := []any{
		header("Register-Time", "when the register asks: 2006-01-02T15:04:05Z, five minutes away at most"),
		header("Register-Signature", "its detached CMS signature in base64 over the lines \"zharia/request/1\", \"GET \" and the whole address, and Register-Time, each with a line feed at its end"),
	}
	get := func(name, what string, answer object, parameters []any, refused ...string) object {
		all := object{"200": object{"description": what, "content": object{MediaMessage: object{"schema": answer}}}}
		for _, status := range append(refused, "404", "405", "429", "500") {
			all[status] = responses[status]
		}
		out := object{"operationId": name, "summary": what, "responses": all}
		if parameters != nil {
			out["parameters"] = parameters
		}
		return object{"get": out}
	}
	events := get("events", "events after a position, once more",
		whole(object{"events": object{"type": "array", "items": event}, "next": number, "life": life, "kept": kept}),
		append([]any{query("after", 1<<53), query("limit", 1000)}, shown...), "403", "409", "422", "503")
	events["get"].(object)["description"] = lives
	return object{
		"/key":    get("key", "the Ed25519 key by which webhooks are signed", whole(object{"id": text, "algorithm": object{"const": "Ed25519"}, "key": text}), nil),
		"/events": events,
		"/papers/{document}": get("paper", "a signed paper, sealed to the register's X25519 key: HPKE (RFC 9180), HKDF-SHA256, AES-256-GCM, info zharia/register/paper/1, the 16 bytes of the id as additional data",
			whole(object{"document": id, "sealed": object{"type": "string", "contentEncoding": "base64"}}),
			append([]any{object{"name": "document", "in": "path", "required": true, "schema": id}}, shown...), "403", "503"),
	}
}
