"""The website: it knows sessions, and keeps tokens in them."""
import time

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib import auth
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

oauth = OAuth()
pgtoken = oauth.register("pgtoken")


@require_GET
def home(request):
    return render(request, "home.html", {"user": request.user})


@require_GET
def login(request):
    return pgtoken.authorize_redirect(request, f"{settings.URL}/callback")


@require_GET
def callback(request):
    try:
        token = pgtoken.authorize_access_token(request)
    except OAuthError as error:  # its name; more of it may hold what is secret
        return HttpResponse(error.error, status=400, content_type="text/plain")
    # a user of Django's for each subject: by sub, and not by an address, which another may have one day
    user, _ = auth.get_user_model().objects.get_or_create(username=token["userinfo"]["sub"])
    auth.login(request, user, "django.contrib.auth.backends.ModelBackend")
    request.session["token"] = token
    request.session["id_token"] = token["id_token"]
    return redirect("/")


def sign_in_again(request):
    auth.logout(request)
    return HttpResponse('<a href="/login">Sign in</a>', status=401)


def access_token(request):
    """The user's, refreshed half a minute before its end."""
    token = request.session["token"]
    if token["expires_at"] - time.time() < 30:
        token = request.session["token"] = pgtoken.fetch_access_token(grant_type="refresh_token", refresh_token=token["refresh_token"])
    return token["access_token"]


@require_GET
def notes(request):
    if not request.user.is_authenticated:
        return sign_in_again(request)
    try:
        answer = requests.get(f"{settings.URL}/api/notes", headers={"Authorization": f"Bearer {access_token(request)}"}, timeout=10)
    except OAuthError:  # no refresh: the session was ended elsewhere
        return sign_in_again(request)
    if answer.status_code == 401:
        return sign_in_again(request)
    return JsonResponse(answer.json(), status=answer.status_code, safe=False)


@require_POST
def logout(request):
    if not request.user.is_authenticated:
        return redirect("/")
    token, id_token = request.session["token"], request.session["id_token"]
    auth.logout(request)
    # with offline_access its tokens would outlive the session at the login page
    requests.post(pgtoken.load_server_metadata()["revocation_endpoint"], {"token": token["refresh_token"]},
                  auth=(pgtoken.client_id, pgtoken.client_secret), timeout=5)
    return pgtoken.logout_redirect(request, f"{settings.URL}/", id_token_hint=id_token)
