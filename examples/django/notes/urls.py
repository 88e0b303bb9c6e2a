from django.urls import path

from . import api, views

urlpatterns = [
    path("", views.home),
    path("login", views.login),
    path("callback", views.callback),
    path("notes", views.notes),
    path("logout", views.logout),
    path("api/notes", api.collection),
]
