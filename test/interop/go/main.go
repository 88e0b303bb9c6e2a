// Libraries of Go against a running service: what each does of its own accord, with
// clients as create_client makes them.  Prints TAP.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

var (
	issuer   = os.Getenv("BASE_URL")
	secret   = os.Getenv("LIBRARY_SECRET")
	redirect = "http://127.0.0.1:49152/cb"
	scopes   = []string{"openid", "offline_access", "notes:read"}
)

// user is the script beside this folder: the user's part
func user(args ...string) (string, error) {
	out, err := exec.Command("../user", args...).Output()
	return strings.TrimSpace(string(out)), err
}

func code(authorize string) (string, error) {
	back, err := user("approve", authorize)
	if err != nil {
		return "", err
	}
	parsed, err := url.Parse(back)
	if err != nil {
		return "", err
	}
	return parsed.Query().Get("code"), nil
}

// expired makes the next use of the token refresh it
func expired(token *oauth2.Token) *oauth2.Token {
	old := *token
	old.Expiry = time.Now().Add(-time.Minute)
	return &old
}

func xOauth2(ctx context.Context) error {
	config := oauth2.Config{ClientID: "library", ClientSecret: secret, RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: issuer + "/oauth2/authorize", TokenURL: issuer + "/oauth2/token"}}
	verifier := oauth2.GenerateVerifier()
	got, err := code(config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return err
	}
	token, err := config.Exchange(ctx, got, oauth2.VerifierOption(verifier))
	if err != nil {
		return err
	}
	again, err := config.TokenSource(ctx, expired(token)).Token()
	if err == nil && again.RefreshToken == token.RefreshToken {
		err = fmt.Errorf("the refresh token has not rotated")
	}
	return err
}

// it asks with Basic and an empty password first, before each poll
func device(ctx context.Context) error {
	config := oauth2.Config{ClientID: "native-library", Scopes: scopes, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: issuer + "/oauth2/device_authorization", TokenURL: issuer + "/oauth2/token"}}
	asked, err := config.DeviceAuth(ctx)
	if err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() {
		// after a poll or two, each of which is in time
		time.Sleep(time.Duration(asked.Interval)*time.Second + 2*time.Second)
		_, err := user("device", asked.UserCode)
		answered <- err
	}()
	if _, err = config.DeviceAccessToken(ctx, asked); err != nil {
		return err
	}
	if err = <-answered; err != nil {
		return err
	}
	seen, err := user("sql", "SELECT (SELECT count(*) FROM pgtoken.audit_events WHERE event = 'client.authentication_failed'),"+
		" (SELECT max(poll_interval) FROM pgtoken.device_codes WHERE client_id = 'native-library')")
	if err == nil && seen != "0|5" {
		err = fmt.Errorf("failed authentications and poll_interval: %s", seen)
	}
	return err
}

func goOidc(ctx context.Context) error {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return err
	}
	for _, client := range []struct{ id, secret, alg string }{{"library", secret, "ES256"}, {"spring", os.Getenv("SPRING_SECRET"), "RS256"}} {
		config := oauth2.Config{ClientID: client.id, ClientSecret: client.secret, RedirectURL: redirect, Scopes: scopes, Endpoint: provider.Endpoint()}
		verifier := oauth2.GenerateVerifier()
		got, err := code(config.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(verifier)))
		if err != nil {
			return err
		}
		token, err := config.Exchange(ctx, got, oauth2.VerifierOption(verifier))
		if err != nil {
			return err
		}
		raw, _ := token.Extra("id_token").(string)
		idToken, err := provider.Verifier(&oidc.Config{ClientID: client.id, SupportedSigningAlgs: []string{client.alg}}).Verify(ctx, raw)
		if err != nil {
			return err
		}
		if idToken.Nonce != "nonce" || idToken.Subject != "user-1" {
			return fmt.Errorf("nonce or subject of the ID token is another's")
		}
		if err = idToken.VerifyAccessToken(token.AccessToken); err != nil {
			return err
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return err
		}
		if info.Subject != idToken.Subject {
			return fmt.Errorf("userinfo is another's")
		}
	}
	return nil
}

// its exchange sends Basic, its refresh posts the secret
func zitadelOidc(ctx context.Context) error {
	party, err := rp.NewRelyingPartyOIDC(ctx, issuer, "library", secret, redirect, scopes)
	if err != nil {
		return err
	}
	verifier := oauth2.GenerateVerifier()
	got, err := code(rp.AuthURL("state", party, rp.WithCodeChallenge(oauth2.S256ChallengeFromVerifier(verifier))))
	if err != nil {
		return err
	}
	tokens, err := rp.CodeExchange[*zitadel.IDTokenClaims](ctx, got, party, rp.WithCodeVerifier(verifier))
	if err != nil {
		return err
	}
	_, err = rp.RefreshTokens[*zitadel.IDTokenClaims](ctx, party, tokens.RefreshToken, "", "")
	return err
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, test := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"x/oauth2: code with PKCE, refresh", xOauth2},
		{"x/oauth2: device, its probes leave no trace, and it is not slowed down", device},
		{"go-oidc: ID tokens of ES256 and RS256, userinfo", goOidc},
		{"zitadel/oidc: code, refresh", zitadelOidc},
	} {
		if err := test.run(ctx); err != nil {
			fmt.Printf("not ok - %s\n# %s\n", test.name, strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Printf("ok - %s\n", test.name)
		}
	}
}
