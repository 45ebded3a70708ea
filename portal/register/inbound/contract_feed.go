package inbound

import (
	"reflect"
	"slices"
)

// outward is the other half of the contract: what the register fetches from the portal.
// Events themselves come to it as webhooks; here they are read again.
func outward(origin string, responses object) object {
	id, text, number := schemaOfField(reflect.TypeFor[string](), field{is: "uuid"}), object{"type": "string"}, object{"type": "integer", "minimum": 0}
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
	return object{
		"/key": get("key", "the Ed25519 key by which webhooks are signed", whole(object{"id": text, "algorithm": object{"const": "Ed25519"}, "key": text}), nil),
		"/events": get("events", "events after a position, once more", whole(object{"events": object{"type": "array", "items": event}, "next": number}),
			append([]any{query("after", 1<<53), query("limit", 1000)}, shown...), "403", "422", "503"),
		"/papers/{document}": get("paper", "a signed paper, sealed to the register's X25519 key: HPKE (RFC 9180), HKDF-SHA256, AES-256-GCM, info zharia/register/paper/1, the 16 bytes of the id as additional data",
			whole(object{"document": id, "sealed": object{"type": "string", "contentEncoding": "base64"}}),
			append([]any{object{"name": "document", "in": "path", "required": true, "schema": id}}, shown...), "403", "503"),
	}
}
