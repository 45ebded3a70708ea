// Package zharia holds what the portal is made of besides Go: the schema, the
// pages, the words of both languages and the files a browser asks for. They are
// embedded here, at the root, because an embedding cannot climb; so one binary
// is the whole portal.
package zharia

import "embed"

// Schema is the present shape of the database, whole.
//
//go:embed schema.sql
var Schema string

// Templates are the pages (templates/*.html).
//
//go:embed templates
var Templates embed.FS

// Words are the messages of both languages (i18n/*.{kk,ru}.toml).
//
//go:embed i18n
var Words embed.FS

// Static are the style sheet, the scripts and the pictures.
//
//go:embed static
var Static embed.FS
