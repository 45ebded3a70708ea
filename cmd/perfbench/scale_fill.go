package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jmoiron/sqlx"

	"zharia/portal/country"
)

// fill puts so many decisions of others more into the database, from one number to another.
func fill(ctx context.Context, db *sqlx.DB, from, to int) error {
	start := time.Now()
	from, to = from/country.PerCase, to/country.PerCase
	err := country.Fill(ctx, db, from, to, country.Scant, func(cases int) {
		fmt.Fprint(os.Stderr, country.Bar("perfbench: cases", cases, to-from, start))
	})
	fmt.Fprintln(os.Stderr)
	return err
}
