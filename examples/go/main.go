// A website whose users sign in at pgtoken, and its API: see README.md.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

var (
	port    = setting("PORT", "4000")
	baseURL = setting("URL", "http://127.0.0.1:"+port)
)

// --- the API: it knows tokens, and no sessions ------------------------------------------

type api struct {
	introspection, id, secret string
	mutex                     sync.Mutex
	notes                     map[string][]string // by the user's id: an application has a table
}

type claims struct {
	Active    bool
	Subject   string `json:"sub"`
	Scope     string
	TokenType string `json:"token_type"`
}

// introspect asks the issuer what it says of a token now (RFC 7662): it tells this API of none but its own
func (a *api) introspect(ctx context.Context, token string) (answer claims, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.introspection, strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(a.id), url.QueryEscape(a.secret))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("introspection was answered with %d", response.StatusCode)
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	return
}

// scope lets in who has a token that holds and has the scope
func (a *api) scope(wanted string, next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		challenge := func(status int, attributes string) {
			w.Header().Set("WWW-Authenticate", "Bearer "+attributes)
			w.WriteHeader(status)
		}
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Bearer") {
			challenge(http.StatusUnauthorized, fmt.Sprintf("scope=%q", wanted))
			return
		}
		said, err := a.introspect(r.Context(), token)
		switch {
		case err != nil:
			log.Print(err)
			w.WriteHeader(http.StatusServiceUnavailable)
		case !said.Active || said.TokenType != "Bearer":
			challenge(http.StatusUnauthorized, `error="invalid_token"`)
		case !slices.Contains(strings.Fields(said.Scope), wanted):
			challenge(http.StatusForbidden, fmt.Sprintf(`error="insufficient_scope", scope=%q`, wanted))
		default:
			next(w, r, said.Subject)
		}
	}
}

// of gives a user's notes, with one more where there is one; never without any
func (a *api) of(subject string, more ...string) []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.notes[subject] == nil {
		a.notes[subject] = []string{"the first note of " + subject}
	}
	a.notes[subject] = append(a.notes[subject], more...)
	return slices.Clone(a.notes[subject])
}

func (a *api) read(w http.ResponseWriter, _ *http.Request, subject string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a.of(subject))
}

func (a *api) write(w http.ResponseWriter, r *http.Request, subject string) {
	var note struct{ Text string }
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64*1024)).Decode(&note) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.of(subject, note.Text)
	w.WriteHeader(http.StatusCreated)
}

// --- the website: it knows sessions, and keeps tokens in them -----------------------------

// session is what the server keeps; the cookie has its name alone
type session struct {
	state, nonce, verifier string // of a login that has begun
	subject, idToken       string
	tokens                 oauth2.TokenSource // refreshes half a minute before the end
}

type site struct {
	oauth                oauth2.Config
	verifier             *oidc.IDTokenVerifier
	endSession, revoking string
	mutex                sync.Mutex
	sessions             map[string]*session
}

const cookieName = "session"

func (s *site) session(r *http.Request) *session {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.sessions[cookie.Value]
}

// begin gives the browser a session of a new name, so that nobody has known it before
func (s *site) begin(w http.ResponseWriter, r *http.Request, kept *session) {
	s.forget(r)
	name := rand.Text()
	s.mutex.Lock()
	s.sessions[name] = kept
	s.mutex.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(baseURL, "https:")})
}

func (s *site) forget(r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.mutex.Lock()
		delete(s.sessions, cookie.Value)
		s.mutex.Unlock()
	}
}

func page(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

const signIn = `<p>Nobody is signed in. <a href="/login">Sign in</a></p>`

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	if kept := s.session(r); kept != nil && kept.subject != "" {
		page(w, http.StatusOK, `<p>Signed in as <b>`+html.EscapeString(kept.subject)+`</b>. <a href="/notes">Notes</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>`)
		return
	}
	page(w, http.StatusOK, signIn)
}

func (s *site) login(w http.ResponseWriter, r *http.Request) {
	begun := &session{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
	s.begin(w, r, begun)
	http.Redirect(w, r, s.oauth.AuthCodeURL(begun.state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier)), http.StatusSeeOther)
}

