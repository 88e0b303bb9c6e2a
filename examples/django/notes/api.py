"""The API: it knows tokens, and no sessions."""
import functools
import json

import requests
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

notes = {}  # by the user's id: an application has a model


def introspect(token):
    """What the issuer says of the token now (RFC 7662): nothing, unless it holds and is for this API."""
    url, credentials = settings.INTROSPECTION
    answer = requests.post(url, {"token": token}, auth=credentials, timeout=5)
    answer.raise_for_status()
    claims = answer.json()
    return claims if claims["active"] and claims.get("token_type") == "Bearer" else None


def scopes(**wanted):
    """Lets in who has a token with the scope that the request's method takes; a cookie counts for nothing."""
    def decorate(view):
        @functools.wraps(view)
        def guarded(request):
            scope = wanted[request.method]
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            if kind.lower() != "bearer":
                return challenge(401, f'scope="{scope}"')
            claims = introspect(token)
            if not claims:
                return challenge(401, 'error="invalid_token"')
            if scope not in claims.get("scope", "").split():
                return challenge(403, f'error="insufficient_scope", scope="{scope}"')
            request.claims = claims
            return view(request)
        return csrf_exempt(require_http_methods(list(wanted))(guarded))
    return decorate


def challenge(status, attributes):
    return HttpResponse(status=status, headers={"WWW-Authenticate": f"Bearer {attributes}"})


@scopes(GET="notes:read", POST="notes:write")
def collection(request):
    own = notes.setdefault(request.claims["sub"], [f"the first note of {request.claims['sub']}"])
    if request.method == "POST":
        own.append(str(json.loads(request.body)["text"]))
        return HttpResponse(status=201)
    return JsonResponse(own, safe=False)
