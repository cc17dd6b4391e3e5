"""The dialect of EmProps clients."""

from platform_api.routes.dialects.emprops import library

ROUTERS = library.ROUTERS