func (s *site) callback(w http.ResponseWriter, r *http.Request) {
	begun := s.session(r)
	if begun == nil || begun.state == "" || r.FormValue("state") != begun.state {
		page(w, http.StatusBadRequest, "This browser has not asked for that.")
		return
	}
	kept, err := s.redeem(r, begun)
	if err != nil {
		log.Printf("callback: %s", nameOf(err))
		page(w, http.StatusBadRequest, `That did not work. <a href="/">Back</a>`)
		return
	}
	s.begin(w, r, kept)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) redeem(r *http.Request, begun *session) (*session, error) {
	if r.FormValue("error") != "" {
		return nil, &oauth2.RetrieveError{ErrorCode: r.FormValue("error")}
	}
	token, err := s.oauth.Exchange(r.Context(), r.FormValue("code"), oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := s.verifier.Verify(r.Context(), raw)
	if err != nil {
		return nil, err
	}
	if idToken.Nonce != begun.nonce {
		return nil, errors.New("an ID token for another login")
	}
	// more of them are fetched long after this request
	tokens := oauth2.ReuseTokenSourceWithExpiry(token, s.oauth.TokenSource(context.Background(), token), 30*time.Second)
	return &session{subject: idToken.Subject, idToken: raw, tokens: tokens}, nil
}

// nameOf an OAuth error; what else libraries say may hold tokens
func nameOf(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return fmt.Sprintf("%T", err)
}

func (s *site) notes(w http.ResponseWriter, r *http.Request) {
	kept := s.session(r)
	if kept == nil || kept.subject == "" {
		page(w, http.StatusUnauthorized, signIn)
		return
	}
	response, err := oauth2.NewClient(r.Context(), kept.tokens).Get(baseURL + "/api/notes")
	var refused *oauth2.RetrieveError
	// no refresh: the session was ended elsewhere
	if errors.As(err, &refused) || err == nil && response.StatusCode == http.StatusUnauthorized {
		s.forget(r)
		page(w, http.StatusUnauthorized, signIn)
		return
	}
	if err != nil {
		log.Printf("notes: %s", nameOf(err))
		page(w, http.StatusBadGateway, "That did not work.")
		return
	}
	defer response.Body.Close()
	w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	kept := s.session(r)
	s.forget(r)
	if kept == nil || kept.subject == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	// with offline_access its tokens would outlive the session at the login page
	if token, err := kept.tokens.Token(); err == nil {
		form := url.Values{"token": {token.RefreshToken}, "client_id": {s.oauth.ClientID}, "client_secret": {s.oauth.ClientSecret}}
		if response, err := http.PostForm(s.revoking, form); err == nil {
			response.Body.Close()
		}
	}
	query := url.Values{"id_token_hint": {kept.idToken}, "post_logout_redirect_uri": {baseURL + "/"}}
	http.Redirect(w, r, s.endSession+"?"+query.Encode(), http.StatusSeeOther)
}

func main() {
	issuer := setting("ISSUER", os.Getenv("BASE_URL"))
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		log.Fatal(err)
	}
	var endpoints struct {
		EndSession    string `json:"end_session_endpoint"`
		Revocation    string `json:"revocation_endpoint"`
		Introspection string `json:"introspection_endpoint"`
	}
	if err = provider.Claims(&endpoints); err != nil {
		log.Fatal(err)
	}
	clientID := os.Getenv("WEBSITE_CLIENT_ID")
	website := &site{sessions: map[string]*session{}, endSession: endpoints.EndSession, revoking: endpoints.Revocation,
		verifier: provider.Verifier(&oidc.Config{ClientID: clientID}),
		oauth: oauth2.Config{ClientID: clientID, ClientSecret: os.Getenv("WEBSITE_CLIENT_SECRET"), Endpoint: provider.Endpoint(),
			RedirectURL: baseURL + "/callback", Scopes: []string{"openid", "profile", "offline_access", "notes:read", "notes:write"}}}
	notes := &api{introspection: endpoints.Introspection, id: os.Getenv("API_CLIENT_ID"), secret: os.Getenv("API_CLIENT_SECRET"), notes: map[string][]string{}}

	routes := http.NewServeMux()
	routes.HandleFunc("GET /api/notes", notes.scope("notes:read", notes.read))
	routes.HandleFunc("POST /api/notes", notes.scope("notes:write", notes.write))
	routes.HandleFunc("GET /{$}", website.home)
	routes.HandleFunc("GET /login", website.login)
	routes.HandleFunc("GET /callback", website.callback)
	routes.HandleFunc("GET /notes", website.notes)
	routes.HandleFunc("POST /logout", website.logout)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	log.Printf("go: listening on %s", baseURL)
	if err = server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
