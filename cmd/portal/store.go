package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/caarlos0/env/v11"

	"zharia/portal/bucket"
	"zharia/portal/vault"
)

// Store is where the greater part of what people attach lies.
type Store struct {
	S3       string `env:"PORTAL_S3" help:"a bucket for what people attach, sealed as it is: https://host/bucket; none: it lies in the database"`
	S3Region string `env:"PORTAL_S3_REGION" envDefault:"us-east-1" help:"its region"`
	S3Key    string `env:"PORTAL_S3_KEY" help:"whom it lets in: may get, put, list and delete there"`
	S3Secret string `env:"PORTAL_S3_SECRET" help:"his secret; or PORTAL_S3_SECRET_FILE, a file with it, mode 0600"`
}

func (s Store) settings() bucket.Settings {
	return bucket.Settings{Address: s.S3, Region: s.S3Region, Key: s.S3Key, Secret: s.S3Secret}
}

func (s Store) check() error {
	if s.S3 == "" {
		return nil
	}
	if err := s.settings().Check(); err != nil {
		return fmt.Errorf("PORTAL_S3: %w", err)
	}
	return nil
}

// open is nil where there is no bucket. A store that refuses the settings stops the start;
// one that is silent does not: files wait for it, and texts open.
func (s Store) open(ctx context.Context) (vault.Shelf, error) {
	if s.S3 == "" {
		return nil, nil
	}
	b, err := bucket.New(s.settings())
	if err == nil {
		err = b.Look(ctx)
	}
	if errors.Is(err, bucket.ErrSilent) && ctx.Err() == nil {
		slog.WarnContext(ctx, "PORTAL_S3: files wait, the rest is served", "error", err)
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("PORTAL_S3: %w", err)
	}
	return b, nil
}

// bucketOfSettings is the bucket for commands that have no other setting of serve's.
func bucketOfSettings(ctx context.Context) (vault.Shelf, error) {
	var s Store
	if err := env.Parse(&s); err != nil {
		return nil, err
	}
	if s.S3 == "" {
		return nil, misused("PORTAL_S3 is not set, so there are no pieces in a bucket")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	b, err := bucket.Open(ctx, s.settings())
	if err != nil {
		return nil, fmt.Errorf("PORTAL_S3: %w", err)
	}
	return b, nil
}
