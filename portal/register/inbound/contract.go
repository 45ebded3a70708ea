package inbound

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// object is a JSON object as it is written down. Its keys come out sorted, so the contract
// is the same each time.
type object = map[string]any

// schemaOf is the JSON Schema (2020-12) of a Go type, from the same tags that the decoder
// goes by.
func schemaOf(t reflect.Type) object {
	properties, required := object{}, []string{}
	addFields(t, properties, &required)
	slices.Sort(required)
	out := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func addFields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		if t.Field(i).Anonymous {
			addFields(t.Field(i).Type, properties, required)
			continue
		}
		f := fieldOf(t.Field(i))
		if f.name == "" {
			continue
		}
		properties[f.name] = schemaOfField(t.Field(i).Type, f)
		if !f.optional {
			*required = append(*required, f.name)
		}
	}
}

func schemaOfField(t reflect.Type, f field) object {
	switch t.Kind() {
	case reflect.Slice:
		return object{"type": "array", "minItems": 1, "maxItems": f.most, "items": schemaOfField(t.Elem(), f)}
	case reflect.Int64:
		return object{"type": "integer", "minimum": 1, "maximum": int64(1) << 53}
	case reflect.Struct:
		return schemaOf(t)
	}
	is := formats[f.is]
	out := object{"type": "string", "minLength": 1, "maxLength": is.max}
	if is.pattern != "" {
		out["pattern"] = is.pattern
	}
	if is.binary {
		out["contentEncoding"] = "base64"
	}
	return out
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

// bodySchema is that of a message of a kind to the portal of this origin.
func bodySchema(k Kind, origin string) object {
	message := schemaOf(reflect.TypeFor[wire]())
	properties := message["properties"].(object)
	properties["kind"], properties["portal"] = object{"const": string(k)}, object{"const": origin}
	properties["data"] = ref("schemas", "data-"+string(k))
	message["required"] = []string{"at", "data", "id", "kind", "portal"}
	if kinds[k].about {
		message["required"] = []string{"at", "case", "data", "id", "kind", "portal", "sequence"}
		return message
	}
	delete(properties, "case")
	delete(properties, "sequence")
	return message
}

// Contract is the OpenAPI 3.1 document of the register's half of /api/v1. texts are the
// words of a code in both languages.
func Contract(origin string, texts func(code string) map[string]string) []byte {
	schemas, anyOf := object{}, []any{}
	for _, k := range Kinds {
		schemas["data-"+string(k)] = schemaOf(reflect.TypeOf(kinds[k].fresh()).Elem())
		schemas["message-"+string(k)] = bodySchema(k, origin)
		anyOf = append(anyOf, ref("schemas", "message-"+string(k)))
	}
	schemas["message"] = object{"oneOf": anyOf, "examples": exampleList(origin)}
	envelope := schemaOf(reflect.TypeFor[Envelope]())
	envelope["properties"].(object)["body"].(object)["contentMediaType"] = "application/json"
	envelope["properties"].(object)["body"].(object)["contentSchema"] = ref("schemas", "message")
	schemas["envelope"] = envelope
	schemas["answer"] = object{
		"type": "object", "additionalProperties": false, "required": []string{"at", "digest", "id", "state"},
		"properties": object{
			"id": schemaOfField(reflect.TypeFor[string](), field{is: "uuid"}), "state": object{"const": "taken"},
			"digest": object{"type": "string", "pattern": "^[0-9a-f]{64}$"}, "at": object{"type": "string", "format": "date-time"},
			"persons": object{"type": "array", "items": schemaOfField(reflect.TypeFor[string](), field{is: "uuid"})},
		},
	}
	byStatus, codes := map[int][]string{}, []any{}
	for _, r := range Refusals() {
		byStatus[r.Status] = append(byStatus[r.Status], r.Code)
		codes = append(codes, object{"const": r.Code, "description": texts(r.Code)["ru"], "title": texts(r.Code)["kk"]})
	}
	schemas["problem"] = object{
		"type": "object", "additionalProperties": false, "required": []string{"code", "request", "status", "texts", "title", "type"},
		"properties": object{
			"type": object{"const": "about:blank"}, "title": object{"type": "string"}, "status": object{"type": "integer"},
			"code": object{"oneOf": codes}, "field": object{"type": "string"}, "expected": object{"type": "integer", "minimum": 1},
			"request": object{"type": "string"},
			"texts": object{
				"type": "object", "additionalProperties": false, "required": []string{"kk", "ru"},
				"properties": object{"kk": object{"type": "string"}, "ru": object{"type": "string"}},
			},
		},
	}
	schemas["line"] = object{
		"type": "object", "additionalProperties": false, "required": []string{"line", "status"},
		"properties": object{
			"line": object{"type": "integer", "minimum": 1}, "status": object{"type": "integer"},
			"answer": ref("schemas", "answer"), "problem": ref("schemas", "problem"),
		},
	}
	responses := object{"200": object{
		"description": "taken, now or when it came first", "content": object{MediaMessage: object{"schema": ref("schemas", "answer")}},
	}}
	for status, codes := range byStatus {
		responses[strconv.Itoa(status)] = object{
			"description": "refused", "x-codes": codes, "content": object{"application/problem+json": object{"schema": ref("schemas", "problem")}},
		}
	}
	batch := object{"200": object{
		"description": "an answer to each line, in order, as soon as it is settled", "content": object{MediaBatch: object{"schema": ref("schemas", "line")}},
	}}
	for _, status := range []string{"404", "405", "415", "429", "500", "503"} {
		batch[status] = responses[status]
	}
	doc := object{
		"openapi": "3.1.0", "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info":    object{"title": "The register of investigations to the portal", "version": "1", "description": about},
		"servers": []any{object{"url": origin + "/api/v1"}},
		"paths": object{
			"/messages": object{"post": object{
				"operationId": "send", "summary": "one message",
				"requestBody": object{"required": true, "content": object{MediaMessage: object{"schema": ref("schemas", "envelope")}}},
				"responses":   responses,
			}},
			"/batch": object{"post": object{
				"operationId": "sendMany", "summary": "messages, one a line, each in an envelope of its own",
				"requestBody": object{"required": true, "content": object{MediaBatch: object{"schema": ref("schemas", "envelope")}}},
				"responses":   batch,
			}},
			"/openapi.json": object{"get": object{
				"operationId": "contract", "summary": "this document",
				"responses": object{
					"200": object{"description": "this document", "content": object{MediaMessage: object{"schema": object{"type": "object"}}}},
					"404": responses["404"], "405": responses["405"], "429": responses["429"],
				},
			}},
		},
		"components": object{"schemas": schemas},
	}
	maps.Copy(doc["paths"].(object), outward(origin, responses))
	out, _ := json.MarshalIndent(doc, "", " ")
	return append(out, '\n')
}

// about is what a schema cannot say.
const about = `A message is a JSON object in UTF-8. It travels in base64 together with a detached CMS signature over exactly these bytes, made with the key whose certificate the portal has pinned. It names the portal that it is for; one for another portal is refused (403, fault.register-portal), and nothing of it is kept.

It is taken once under its id: the same bytes again get the same answer, other bytes under that id are refused (409, fault.register-key). Messages about a case have a number, 1, 2, 3 and on: one that is not the next is refused with the number that is expected (409, fault.register-gap) and may come again. One that refers to something that is not there yet is refused too (409, fault.register-not-yet): send that first, and then the same message again, which is taken under the id and number that it has. A message that is refused for another reason does not count; send another under a new id and the same number, or a message of the kind void. 429 and 5xx say: the same again, later.

Facts are canonical JSON of one line, signed by the register too; papers are PDF whose last line before startxref states such a fact, signed by the investigator, and that of a severance says who each of those is whom it concerns; one that readers cannot open (damaged, encrypted, without a page, of more than 20 MiB or 2000 pages) is refused (422, fault.register-pdf). The id of a person is answered to a message of the kind persons.

Events have positions, but they keep their order within one line only: while one waits to be sent again, later ones of other lines come. So the greatest position that came says nothing of those before it. Who reads events from /events keeps the number next of the last page that he took whole, goes on from there after it, and passes over by their id those that he has.`

// Examples are bodies of messages to the portal of this origin, one of each kind, as the contract shows them. Signatures
// and files in them are only of the right shape.
func Examples(origin string) map[Kind]json.RawMessage {
	id := func(n int) string { return "0192f0c1-0000-7000-8000-" + leftPad(n) }
	at := "2026-10-22T09:30:00Z"
	made := func(n int, k Kind, data object) json.RawMessage {
		m := object{"id": id(n), "portal": origin, "kind": string(k), "at": at, "data": data}
		if kinds[k].about {
			m["case"], m["sequence"] = id(900), n
		}
		raw, _ := json.Marshal(m)
		return raw
	}
	with := func(a object, more object) object {
		out := object{}
		for _, part := range []object{a, more} {
			for k, v := range part {
				out[k] = v
			}
		}
		return out
	}
	who := object{"iin": "850312400128", "name": "Example Person"}
	said := object{"fact": "e30=", "cms": "MIIB"}
	signed := object{"pdf": "JVBERi0=", "cms": "MIIB", "signed_at": "2026-10-22T09:00:00Z", "language": "kk"}
	ruling := with(signed, object{"decision": id(800), "decided_on": "2026-10-21"})
	going := []any{with(who, object{"participant": id(700)})}
	return map[Kind]json.RawMessage{
		Bodies:       made(1, Bodies, object{"bodies": []any{object{"id": id(600), "kind": "investigation", "name_kk": "Example", "name_ru": "Example"}}}),
		Persons:      made(2, Persons, object{"persons": []any{who}}),
		Officers:     made(3, Officers, with(said, object{"officers": []any{with(who, object{"post": "investigator", "body": id(600)})}})),
		Case:         made(4, Case, with(said, object{"number": "267510031000001", "offence_kk": "Example", "offence_ru": "Example", "registered_on": "2026-10-20"})),
		Transfer:     made(5, Transfer, said),
		Participant:  made(6, Participant, object{"participant": id(700), "who": who, "role": "victim"}),
		Confirmation: made(7, Confirmation, with(signed, object{"who": who})),
		Ending:       made(8, Ending, signed),
		Decision:     made(9, Decision, with(ruling, object{"paper": id(801), "kind": "victim-recognised", "concerns": []any{id(700)}})),
		Joinder:      made(10, Joinder, with(ruling, object{"people": going})),
		Severance:    made(11, Severance, with(ruling, object{"number": "267510031000002", "offence_kk": "Example", "offence_ru": "Example", "people": going, "concerns": []any{id(700)}})),
		Movement:     made(12, Movement, object{"state": "in-court", "since": "2026-10-22"}),
		Void:         made(13, Void, object{}),
	}
}

func exampleList(origin string) []any {
	all := Examples(origin)
	var out []any
	for _, k := range Kinds {
		out = append(out, all[k])
	}
	return out
}

func leftPad(n int) string {
	s := strconv.Itoa(n)
	for len(s) < 12 {
		s = "0" + s
	}
	return s
}
