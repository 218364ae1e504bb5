"""Entrepôt: an integration hub that imports, keeps in sync and acts on the data people have in other services."""
