"""Workflows and collections of EmProps clients, and the jobs generated from them."""

from platform_api.routes.dialects.emprops.library import changes, collections, generate, resources, workflows

ROUTERS = (
    workflows.router,
    resources.router,
    collections.router,
    changes.router,
    generate.router,
)
